import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import type { Clock } from './clock.ts';
import { pauseAfter } from './pause-after.ts';
import { LONGEST_RETRY_AFTER_S } from './requested-pause.ts';

/** The negative cache of one client: the last failure is the answer to everybody who asks before its pause is over. */
export class FailureMemory {
  readonly #clock: Clock;
  readonly #random: () => number;
  #problem: Problem | undefined;
  #pauseEndsMs = 0;
  #inRow = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @returns how long the authorization server is left alone now, in milliseconds. */
  remember(problem: Problem): number {
    this.#inRow += 1;
    const pauseMs = pauseAfter(problem, this.#inRow, this.#random());
    this.#problem = problem;
    this.#pauseEndsMs = this.#clock.monotonicMs() + pauseMs;
    return pauseMs;
  }

  forget(): void {
    this.#problem = undefined;
    this.#inRow = 0;
  }

  /** The last failure, with what is left of its pause as `Retry-After`; `undefined` when the pause is over. */
  current(): Problem | undefined {
    const remainingMs = this.#pauseEndsMs - this.#clock.monotonicMs();
    return this.#problem !== undefined && remainingMs > 0 ? withRetryAfter(this.#problem, remainingMs) : undefined;
  }

  /** The code of the last failure; `undefined` when the last fetch brought a token. */
  get code(): ProblemCode | undefined {
    return this.#problem?.code;
  }
}

/** A refused client gets no `Retry-After`: waiting does not mend it. */
function withRetryAfter(problem: Problem, remainingMs: number): Problem {
  if (problem.code !== 'token-unavailable') return problem;
  const retryAfterSeconds = Math.min(LONGEST_RETRY_AFTER_S, Math.ceil(remainingMs / 1000));
  return new Problem(problem.code, { ...problem.details, retryAfterSeconds });
}
