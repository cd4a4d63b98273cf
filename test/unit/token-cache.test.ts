import { afterEach, describe, expect, it } from '@jest/globals';
import { TokenCache, type CachedToken } from '../../src/tokens/token-cache.ts';
import { accessToken } from '../support/token-fixtures.ts';

let cache = new TokenCache();
afterEach(() => cache.close());

function entry(value: string, hardAgeMs = 3_595_000): CachedToken {
  const start = { wallMs: Date.now(), monotonicMs: performance.now() };
  return { token: accessToken(value), start, softAgeMs: 1, earlyAgeMs: 2, hardAgeMs };
}

describe('TokenCache', () => {
  it('gives the very object back, frozen', () => {
    cache = new TokenCache();
    const a = entry('a');
    cache.set('t:a', a);
    expect(cache.get('t:a')).toBe(a);
    expect(Object.isFrozen(a)).toBe(true);
  });

  it('overwrites a key when it is full', () => {
    cache = new TokenCache(1);
    cache.set('t:a', entry('old'));
    cache.set('t:a', entry('new'));
    expect(cache.get('t:a')?.token.value).toBe('new');
  });

  it('stays bounded: the oldest entry goes', () => {
    cache = new TokenCache(10);
    for (let i = 0; i < 1000; i += 1) cache.set(`t:${i}`, entry(`token-${i}`));
    expect(cache.size).toBe(10);
    expect(cache.get('t:999')?.token.value).toBe('token-999');
    expect(cache.get('t:989')).toBeUndefined();
  });

  it('never keeps an entry for ever, whatever its life', async () => {
    cache = new TokenCache();
    for (const hardAgeMs of [0, -5, NaN, Infinity, 0.5]) cache.set(`t:${hardAgeMs}`, entry('a', hardAgeMs));
    expect(cache.size).toBe(5);
    await new Promise((resolve) => {
      setTimeout(resolve, 1050);
    });
    const found = [0, -5, NaN, Infinity, 0.5].map((hardAgeMs) => cache.get(`t:${hardAgeMs}`));
    expect(found).toEqual(Array.from({ length: 5 }, () => undefined));
  });

  it('knows nothing that it was not given', () => {
    cache = new TokenCache();
    expect([cache.get('t:constructor'), cache.get('t:__proto__')]).toEqual([undefined, undefined]);
  });

  it('deletes', () => {
    cache = new TokenCache();
    cache.set('t:a', entry('a'));
    cache.delete('t:a');
    expect([cache.get('t:a'), cache.size]).toEqual([undefined, 0]);
  });
});
