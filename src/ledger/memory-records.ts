import type { Found, Holder, LedgerRecords, LedgerStats } from './ledger-records.ts';
import { withoutBody, type RecordedAnswer } from './recorded-answer.ts';

export interface MemoryRecordsOptions {
  /** How long a record is kept after the end of its request, milliseconds. */
  readonly keepMs?: number;
  /** Records at most; the oldest that is finished gives way. */
  readonly maxRecords?: number;
  /** Bytes of bodies at most; the oldest ones are dropped, their records stay. */
  readonly maxBodyBytes?: number;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
}

interface Entry {
  readonly fingerprint: string;
  readonly owner: string;
  readonly state: 'RESERVED' | 'SENT' | 'DONE' | 'UNKNOWN';
  /** Until then it is running. */
  readonly leaseEndsMs: number;
  /** From then on it is forgotten. */
  readonly endsMs: number;
  readonly sentAtMs: number;
  readonly answer: RecordedAnswer | undefined;
}

export const KEEP_MS = 24 * 3_600_000;
const MAX_RECORDS = 20_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The ledger of one instance, in its memory, which is bounded: it is lost with the process. */
export class MemoryRecords implements LedgerRecords {
  readonly #keepMs: number;
  readonly #maxRecords: number;
  readonly #maxBodyBytes: number;
  readonly #now: () => number;
  /** In the order of their last transition: the oldest first. */
  readonly #entries = new Map<string, Entry>();
  #bodyBytes = 0;
  #evicted = 0;

  constructor(options: MemoryRecordsOptions = {}) {
    this.#keepMs = options.keepMs ?? KEEP_MS;
    this.#maxRecords = options.maxRecords ?? MAX_RECORDS;
    this.#maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
    this.#now = options.now ?? (() => performance.now());
  }

  reserve(holder: Holder, leaseMs: number): Promise<Found> {
    return Promise.resolve(this.#reserve(holder, leaseMs));
  }

  markSent(holder: Holder, leaseMs: number): Promise<boolean> {
    const entry = this.#live(holder.scope);
    if (entry?.owner !== holder.owner || entry.state !== 'RESERVED') return Promise.resolve(false);
    const leaseEndsMs = this.#now() + leaseMs;
    this.#put(holder.scope, {
      ...entry,
      state: 'SENT',
      leaseEndsMs,
      endsMs: leaseEndsMs + this.#keepMs,
      sentAtMs: Date.now(),
    });
    return Promise.resolve(true);
  }

  finish({ scope, owner }: Holder, state: 'DONE' | 'UNKNOWN', answer: RecordedAnswer): Promise<void> {
    const entry = this.#live(scope);
    if (entry?.owner === owner) {
      this.#put(scope, { ...entry, state, leaseEndsMs: 0, endsMs: this.#now() + this.#keepMs, answer });
      this.#dropOldBodies();
    }
    return Promise.resolve();
  }

  release({ scope, owner }: Holder): Promise<void> {
    if (this.#entries.get(scope)?.owner === owner) this.#remove(scope);
    return Promise.resolve();
  }

  takeOver(holder: Holder, owner: string, leaseMs: number): Promise<boolean> {
    const entry = this.#live(holder.scope);
    if (entry?.owner !== owner || entry.state !== 'UNKNOWN') return Promise.resolve(false);
    this.#putReserved(holder, leaseMs);
    return Promise.resolve(true);
  }

  stats(): LedgerStats {
    return { kind: 'memory', records: this.#entries.size, evicted: this.#evicted };
  }

  #reserve(holder: Holder, leaseMs: number): Found {
    const entry = this.#live(holder.scope);
    if (entry === undefined) {
      this.#forgetExpired();
      this.#makeRoom();
      this.#putReserved(holder, leaseMs);
      return { kind: 'mine' };
    }
    if (entry.fingerprint !== holder.fingerprint) return { kind: 'other' };
    const { state, leaseEndsMs, owner, sentAtMs, answer } = entry;
    if (state === 'RESERVED' || state === 'SENT') return { kind: 'in-flight', remainingMs: leaseEndsMs - this.#now() };
    return state === 'DONE' ? { kind: 'done', answer } : { kind: 'unknown', owner, sentAtMs, answer };
  }

  /** The entry as it is by now: leases and keeping times run out by themselves. */
  #live(scope: string): Entry | undefined {
    const entry = this.#entries.get(scope);
    const nowMs = this.#now();
    if (entry === undefined || entry.endsMs <= nowMs) return undefined;
    if (entry.state !== 'SENT' || entry.leaseEndsMs > nowMs) return entry;
    return { ...entry, state: 'UNKNOWN' };
  }

  #putReserved({ scope, fingerprint, owner }: Holder, leaseMs: number): void {
    const endsMs = this.#now() + leaseMs;
    this.#put(scope, {
      fingerprint,
      owner,
      state: 'RESERVED',
      leaseEndsMs: endsMs,
      endsMs,
      sentAtMs: 0,
      answer: undefined,
    });
  }

  #put(scope: string, entry: Entry): void {
    this.#remove(scope);
    this.#entries.set(scope, entry);
    this.#bodyBytes += entry.answer?.body?.length ?? 0;
  }

  #remove(scope: string): void {
    this.#bodyBytes -= this.#entries.get(scope)?.answer?.body?.length ?? 0;
    this.#entries.delete(scope);
  }

  /** The oldest come first, and those that end first are, but for leases of different length, the oldest. */
  #forgetExpired(): void {
    const nowMs = this.#now();
    for (const [scope, { endsMs }] of this.#entries) {
      if (endsMs > nowMs) return;
      this.#remove(scope);
    }
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#maxRecords) return;
    for (const [scope, { state }] of this.#entries) {
      if (state === 'RESERVED' || state === 'SENT') continue;
      this.#remove(scope);
      this.#evicted++;
      return;
    }
  }

  #dropOldBodies(): void {
    for (const [scope, entry] of this.#entries) {
      if (this.#bodyBytes <= this.#maxBodyBytes) return;
      if (entry.answer?.body === undefined) continue;
      this.#bodyBytes -= entry.answer.body.length;
      this.#entries.set(scope, { ...entry, answer: withoutBody(entry.answer) });
    }
  }
}
