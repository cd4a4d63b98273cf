/** What a call told about the health of its upstream; `none`: nothing, because it never got there or was given up. */
export type Verdict = 'good' | 'bad' | 'none';

/** `call`: go on. `probe`: go on, and what comes of it decides. */
export type Pass = 'call' | 'probe';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
  /** From 0 to 1, like `Math.random`. */
  readonly random?: () => number;
}

/** Calls of the last ten seconds count, in buckets of one. */
const BUCKETS = 10;
const BUCKET_MS = 1_000;
/** Fewer calls tell nothing. */
const LEAST_CALLS = 20;
const BAD_SHARE = 0.5;
const SHORTEST_MS = 5_000;
const LONGEST_MS = 30_000;

interface Bucket {
  second: number;
  calls: number;
  bad: number;
}

/**
 * Leaves an upstream alone that mostly fails: when half of at least 20 calls in 10 s were bad, no call goes out for 5 to
 * 30 s; then one does, and decides whether all do again. Counts, and keeps no timer.
 */
export class Breaker {
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #buckets: Bucket[] = Array.from({ length: BUCKETS }, () => ({ second: -1, calls: 0, bad: 0 }));
  #state: BreakerState = 'closed';
  #openUntilMs = 0;
  #openedInRow = 0;
  #isProbing = false;

  constructor({ now = () => performance.now(), random = Math.random }: BreakerOptions = {}) {
    this.#now = now;
    this.#random = random;
  }

  get state(): BreakerState {
    return this.#state === 'open' && this.remainingMs() === 0 ? 'half-open' : this.#state;
  }

  /** How long no call goes out; 0 unless open. */
  remainingMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntilMs - this.#now()) : 0;
  }

  /** Asks for a call. What comes of it has to be told to `leave`. `undefined`: it may not go out. */
  enter(): Pass | undefined {
    if (this.#state === 'closed') return 'call';
    if (this.remainingMs() > 0 || this.#isProbing) return undefined;
    this.#state = 'half-open';
    this.#isProbing = true;
    return 'probe';
  }

  leave(pass: Pass, verdict: Verdict): void {
    if (pass === 'probe') this.#endProbe(verdict);
    else if (this.#state === 'closed' && verdict !== 'none') this.#count(verdict);
  }

  /** Without a verdict the next call is the probe. */
  #endProbe(verdict: Verdict): void {
    this.#isProbing = false;
    if (verdict === 'bad') this.#open();
    if (verdict === 'good') {
      this.#state = 'closed';
      this.#openedInRow = 0;
      for (const bucket of this.#buckets) bucket.second = -1;
    }
  }

  #count(verdict: Verdict): void {
    const second = Math.floor(this.#now() / BUCKET_MS);
    const at = second % BUCKETS;
    const known = this.#buckets[at];
    const bucket = known?.second === second ? known : (this.#buckets[at] = { second, calls: 0, bad: 0 });
    bucket.calls++;
    if (verdict === 'good') return;
    bucket.bad++;
    const recent = this.#buckets.filter((one) => one.second > second - BUCKETS);
    const calls = recent.reduce((sum, one) => sum + one.calls, 0);
    const bad = recent.reduce((sum, one) => sum + one.bad, 0);
    if (calls >= LEAST_CALLS && bad >= calls * BAD_SHARE) this.#open();
  }

  /** Longer each time, with jitter, so that several instances do not probe in the same moment. */
  #open(): void {
    const plannedMs = SHORTEST_MS * 2 ** Math.min(this.#openedInRow, 10) * (1 + this.#random() / 2);
    this.#openedInRow++;
    this.#openUntilMs = this.#now() + Math.min(LONGEST_MS, plannedMs);
    this.#state = 'open';
  }
}
