import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../src/problems/problem.ts';
import { ageMs, instant } from '../../src/tokens/clock.ts';
import { pauseAfter } from '../../src/tokens/pause-after.ts';
import { tokenTimes } from '../../src/tokens/token-times.ts';
import { FakeClock } from '../support/token-fixtures.ts';

describe('the ages of a token', () => {
  it.each([
    // life, random, renewed from, waited for from, never used from (seconds)
    [3600, 0, 2880, 3540, 3595],
    [3600, 1, 2520, 3540, 3595],
    [43_199, 0, 34_559.2, 43_139, 43_194],
    [300, 0, 240, 270, 295],
    [30, 0, 24, 27, 27],
    [10, 0.5, 7.5, 9, 9],
    [1, 0, 0.8, 0.9, 0.9],
  ])(
    'of %i s (random %d): renewed from %d s, early at %d s, over at %d s',
    (lifeSeconds, random, soft, early, hard) => {
      const times = tokenTimes({ lifeSeconds }, random);
      expect(times.softAgeMs / 1000).toBeCloseTo(soft, 6);
      expect(times.earlyAgeMs / 1000).toBeCloseTo(early, 6);
      expect(times.hardAgeMs / 1000).toBeCloseTo(hard, 6);
    },
  );

  it('follow refresh_in, but never past the planned renewal', () => {
    const life = { lifeSeconds: 3600 };
    expect(tokenTimes({ ...life, refreshInSeconds: 1800 }, 0).softAgeMs).toBe(1_800_000);
    expect(tokenTimes({ ...life, refreshInSeconds: 3590 }, 0).softAgeMs).toBe(2_880_000);
  });

  it('do not let refresh_in cause a renewal per request', () => {
    expect(tokenTimes({ lifeSeconds: 3600, refreshInSeconds: 1 }, 0).softAgeMs).toBe(900_000);
  });

  it.each([1, 10, 30, 300, 600, 3600])(
    'leave time for the renewal of %i s before anybody waits for it',
    (lifeSeconds) => {
      const { softAgeMs, earlyAgeMs } = tokenTimes({ lifeSeconds }, 0);
      expect(earlyAgeMs - softAgeMs).toBeGreaterThan(lifeSeconds * 99);
    },
  );

  it('come in order and before the end, for any life', () => {
    const seconds = fc.integer({ min: 1, max: 86_400 });
    fc.assert(
      fc.property(
        seconds,
        fc.option(seconds, { nil: 0 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (life, hint, random) => {
          const times = tokenTimes({ lifeSeconds: life, ...(hint > 0 && { refreshInSeconds: hint }) }, random);
          expect(times.softAgeMs).toBeGreaterThan(0);
          expect(times.softAgeMs).toBeLessThanOrEqual(times.earlyAgeMs + 1e-6);
          expect(times.earlyAgeMs).toBeLessThanOrEqual(times.hardAgeMs);
          expect(times.hardAgeMs).toBeLessThan(life * 1000);
        },
      ),
    );
  });
});

describe('the age by two clocks', () => {
  it('is not shortened by setting the wall clock back', () => {
    const clock = new FakeClock();
    const start = instant(clock);
    clock.advanceSeconds(100);
    clock.setWallBy(-3600);
    expect(ageMs(start, clock)).toBe(100_000);
  });

  it('counts the time that a suspended machine slept', () => {
    const clock = new FakeClock();
    const start = instant(clock);
    clock.suspendSeconds(3600);
    expect(ageMs(start, clock)).toBe(3_600_000);
  });
});

describe('the pause after a failed fetch', () => {
  const details = { detail: '', hint: '' };
  const down = new Problem('token-unavailable', details);

  it.each([
    [1, 500],
    [2, 1000],
    [3, 2000],
    [7, 30_000],
    [5000, 30_000],
  ])('is at most 0.5 s doubling to 30 s: failure %i, %i ms', (failuresInRow, ms) => {
    expect(pauseAfter(down, failuresInRow, 1)).toBe(ms);
  });

  it('has full jitter, but is never nothing', () => {
    expect([pauseAfter(down, 4, 0.25), pauseAfter(down, 4, 0)]).toEqual([1000, 100]);
  });

  it('is what the server asks for', () => {
    expect(pauseAfter(new Problem('token-unavailable', { ...details, retryAfterSeconds: 7 }), 3, 0.5)).toBe(7000);
  });

  it.each([
    ['a refused client', new Problem('credentials-rejected', details)],
    ['an unknown host', new Problem('token-unavailable', { ...details, retryable: false })],
  ])('is 30 s for %s', (_name, problem) => {
    expect(pauseAfter(problem, 1, 0)).toBe(30_000);
  });
});
