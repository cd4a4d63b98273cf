import { Breaker, type BreakerState, type Pass, type Verdict } from '../forward/breaker.ts';
import { CoolDown } from '../forward/cool-down.ts';
import { RepeatBudget } from '../forward/repeat-budget.ts';
import type { TransportFailure } from '../forward/transport-failure.ts';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { Problem } from '../problems/problem.ts';
import { retryAfterSeconds } from './answers.ts';

export interface GuardSnapshot {
  readonly breaker: BreakerState;
  /** How long nothing is sent, because the service fails or because it asked for it; 0: it is. */
  readonly closedForSeconds: number;
}

/** Stands before one service for all its callers: while the service is to be left alone, nothing is sent. */
export class UpstreamGuard {
  readonly budget = new RepeatBudget();
  readonly #breaker = new Breaker();
  readonly #coolDown = new CoolDown();

  /**
   * Asks to call the service. What came of it has to be told to `leave`.
   *
   * @throws {Problem} `upstream-rate-limited` or `upstream-unavailable` while the service asks to be left alone,
   *   `overloaded` while it mostly fails; nothing was sent
   */
  enter(): Pass {
    const coolDown = this.#coolDown.current();
    if (coolDown) throw coolingDown(coolDown.status, coolDown.seconds);
    const pass = this.#breaker.enter();
    if (pass === undefined) throw leftAlone(this.#breaker.remainingMs());
    return pass;
  }

  leave(pass: Pass, verdict: Verdict): void {
    this.#breaker.leave(pass, verdict);
  }

  /** Takes notice of `Retry-After`. */
  heed(answer: BufferedAnswer): void {
    const { status } = answer;
    if (status !== 429 && status !== 503) return;
    const seconds = retryAfterSeconds(answer);
    if (seconds !== undefined) this.#coolDown.begin(status, seconds);
  }

  snapshot(): GuardSnapshot {
    return {
      breaker: this.#breaker.state,
      closedForSeconds: Math.max(this.#coolDown.current()?.seconds ?? 0, Math.ceil(this.#breaker.remainingMs() / 1000)),
    };
  }
}

/** What a failed attempt tells about the health of the service. */
export function verdictOf({ reason }: TransportFailure): Verdict {
  return reason === 'aborted' || reason === 'caller-body' || reason === 'too-large' ? 'none' : 'bad';
}

function coolingDown(status: 429 | 503, seconds: number): Problem {
  return new Problem(status === 429 ? 'upstream-rate-limited' : 'upstream-unavailable', {
    detail: `The service asked to be left alone for a while, with status ${status} and Retry-After; nothing was sent.`,
    hint: 'Wait as long as Retry-After says and send the request again. It holds for all callers of this service.',
    retryAfterSeconds: seconds,
  });
}

function leftAlone(remainingMs: number): Problem {
  return new Problem('overloaded', {
    detail: 'Half of the last calls to this service failed, so it is left alone for a while; nothing was sent.',
    hint: 'Wait as long as Retry-After says and send the request again. One request is let through then, and decides.',
    retryAfterSeconds: Math.max(1, Math.ceil(remainingMs / 1000)),
  });
}
