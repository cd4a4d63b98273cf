import { hash, timingSafeEqual } from 'node:crypto';
import type { Caller } from './caller.ts';
import { RefusedCredential } from './refused-credential.ts';

/** No key is longer; what is need not be hashed. */
const MAX_KEY_LENGTH = 1024;

/** How many addresses are remembered of each key. */
const MAX_ADDRESSES = 32;

/** The API keys of all callers. Looking one up costs the same with one caller and with a thousand. */
export class ApiKeys {
  readonly #byDigest = new Map<string, ApiKey>();

  /** @param digest SHA-256 of the key, hex */
  add(digest: string, caller: Caller): void {
    this.#byDigest.set(digest, new ApiKey(Buffer.from(digest, 'hex'), caller));
  }

  /**
   * Looks up and compares hashes: what the time of it tells is about the hash of the guess, not about a key.
   *
   * @throws {RefusedCredential}
   */
  find(value: string): ApiKey {
    if (value.length > MAX_KEY_LENGTH) throw unknownKey();
    // Node reads headers as Latin-1, so this hashes the bytes that were sent.
    const digest = hash('sha256', Buffer.from(value, 'latin1'), 'buffer');
    const known = this.#byDigest.get(digest.toString('hex'));
    if (known === undefined || !timingSafeEqual(digest, known.digest)) throw unknownKey();
    return known;
  }
}

/** One key, and from where it has been used. */
export class ApiKey {
  readonly digest: Buffer;
  readonly caller: Caller;
  readonly #addresses = new Set<string>();
  #lastAddress: string | undefined;

  constructor(digest: Buffer, caller: Caller) {
    this.digest = digest;
    this.caller = caller;
  }

  /** Whether the key has been used from there before. The oldest of many addresses are forgotten. */
  isKnownAt(address: string): boolean {
    return this.#addresses.has(address);
  }

  noteUse(address: string): void {
    if (address === this.#lastAddress) return;
    this.#lastAddress = address;
    this.#addresses.delete(address);
    this.#addresses.add(address);
    if (this.#addresses.size <= MAX_ADDRESSES) return;
    for (const oldest of this.#addresses) {
      this.#addresses.delete(oldest);
      break;
    }
  }
}

function unknownKey(): RefusedCredential {
  return new RefusedCredential(
    true,
    'The API key is not known.',
    'Ask the operator of this server for a key; keys are listed under callers, or in API_KEYS.',
  );
}
