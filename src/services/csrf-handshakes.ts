import type { ServerResponse } from 'node:http';
import {
  csrfFetchHeaders,
  CsrfSessions,
  type CsrfSession,
  type CsrfSessionsOptions,
} from '../forward/csrf-sessions.ts';
import { Deadline } from '../forward/deadline.ts';
import { TransportFailure } from '../forward/transport-failure.ts';
import type { AnswerHead, UpstreamRequest } from '../forward/upstream-request.ts';
import { Problem } from '../problems/problem.ts';
import { endingSpan, type TraceSpan } from '../telemetry/trace-span.ts';
import { handshakeProblem, handshakeTooLate } from './failure-problem.ts';
import type { ForwardOperation } from './operation.ts';
import { isInMemory } from './repeats.ts';
import { whileCallerStays } from './while-caller-stays.ts';
import { withinDeadline } from './within-deadline.ts';

/** A handshake is shared by its waiters, so it has a time limit of its own. */
const HANDSHAKE_LIMIT_MS = 10_000;
const HANDSHAKE_SETTING = 'Flowgate itself, which gives a CSRF handshake 10 s';

/** Sends a request of the handshake to the sender of a flow, as a part of the span. */
export type AskSender = (
  request: UpstreamRequest,
  deadline: Deadline,
  span: TraceSpan | undefined,
) => Promise<AnswerHead>;

interface Call {
  readonly operation: ForwardOperation;
  readonly deadline: Deadline;
  readonly caller: ServerResponse | undefined;
  readonly record: { readonly span: TraceSpan | undefined };
}

/** The CSRF handshakes with the senders of one service. */
export class CsrfHandshakes {
  readonly #sessions: CsrfSessions;

  constructor(options: CsrfSessionsOptions = {}) {
    this.#sessions = new CsrfSessions(options);
  }

  /** A sender that is known to want a CSRF token gets it with the first attempt: a stream cannot be sent twice. */
  async beforehand(request: UpstreamRequest, call: Call, ask: AskSender): Promise<CsrfSession | undefined> {
    const { csrf } = call.operation;
    if (csrf === undefined) return undefined;
    // What can be sent only once does not go out with a token that may be too old.
    const known = isInMemory(request) ? this.#sessions.get(csrf.endpoint) : this.#sessions.getFresh(csrf.endpoint);
    if (known || (csrf.mode === 'auto' && !this.#sessions.isProtected(csrf.endpoint))) return known;
    return this.fetch(request, call, ask);
  }

  /**
   * Drops a session that was refused; its sender is known to want one from now on.
   *
   * @throws {Problem} `csrf-handshake-failed` for a request that cannot be sent again with a new one
   */
  forget(request: UpstreamRequest, refused: CsrfSession | undefined, { operation: { csrf } }: Call): void {
    if (csrf === undefined) return;
    if (refused) this.#sessions.forget(csrf.endpoint, refused);
    if (isInMemory(request)) return;
    this.#sessions.markProtected(csrf.endpoint);
    throw tooLargeToRepeat();
  }

  /**
   * Fetches a token, once for all who wait for it. Each waits no longer than its own deadline, which does not end the
   * handshake for the others.
   *
   * @returns `undefined` when the sender gives none
   * @throws {Problem} `csrf-handshake-failed`, `upstream-unreachable`: the message itself was not sent
   */
  async fetch(message: UpstreamRequest, call: Call, ask: AskSender): Promise<CsrfSession | undefined> {
    const { csrf } = call.operation;
    if (csrf === undefined) return undefined;
    const [path = message.path] = message.path.split('?', 1);
    const span = call.record.span?.child('csrf-handshake');
    const shared = this.#sessions.fetch(csrf.endpoint, async (method) => {
      const deadline = new Deadline(HANDSHAKE_LIMIT_MS, HANDSHAKE_SETTING);
      const request = { method, path, headers: { accept: '*/*', ...csrfFetchHeaders }, body: undefined };
      try {
        return await ask(request, deadline, span);
      } catch (error) {
        throw error instanceof TransportFailure ? handshakeProblem(error, deadline) : error;
      }
    });
    return endingSpan(span, whileCallerStays(withinDeadline(shared, call.deadline, handshakeTooLate), call.caller));
  }
}

function tooLargeToRepeat(): Problem {
  return new Problem('csrf-handshake-failed', {
    detail:
      'The flow asks for a CSRF token first, and the message was too large to be kept and sent again. The flow has not run.',
    hint: 'Send it again: the token is fetched first from now on. Set csrf: always for this flow, so that it is so from the start.',
    retryable: true,
  });
}
