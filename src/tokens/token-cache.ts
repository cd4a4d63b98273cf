import NodeCache from 'node-cache';
import type { AccessToken } from './access-token.ts';
import type { Instant } from './clock.ts';
import type { TokenTimes } from './token-times.ts';

/** A token and what decides about its use. The expiry is judged by these times, not by the cache. */
export interface CachedToken extends TokenTimes {
  readonly token: AccessToken;
  readonly start: Instant;
}

/**
 * A bounded store of tokens: node-cache, with its traps closed. Its own expiry only frees memory: it knows the wall
 * clock alone and seconds from 1 on.
 */
export class TokenCache {
  readonly #cache: NodeCache;
  readonly #maxKeys: number;

  constructor(maxKeys = 1000) {
    this.#maxKeys = maxKeys;
    // With clones each read would be a copy. The limit is kept here: node-cache throws when it is reached, even for a
    // key that is there already. No listener either: they are handed the values.
    this.#cache = new NodeCache({ useClones: false, checkperiod: 600 });
  }

  get(key: string): CachedToken | undefined {
    return this.#cache.get<CachedToken>(key);
  }

  /** When the cache is full, the oldest entry goes. */
  set(key: string, entry: CachedToken): void {
    this.#cache.del(key);
    const keys = this.#cache.keys();
    if (keys.length >= this.#maxKeys) this.#cache.del(keys.slice(0, keys.length - this.#maxKeys + 1));
    this.#cache.set(key, Object.freeze(entry), ttlSeconds(entry.hardAgeMs));
  }

  delete(key: string): void {
    this.#cache.del(key);
  }

  get size(): number {
    return this.#cache.keys().length;
  }

  /** Stops the timer that collects what has expired. */
  close(): void {
    this.#cache.close();
  }
}

/** For node-cache a ttl of 0, undefined or NaN means for ever: never hand it one. */
function ttlSeconds(ms: number): number {
  const seconds = Math.ceil(ms / 1000);
  return Number.isSafeInteger(seconds) ? Math.max(1, seconds) : 1;
}
