import type { RecordedAnswer } from './recorded-answer.ts';

/** Who holds the record of a key: one run of one request. */
export interface Holder {
  /** Of the key, see `scopeOf`. */
  readonly scope: string;
  /** Of the request, see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Random: of this run alone. */
  readonly owner: string;
}

/** What stands in the ledger when a request comes. */
export type Found =
  /** Nothing: it is reserved for this request now. */
  | { readonly kind: 'mine' }
  /** The first one is still running. */
  | { readonly kind: 'in-flight'; readonly remainingMs: number }
  /** The key belongs to another request. */
  | { readonly kind: 'other' }
  | { readonly kind: 'done'; readonly answer: RecordedAnswer | undefined }
  /** It was sent and nobody knows how it ended. `sentAtMs`: wall clock of the ledger. */
  | {
      readonly kind: 'unknown';
      readonly owner: string;
      readonly sentAtMs: number;
      readonly answer: RecordedAnswer | undefined;
    };

/**
 * The records of keys and their states:
 *
 * none → RESERVED (nothing sent) → SENT (before the first byte) → DONE, or UNKNOWN when the lease of SENT ran out.
 *
 * Each transition happens as a whole, and only for the owner of the record. A lease that ran out in RESERVED makes the
 * key free again: nothing had been sent.
 */
export interface LedgerRecords {
  reserve(holder: Holder, leaseMs: number): Promise<Found>;
  /** RESERVED → SENT. False: the reservation is lost, and nothing may be sent. */
  markSent(holder: Holder, leaseMs: number): Promise<boolean>;
  /** SENT, or UNKNOWN → DONE or UNKNOWN, with the answer. Never fails: what cannot be noted stays UNKNOWN. */
  finish(holder: Holder, state: 'DONE' | 'UNKNOWN', answer: RecordedAnswer): Promise<void>;
  /** Forgets the key: nothing was done under it. Never fails. */
  release(holder: Holder): Promise<void>;
  /** UNKNOWN of `owner` → RESERVED: only for what may be sent twice. False: somebody else was faster. */
  takeOver(holder: Holder, owner: string, leaseMs: number): Promise<boolean>;
  stats(): LedgerStats;
}

export interface LedgerStats {
  readonly kind: 'memory' | 'redis';
  /** Of this instance's memory; of Redis unknown. */
  readonly records: number | undefined;
  /** Records that had to give way before their time. */
  readonly evicted: number;
}
