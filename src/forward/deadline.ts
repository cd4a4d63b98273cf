/**
 * The one deadline of a request, over token, CSRF handshake, attempts and answer. Monotonic, so that setting the wall
 * clock changes nothing.
 */
export class Deadline {
  readonly limitMs: number;
  /** Where the limit was set, for the problem that tells of it: `limits.timeout`, `flows.orders.timeout`. */
  readonly setting: string;
  readonly #startMs: number;

  constructor(limitMs: number, setting: string, startMs = performance.now()) {
    this.limitMs = limitMs;
    this.setting = setting;
    this.#startMs = startMs;
  }

  elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Never negative; 0 means that the time is over. */
  remainingMs(): number {
    return Math.max(0, this.limitMs - this.elapsedMs());
  }
}
