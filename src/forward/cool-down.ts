/** The statuses with which an upstream asks to be left alone for a while (RFC 6585, section 4; RFC 9110, 15.6.4). */
export type CoolDownStatus = 429 | 503;

/** `Retry-After` of an upstream: what it asked of one caller holds for all. */
export class CoolDown {
  readonly #now: () => number;
  #untilMs = 0;
  #status: CoolDownStatus = 503;

  /** @param now monotonic, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A shorter one does not end a longer one. */
  begin(status: CoolDownStatus, seconds: number): void {
    const untilMs = this.#now() + seconds * 1000;
    if (untilMs <= this.#untilMs) return;
    this.#untilMs = untilMs;
    this.#status = status;
  }

  /** What is left of it, in whole seconds from 1 on; `undefined` when it is over. */
  current(): { readonly status: CoolDownStatus; readonly seconds: number } | undefined {
    const remainingMs = this.#untilMs - this.#now();
    return remainingMs > 0 ? { status: this.#status, seconds: Math.ceil(remainingMs / 1000) } : undefined;
  }
}
