import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { fingerprintOf, scopeOf, type KeyedRequest } from './keyed-request.ts';
import { LedgerEntry } from './ledger-entry.ts';
import { answerUnreadable, inFlight, keyReused, storeUnavailable } from './ledger-problems.ts';
import type { Holder, LedgerRecords, LedgerStats } from './ledger-records.ts';
import type { RecordedAnswer } from './recorded-answer.ts';

export interface LedgerOptions {
  /** How much longer than its deadline a request may hold its key, milliseconds. */
  readonly slackMs?: number;
}

/** A token and a CSRF handshake take less: what is reserved and not sent by then never will be. */
const LONGEST_RESERVATION_MS = 20_000;
const SLACK_MS = 5_000;

/** What a keyed request is to do. */
export type Begun =
  /** Run: it is the first. */
  | { readonly kind: 'run'; readonly entry: LedgerEntry }
  /** Give the first one's answer again. */
  | { readonly kind: 'replay'; readonly answer: RecordedAnswer }
  /** Find out how the first one ended; or, where it may be sent twice, `runAgain`. */
  | { readonly kind: 'unknown'; readonly unknown: UnknownOutcome };

export interface UnknownOutcome {
  /** Wall clock. */
  readonly sentAtMs: number;
  /** The problem that was answered, where one was. */
  readonly answer: RecordedAnswer | undefined;
  /** Takes the key for a further run. Only for what may be sent twice, or is proven not to have been done. */
  runAgain(): Promise<LedgerEntry>;
  /** Notes how it ended: `UNKNOWN` with the problem that says that nobody knows. */
  note(state: 'DONE' | 'UNKNOWN', answer: RecordedAnswer): Promise<void>;
}

/** Remembers what was sent under which `Idempotency-Key`, so that nothing is started twice. */
export class Ledger {
  readonly #records: LedgerRecords;
  readonly #slackMs: number;

  constructor(records: LedgerRecords, { slackMs = SLACK_MS }: LedgerOptions = {}) {
    this.#records = records;
    this.#slackMs = slackMs;
  }

  /**
   * Looks the key of a request up, and takes it where it is free.
   *
   * @param limitMs the deadline of the request, from now
   * @throws {Problem} `idempotency-in-flight`, `idempotency-key-reused`, `store-unavailable`
   */
  async begin(request: KeyedRequest, limitMs: number): Promise<Begun> {
    const holder = { scope: scopeOf(request), fingerprint: fingerprintOf(request), owner: randomUUID() };
    const reservationMs = Math.min(limitMs, LONGEST_RESERVATION_MS) + this.#slackMs;
    const found = await this.#ask(() => this.#records.reserve(holder, reservationMs));
    switch (found.kind) {
      case 'mine':
        return { kind: 'run', entry: this.#entry(holder) };
      case 'in-flight':
        throw inFlight(found.remainingMs);
      case 'other':
        throw keyReused();
      case 'done':
        if (found.answer === undefined) throw answerUnreadable(request.service);
        return { kind: 'replay', answer: found.answer };
      case 'unknown':
        return { kind: 'unknown', unknown: this.#unknown(holder, found, reservationMs) };
    }
  }

  stats(): LedgerStats {
    return this.#records.stats();
  }

  #entry(holder: Holder): LedgerEntry {
    return new LedgerEntry(holder, this.#records, this.#slackMs);
  }

  #unknown(
    holder: Holder,
    found: { owner: string; sentAtMs: number; answer: RecordedAnswer | undefined },
    reservationMs: number,
  ): UnknownOutcome {
    return {
      sentAtMs: found.sentAtMs,
      answer: found.answer,
      runAgain: async () => {
        const isOurs = await this.#ask(() => this.#records.takeOver(holder, found.owner, reservationMs));
        if (!isOurs) throw inFlight(reservationMs);
        return this.#entry(holder);
      },
      note: (state, answer) => this.#records.finish({ ...holder, owner: found.owner }, state, answer),
    };
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }
}
