import type { Deadline } from '../forward/deadline.ts';
import type { RepeatBudget } from '../forward/repeat-budget.ts';
import type { UpstreamRequest } from '../forward/upstream-request.ts';
import { mayHappenTwice } from './may-happen-twice.ts';
import type { ForwardOperation } from './operation.ts';
import { repeatTable, type Setback } from './repeat-table.ts';

/** The repeats of one call: each cause a few times at most, so that nothing can go round in circles. */
export class Repeats {
  readonly #operation: ForwardOperation;
  readonly #request: UpstreamRequest;
  readonly #budget: RepeatBudget;
  readonly #taken = new Map<Setback, number>();

  constructor(operation: ForwardOperation, request: UpstreamRequest, budget: RepeatBudget) {
    this.#operation = operation;
    this.#request = request;
    this.#budget = budget;
    budget.earn();
  }

  /** Whether a repeat was taken for this cause. */
  has(cause: Setback): boolean {
    return this.#taken.has(cause);
  }

  /** Whether an attempt broke after which the request may have been carried out. */
  get mayHaveHappened(): boolean {
    return this.has('connection-broke');
  }

  /**
   * Takes one repeat for this cause.
   *
   * @returns how long to wait before it, in milliseconds; `undefined`: it may not be sent again
   */
  take(cause: Setback, deadline: Deadline): number | undefined {
    const { anything, harmless, pausesMs, isTrouble } = repeatTable[cause];
    const taken = this.#taken.get(cause) ?? 0;
    const most = mayHappenTwice(this.#operation, this.#request.method) ? harmless : anything;
    const pauseMs = pausesMs[taken];
    if (taken >= most || pauseMs === undefined || pauseMs >= deadline.remainingMs()) return undefined;
    if (!isInMemory(this.#request) || (isTrouble && !this.#budget.spend())) return undefined;
    this.#taken.set(cause, taken + 1);
    return pauseMs;
  }
}

/** A stream is gone once it was sent. */
export function isInMemory({ body }: UpstreamRequest): boolean {
  return body === undefined || Buffer.isBuffer(body);
}
