import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ApiKeys } from '../../src/callers/api-keys.ts';
import type { Caller } from '../../src/callers/caller.ts';
import { addressKey } from '../../src/callers/client-address.ts';
import { Concurrency } from '../../src/callers/concurrency.ts';
import { FailedAttempts } from '../../src/callers/failed-attempts.ts';
import { Grants } from '../../src/callers/grants.ts';
import { VerifiedTokens } from '../../src/callers/verified-tokens.ts';
import { Secret } from '../../src/config/secret.ts';
import { Problem } from '../../src/problems/problem.ts';

const caller: Caller = { name: 'c', grants: new Grants([]), origins: undefined, rate: undefined, claims: new Map() };

afterEach(() => {
  jest.useRealTimers();
});

describe('verified tokens', () => {
  it('are remembered up to a limit; the one unused for longest goes first (H-15)', () => {
    const tokens = new VerifiedTokens();
    const untilMs = Date.now() + 60_000;
    for (let number = 0; number < 10_000; number++) tokens.add(`t${number}`, caller, untilMs);
    expect(tokens.get('t0')).toBe(caller);
    tokens.add('one more', caller, untilMs);
    expect(tokens.get('t1')).toBeUndefined();
    expect(tokens.get('t0')).toBe(caller);
    expect(tokens.get('one more')).toBe(caller);
  });
});

describe('failed attempts', () => {
  it('end with their window', async () => {
    jest.useFakeTimers();
    const failures = new FailedAttempts();
    for (let number = 0; number < 30; number++) await failures.note('192.0.2.1');
    expect(failures.isBlocked('192.0.2.1')).toBe(true);
    jest.advanceTimersByTime(60_001);
    expect(failures.isBlocked('192.0.2.1')).toBe(false);
  });

  it('from a hundred thousand addresses take the memory of a few thousand (D-11, H-15)', async () => {
    const failures = new FailedAttempts();
    let timers = 0;
    const setTimer = jest.spyOn(globalThis, 'setTimeout').mockImplementation(() => {
      timers += 1;
      return { unref: () => undefined } as unknown as NodeJS.Timeout;
    });
    for (let number = 0; number < 100_000; number++) await failures.note(`address ${number}`);
    setTimer.mockRestore();
    expect(timers).toBeLessThanOrEqual(16_384);
  });
});

describe('an API key', () => {
  it('remembers some of the addresses that it comes from, the newest ones', () => {
    const keys = new ApiKeys();
    keys.add(new Secret('the-key-0123456789').digest(), caller);
    const key = keys.find('the-key-0123456789');
    for (let number = 0; number < 100; number++) key.noteUse(`address ${number}`);
    expect(key.isKnownAt('address 0')).toBe(false);
    expect(key.isKnownAt('address 99')).toBe(true);
  });
});

describe('places', () => {
  function codeOf(action: () => void): string | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      return error instanceof Problem ? error.code : 'other';
    }
  }

  it('are so many per service and so many in all', () => {
    const places = new Concurrency({ concurrency: 3, perService: 2 });
    places.enter('a');
    places.enter('a');
    expect(codeOf(() => places.enter('a'))).toBe('overloaded');
    places.enter('b');
    expect(codeOf(() => places.enter('b'))).toBe('overloaded');
    places.leave('a');
    expect(codeOf(() => places.enter('b'))).toBeUndefined();
  });
});

describe('what stands for an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['1:2:3::192.0.2.1', '1:2:3:0'],
    ['::', '0:0:0:0'],
    ['192.0.2.1:40001', '192.0.2.1'],
    ['[2001:db8:1:2::9]:40001', '2001:db8:1:2'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2'],
    ['[::ffff:192.0.2.1]:40001', '192.0.2.1'],
    ['192.0.2.001', 'unknown'],
    ['"192.0.2.1"', 'unknown'],
    ['192.0.2.1:port', 'unknown'],
    ['unix', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
