import type { Deadline } from '../forward/deadline.ts';
import type { TransportFailure, TransportPhase } from '../forward/transport-failure.ts';
import { Problem } from '../problems/problem.ts';
import { TokenFailure } from '../tokens/token-failure.ts';
import { OWN_DEADLINE } from '../tokens/within-wait.ts';
import type { Effect } from './operation.ts';

/** The caller left before there was an answer: nobody is there to be told. */
export class CallerGone extends Error {
  constructor() {
    super('the caller closed the connection');
    this.name = 'CallerGone';
  }
}

const PHASE_TEXT: Readonly<Record<TransportPhase, string>> = {
  connect: 'connecting to the service',
  send: 'sending the request',
  'answer-head': 'waiting for the answer',
  'answer-body': 'reading the answer',
};

/**
 * Says what an attempt without a whole answer means for a request of this effect (RFC 9110, section 9.2.2: a request
 * that is not idempotent must not be taken for undone once it was sent).
 *
 * @param wasSentBefore an earlier attempt of the same request broke, so it may have been carried out all the same
 */
export function failureProblem(
  failure: TransportFailure,
  effect: Effect,
  deadline: Deadline,
  wasSentBefore = false,
): Problem | CallerGone {
  if (failure.reason === 'aborted') return new CallerGone();
  if (failure.cause instanceof Problem) return failure.cause; // the caller's own body broke a limit
  if (failure.reason === 'caller-body') return callerBodyFailed();
  if (!failure.bytesSent && !(wasSentBefore && effect === 'start')) return unreachable(failure, deadline);
  if (failure.reason === 'timeout') return timedOut(failure, effect, deadline);
  if (effect === 'start') return outcomeUnknown(502, failure, 'The connection broke before the whole answer was there');
  if (failure.reason === 'too-large') return answerTooLarge();
  return failure.reason === 'reset' ? connectionBroke(failure, effect) : notHttp(failure);
}

/** The same for a CSRF handshake: nothing of the message itself was sent, so its outcome is not in doubt. */
export function handshakeProblem(failure: TransportFailure, deadline: Deadline): Problem {
  if (!failure.bytesSent) return unreachable(failure, deadline);
  const what = failure.reason === 'timeout' ? timeOut(failure.phase, deadline) : 'The connection broke';
  return handshakeFailed(`${what} during the CSRF handshake, before the message itself was sent.`, deadline, failure);
}

/** The deadline of one request is over while a handshake that others wait for as well goes on. */
export function handshakeTooLate(deadline: Deadline): Problem {
  return handshakeFailed(
    `The time ran out during the CSRF handshake, after ${elapsed(deadline)}; the message itself was not sent.`,
    deadline,
  );
}

/** What was thrown while a token was waited for; where the deadline of this request was over first, it says so. */
export function tokenWaitProblem(error: unknown, deadline: Deadline): unknown {
  const cause = error instanceof Problem ? error.cause : undefined;
  if (!(cause instanceof TokenFailure) || cause.code !== OWN_DEADLINE) return error;
  return new Problem('token-unavailable', {
    detail: `The time ran out while waiting for an access token, after ${elapsed(deadline)}; nothing was sent.`,
    hint: `The time is set by ${deadline.setting}. Trying again is safe: the token is still being asked for.`,
    retryAfterSeconds: 1,
    cause,
  });
}

function handshakeFailed(detail: string, deadline: Deadline, cause?: TransportFailure): Problem {
  return new Problem('csrf-handshake-failed', {
    detail,
    hint: `The time is set by ${deadline.setting}. Trying again is safe.`,
    retryable: true,
    cause,
  });
}

function callerBodyFailed(): Problem {
  return new Problem('invalid-body', {
    detail: 'The body ended before its end.',
    hint: 'Send as many bytes as Content-Length says, without long pauses.',
  });
}

function unreachable(failure: TransportFailure, deadline: Deadline): Problem {
  const hints: Partial<Record<string, string>> = {
    certificate:
      'The certificate of the service is not trusted, has expired, or is for another host. A company authority is added with NODE_EXTRA_CA_CERTS.',
    timeout: `No connection within the time: a firewall, or a wrong host or port in the service address? The time is 3 s for one connection, and in all set by ${deadline.setting}.`,
  };
  return new Problem('upstream-unreachable', {
    detail:
      failure.reason === 'timeout'
        ? `${timeOut('connect', deadline)}; nothing was sent.`
        : 'No connection to the service came about; nothing was sent.',
    hint:
      hints[failure.reason] ??
      'Check the host of the service address, its DNS entry and the network between. Trying again is safe.',
    cause: failure,
  });
}

function timedOut(failure: TransportFailure, effect: Effect, deadline: Deadline): Problem {
  const detail = timeOut(failure.phase, deadline);
  if (effect === 'start') return outcomeUnknown(504, failure, detail, `The time is set by ${deadline.setting}. `);
  return new Problem('upstream-timeout', {
    detail: `${detail}.`,
    hint: `The time is set by ${deadline.setting}.${effect === 'read' ? ' Trying again is safe.' : ' Look at the state before you send it again.'}`,
    retryable: effect === 'read',
    cause: failure,
  });
}

function timeOut(phase: TransportPhase, deadline: Deadline): string {
  return `The time ran out while ${PHASE_TEXT[phase]}, after ${elapsed(deadline)}`;
}

function elapsed(deadline: Deadline): string {
  const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
  return `${seconds(deadline.elapsedMs())} of ${seconds(deadline.limitMs)}`;
}

function outcomeUnknown(status: number, failure: TransportFailure, what: string, hint = ''): Problem {
  return new Problem('outcome-unknown', {
    status,
    detail: `${what}: the request was sent and may have been carried out.`,
    hint: `${hint}Look whether it happened before you send it again.`,
    cause: failure,
  });
}

function connectionBroke(failure: TransportFailure, effect: Effect): Problem {
  const isRead = effect === 'read';
  return new Problem('upstream-failed', {
    detail: 'The service broke the connection before the whole answer was there.',
    hint: isRead ? 'Send the request again.' : 'Look at the state of the resource before you send it again.',
    retryable: isRead,
    cause: failure,
  });
}

function answerTooLarge(): Problem {
  return new Problem('upstream-protocol-error', {
    detail: 'The answer of the service is larger than this route allows.',
    hint: 'Ask for less at a time, where the route has parameters for it.',
  });
}

function notHttp(failure: TransportFailure): Problem {
  return new Problem('upstream-protocol-error', {
    detail: 'The answer of the service is not valid.',
    hint: 'The service address may lead to something else than the API. Compare it with the service key.',
    cause: failure,
  });
}
