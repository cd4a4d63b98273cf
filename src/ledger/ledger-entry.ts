import { StoreUnavailable } from '../store/store-unavailable.ts';
import { reservationLost, storeUnavailable } from './ledger-problems.ts';
import type { Holder, LedgerRecords } from './ledger-records.ts';
import type { RecordedAnswer } from './recorded-answer.ts';

/** The record of one running request: it is marked before the first byte goes out, and closed in one of three ways. */
export class LedgerEntry {
  readonly #holder: Holder;
  readonly #records: LedgerRecords;
  readonly #slackMs: number;
  #isSent = false;

  constructor(holder: Holder, records: LedgerRecords, slackMs: number) {
    this.#holder = holder;
    this.#records = records;
    this.#slackMs = slackMs;
  }

  /** Whether it may have been sent: then nothing but an answer tells whether it was done. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /**
   * To be called before the first byte goes out. Further attempts of the same run need no further mark.
   *
   * @param remainingMs what is left of the deadline
   * @throws {Problem} `store-unavailable`, or `idempotency-in-flight` where the key was lost; then nothing may be sent
   */
  async markSent(remainingMs: number): Promise<void> {
    if (this.#isSent) return;
    try {
      const isOurs = await this.#records.markSent(this.#holder, remainingMs + this.#slackMs);
      if (!isOurs) throw reservationLost();
      this.#isSent = true;
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }

  /** The answer is known: it is given again to whoever repeats the request. */
  done(answer: RecordedAnswer): Promise<void> {
    return this.#records.finish(this.#holder, 'DONE', answer);
  }

  /** It was sent, and no answer tells whether it was done. */
  unknown(answer: RecordedAnswer): Promise<void> {
    return this.#records.finish(this.#holder, 'UNKNOWN', answer);
  }

  /** Nothing was done: the key is free again. */
  release(): Promise<void> {
    return this.#records.release(this.#holder);
  }
}
