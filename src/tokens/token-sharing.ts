import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { SharedStore } from '../store/shared-store.ts';
import type { AccessToken } from './access-token.ts';
import type { Clock } from './clock.ts';
import type { FetchedToken } from './fetch-token.ts';
import { tokenTimes } from './token-times.ts';

/** Longer than a fetch may take: the lock of an instance that died is not waited for longer. */
const LOCK_MS = 6_000;
/** Whoever has waited so long for another instance asks by itself. */
const LONGEST_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 50;

const READ = "return {redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1])}";
const DELETE_IF = `
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

export interface SharedFetch {
  /** The client's key in the cache, see `tokenKey`. */
  readonly key: string;
  /** Whether a token is worth having: not the one that is to be replaced. */
  readonly isWelcome: (value: string) => boolean;
  readonly fetch: () => Promise<FetchedToken>;
  readonly clock: Clock;
}

/**
 * Tokens that several instances share, so that one of them asks the authorization server for all. Sealed; and never a
 * must: without the store, and for whatever cannot be opened, each asks by itself.
 */
export class TokenSharing {
  readonly #store: SharedStore;

  constructor(store: SharedStore) {
    this.#store = store;
  }

  /**
   * The token that another instance has got, else one that is fetched, for all.
   *
   * @throws {Problem} of the fetch, never for a reason of the store
   */
  async obtain(wanted: SharedFetch): Promise<FetchedToken> {
    const owner = randomUUID();
    const endMs = performance.now() + LONGEST_WAIT_MS;
    while (performance.now() < endMs) {
      const found = await this.#read(wanted);
      if (found === 'unavailable') return wanted.fetch();
      if (found !== undefined) return found;
      if (await this.#lock(wanted.key, owner)) return this.#fetchForAll(wanted, owner);
      await pause(LOOK_EVERY_MS + Math.random() * LOOK_EVERY_MS);
    }
    return wanted.fetch();
  }

  /** A service refuses this token: it is not to be handed on. A newer one stays. */
  refuse(key: string, value: string): void {
    this.#store.script(DELETE_IF, tokenName(key), digestOf(value)).catch(() => undefined);
  }

  async #fetchForAll(wanted: SharedFetch, owner: string): Promise<FetchedToken> {
    try {
      // Between the look and the lock somebody may have finished.
      const found = await this.#read(wanted);
      if (found !== undefined && found !== 'unavailable') return found;
      const fetched = await wanted.fetch();
      await this.#publish(wanted, fetched);
      return fetched;
    } finally {
      this.#store.script(DELETE_IF, lockName(wanted.key), owner).catch(() => undefined);
    }
  }

  async #read({ key, isWelcome, clock }: SharedFetch): Promise<FetchedToken | 'unavailable' | undefined> {
    const name = tokenName(key);
    try {
      const [text, leftMs] = (await this.#store.script(READ, name)) as [string, number];
      const opened = this.#store.sealer.open(name, text.slice(DIGEST_LENGTH));
      if (opened === undefined) return undefined;
      const token = JSON.parse(opened) as AccessToken;
      if (!isWelcome(token.value)) return undefined;
      // By the clock of the store, so that those of the instances need not agree.
      const ageMs = token.lifeSeconds * 1000 - leftMs;
      if (ageMs >= tokenTimes(token, 0).hardAgeMs) return undefined;
      const start = { wallMs: clock.wallMs() - ageMs, monotonicMs: clock.monotonicMs() - ageMs };
      return { token: Object.freeze({ ...token, requestedAtMs: start.wallMs }), start, isShared: true };
    } catch {
      return 'unavailable';
    }
  }

  async #lock(key: string, owner: string): Promise<boolean> {
    try {
      const name = this.#store.keyName(lockName(key));
      return (await this.#store.run((client) => client.set(name, owner, 'PX', LOCK_MS, 'NX'))) === 'OK';
    } catch {
      return false;
    }
  }

  async #publish({ key, clock }: SharedFetch, { token, start }: FetchedToken): Promise<void> {
    const leftMs = Math.floor(token.lifeSeconds * 1000 - (clock.monotonicMs() - start.monotonicMs));
    if (leftMs <= 0) return;
    const name = tokenName(key);
    const text = digestOf(token.value) + this.#store.sealer.seal(name, JSON.stringify(token));
    try {
      await this.#store.run((client) => client.set(this.#store.keyName(name), text, 'PX', leftMs));
    } catch {
      // The others fetch their own.
    }
  }
}

const DIGEST_LENGTH = 64;

/** SHA-256, hex: by it a refused token is known without being opened. */
function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

function tokenName(key: string): string {
  return `token:${key}`;
}

function lockName(key: string): string {
  return `lock:${key}`;
}
