import { describe, expect, it } from '@jest/globals';
import { Breaker, type Verdict } from '../../src/forward/breaker.ts';
import { CoolDown } from '../../src/forward/cool-down.ts';
import { RepeatBudget } from '../../src/forward/repeat-budget.ts';

class TestBreaker {
  nowMs = 1_000_000;
  random = 0;
  readonly breaker = new Breaker({ now: () => this.nowMs, random: () => this.random });

  /** @returns whether the call went out */
  call(verdict: Verdict): boolean {
    const pass = this.breaker.enter();
    if (pass !== undefined) this.breaker.leave(pass, verdict);
    return pass !== undefined;
  }

  calls(verdict: Verdict, times: number): void {
    for (let at = 0; at < times; at++) this.call(verdict);
  }

  open(): this {
    this.calls('bad', 20);
    return this;
  }
}

describe('the breaker of a service', () => {
  it('opens when half of 20 calls were bad', () => {
    const test = new TestBreaker();
    test.calls('good', 10);
    test.calls('bad', 9);
    expect(test.breaker.state).toBe('closed');
    test.call('bad');
    expect(test.breaker.state).toBe('open');
    expect(test.call('good')).toBe(false);
  });

  it('does not judge by fewer than 20 calls', () => {
    const test = new TestBreaker();
    test.calls('bad', 19);
    expect(test.breaker.state).toBe('closed');
  });

  it('stays closed while fewer than half are bad', () => {
    const test = new TestBreaker();
    for (let at = 0; at < 500; at++) {
      test.calls('good', 2);
      test.call('bad');
      test.nowMs += 7;
    }
    expect(test.breaker.state).toBe('closed');
  });

  it('forgets what is older than ten seconds', () => {
    const test = new TestBreaker();
    test.calls('bad', 19);
    test.nowMs += 10_000;
    test.call('bad');
    expect(test.breaker.state).toBe('closed');
  });

  it('does not count calls that told nothing', () => {
    const test = new TestBreaker();
    test.calls('none', 100);
    expect(test.breaker.state).toBe('closed');
  });

  it('stays open for 5 s, and longer with jitter, but never longer than 30 s', () => {
    const test = new TestBreaker().open();
    expect(test.breaker.remainingMs()).toBe(5_000);
    for (let opened = 0; opened < 10; opened++) {
      test.random = 1;
      test.nowMs += test.breaker.remainingMs();
      test.call('bad');
      expect(test.breaker.remainingMs()).toBeGreaterThanOrEqual(5_000);
      expect(test.breaker.remainingMs()).toBeLessThanOrEqual(30_000);
    }
    expect(test.breaker.remainingMs()).toBe(30_000);
  });

  it('lets one call out when its time is over, and no second one beside it', () => {
    const test = new TestBreaker().open();
    test.nowMs += 5_000;
    expect(test.breaker.state).toBe('half-open');
    expect(test.breaker.enter()).toBe('probe');
    expect(test.breaker.enter()).toBeUndefined();
  });

  it('closes when that call was good', () => {
    const test = new TestBreaker().open();
    test.nowMs += 5_000;
    test.call('good');
    expect(test.breaker.state).toBe('closed');
    test.calls('bad', 19);
    expect(test.breaker.state).toBe('closed');
  });

  it('opens again when that call was bad', () => {
    const test = new TestBreaker().open();
    test.nowMs += 5_000;
    test.call('bad');
    expect(test.breaker.state).toBe('open');
    expect(test.breaker.remainingMs()).toBe(10_000);
  });

  it('lets the next one try when that call told nothing', () => {
    const test = new TestBreaker().open();
    test.nowMs += 5_000;
    test.call('none');
    expect(test.breaker.enter()).toBe('probe');
  });

  it('is not closed by calls that had gone out before it opened', () => {
    const test = new TestBreaker();
    const earlier = test.breaker.enter() ?? 'call';
    test.open();
    test.breaker.leave(earlier, 'good');
    expect(test.breaker.state).toBe('open');
  });
});

describe('the cool-down of a service', () => {
  const start = () => {
    const clock = { nowMs: 1_000 };
    return { clock, coolDown: new CoolDown(() => clock.nowMs) };
  };

  it('tells what is left of it in whole seconds', () => {
    const { clock, coolDown } = start();
    coolDown.begin(429, 10);
    clock.nowMs += 2_500;
    expect(coolDown.current()).toEqual({ status: 429, seconds: 8 });
    clock.nowMs += 7_400;
    expect(coolDown.current()).toEqual({ status: 429, seconds: 1 });
    clock.nowMs += 100;
    expect(coolDown.current()).toBeUndefined();
  });

  it('is not shortened by a later, shorter one', () => {
    const { coolDown } = start();
    coolDown.begin(503, 30);
    coolDown.begin(429, 2);
    expect(coolDown.current()).toEqual({ status: 503, seconds: 30 });
  });
});

describe('the budget of repeats', () => {
  it('allows one repeat in ten requests', () => {
    const budget = new RepeatBudget();
    let repeats = 0;
    for (let request = 0; request < 10_000; request++) {
      budget.earn();
      if (budget.spend()) repeats++;
    }
    expect(repeats).toBeGreaterThanOrEqual(1_000);
    expect(repeats).toBeLessThanOrEqual(1_011);
  });

  it('allows rare repeats from the beginning', () => {
    const budget = new RepeatBudget();
    budget.earn();
    expect(budget.spend()).toBe(true);
  });
});
