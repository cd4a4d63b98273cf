const WINDOW_MS = 500;

/** What came of the requests of one phase. */
export interface Phase {
  readonly seconds: number;
  /** By status; 0: no answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Not sent, because all connections were busy. */
  readonly unsent: number;
  /** Answers with 201 in each window of `WINDOW_MS`. */
  readonly windows: readonly number[];
}

/** Counts answers until the phase is over. */
export class Counting {
  readonly #seconds: number;
  readonly #startMs = performance.now();
  readonly #statuses = new Map<number, number>();
  readonly #windows: number[];
  #unsent = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#windows = Array.from({ length: Math.ceil((seconds * 1000) / WINDOW_MS) }, () => 0);
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  get isOver(): boolean {
    return this.elapsedMs >= this.#seconds * 1000;
  }

  async note(answer: Promise<number> | undefined): Promise<void> {
    if (answer === undefined) {
      this.#unsent += 1;
      return;
    }
    const status = await answer;
    if (this.isOver) return;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    const window = Math.floor(this.elapsedMs / WINDOW_MS);
    if (status === 201) this.#windows[window] = (this.#windows[window] ?? 0) + 1;
  }

  phase(): Phase {
    return {
      seconds: this.#seconds,
      statuses: new Map(this.#statuses),
      unsent: this.#unsent,
      windows: [...this.#windows],
    };
  }
}

/** Answers with 201 per second. */
export function goodput({ statuses, seconds }: Phase): number {
  return (statuses.get(201) ?? 0) / seconds;
}

/** Until the end of the first window with that goodput, per second; `Infinity`: there is none. */
export function secondsUntil({ windows }: Phase, wantedPerSecond: number): number {
  const wanted = wantedPerSecond * (WINDOW_MS / 1000);
  const at = windows.findIndex((good) => good >= wanted);
  return at === -1 ? Infinity : ((at + 1) * WINDOW_MS) / 1000;
}
