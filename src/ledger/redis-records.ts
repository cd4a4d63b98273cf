import type { SharedStore } from '../store/shared-store.ts';
import type { Found, Holder, LedgerRecords, LedgerStats } from './ledger-records.ts';
import { KEEP_MS } from './memory-records.ts';
import { fromText, toText, type RecordedAnswer } from './recorded-answer.ts';
import { FINISH, MARK_SENT, RELEASE, RESERVE, TAKE_OVER } from './redis-scripts.ts';

/** What could not be noted is tried again for so long: an answer that is known should not be told as unknown. */
const RETRY_MS = 60_000;
const RETRY_EVERY_MS = 500;
/** More than may run at once; what is beyond stays as it is in the store. */
const MAX_RETRIES = 1_000;

/** The ledger that several instances share. Redis away: nothing can be reserved, so nothing keyed is sent. */
export class RedisRecords implements LedgerRecords {
  readonly #store: SharedStore;
  readonly #keepMs: number;
  #retries = 0;

  constructor(store: SharedStore, keepMs: number = KEEP_MS) {
    this.#store = store;
    this.#keepMs = keepMs;
  }

  /** @throws {StoreUnavailable} */
  async reserve({ scope, owner, fingerprint }: Holder, leaseMs: number): Promise<Found> {
    const key = keyOf(scope);
    try {
      const reply = await this.#store.script(RESERVE, key, owner, fingerprint, Math.ceil(leaseMs));
      return this.#read(key, reply as readonly string[]);
    } catch (error) {
      // It may have been reserved all the same, and would be in flight for everybody until its lease is over.
      this.#inBackground(() => this.#store.script(RELEASE, key, owner));
      throw error;
    }
  }

  /** @throws {StoreUnavailable} */
  async markSent({ scope, owner }: Holder, leaseMs: number): Promise<boolean> {
    const reply = await this.#store.script(MARK_SENT, keyOf(scope), owner, Math.ceil(leaseMs), this.#keepMs);
    return reply === 1;
  }

  async finish({ scope, owner }: Holder, state: 'DONE' | 'UNKNOWN', answer: RecordedAnswer): Promise<void> {
    const key = keyOf(scope);
    const sealed = this.#store.sealer.seal(key, toText(answer));
    await this.#orInBackground(() => this.#store.script(FINISH, key, owner, state, sealed, this.#keepMs));
  }

  async release({ scope, owner }: Holder): Promise<void> {
    await this.#orInBackground(() => this.#store.script(RELEASE, keyOf(scope), owner));
  }

  /** @throws {StoreUnavailable} */
  async takeOver({ scope, owner }: Holder, from: string, leaseMs: number): Promise<boolean> {
    return (await this.#store.script(TAKE_OVER, keyOf(scope), from, owner, Math.ceil(leaseMs))) === 1;
  }

  stats(): LedgerStats {
    return { kind: 'redis', records: undefined, evicted: 0 };
  }

  #read(key: string, [kind, second = '', sentAt = '', sealed = '']: readonly string[]): Found {
    if (kind === 'mine' || kind === 'other') return { kind };
    if (kind === 'in-flight') return { kind, remainingMs: Number(second) };
    const answer = this.#open(key, sealed);
    return kind === 'done' ? { kind, answer } : { kind: 'unknown', owner: second, sentAtMs: Number(sentAt), answer };
  }

  /** `undefined` where there is no answer, or one that was sealed with a key that has been replaced. */
  #open(key: string, sealed: string): RecordedAnswer | undefined {
    const text = this.#store.sealer.open(key, sealed);
    return text === undefined ? undefined : fromText(text);
  }

  async #orInBackground(note: () => Promise<unknown>): Promise<void> {
    try {
      await note();
    } catch {
      this.#inBackground(note);
    }
  }

  #inBackground(note: () => Promise<unknown>): void {
    if (this.#retries >= MAX_RETRIES) return;
    this.#retries++;
    const endMs = performance.now() + RETRY_MS;
    const again = (): void => {
      note().then(
        () => this.#retries--,
        () => {
          if (performance.now() < endMs) setTimeout(again, RETRY_EVERY_MS).unref();
          else this.#retries--;
        },
      );
    };
    setTimeout(again, RETRY_EVERY_MS).unref();
  }
}

function keyOf(scope: string): string {
  return `ledger:${scope}`;
}
