/** Two time limits on a body: for the pause between two pieces, and for all of it. */
export class BodyClock {
  readonly #idleMs: number;
  readonly #onLate: () => void;
  readonly #total: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * @param totalMs `undefined`: no limit for all of it
   * @param onLate called when a limit is reached; stop the clock then
   */
  constructor(idleMs: number, totalMs: number | undefined, onLate: () => void) {
    this.#idleMs = idleMs;
    this.#onLate = onLate;
    this.#total = totalMs === undefined ? undefined : setTimeout(onLate, totalMs);
  }

  /** The next piece is waited for from now on. */
  wait(): void {
    if (this.#idle === undefined) this.#idle = setTimeout(this.#onLate, this.#idleMs);
    else this.#idle.refresh();
  }

  /** No piece is waited for: whoever reads the body is busy. */
  pause(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }

  stop(): void {
    this.pause();
    clearTimeout(this.#total);
  }
}
