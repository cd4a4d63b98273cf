/** Repeats per request: they must not make the load of an upstream that is in trouble much larger. */
const SHARE = 0.1;
/** What may be saved up, and what there is at the beginning: rare repeats need no permission. */
const MOST_REPEATS = 10;

/** How many requests to one upstream may be sent a second time because it is in trouble: one in ten. */
export class RepeatBudget {
  #repeats = MOST_REPEATS;

  /** For each request that is sent for the first time. */
  earn(): void {
    this.#repeats = Math.min(MOST_REPEATS, this.#repeats + SHARE);
  }

  /** For each repeat; false: it has to be left out. */
  spend(): boolean {
    if (this.#repeats < 1) return false;
    this.#repeats--;
    return true;
  }
}
