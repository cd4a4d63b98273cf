/** How far an attempt had come. */
export type TransportPhase = 'connect' | 'send' | 'answer-head' | 'answer-body';

/** Why it ended there. */
export type TransportCause =
  | 'timeout' // a phase or the deadline ran out
  | 'refused' // no connection: DNS, refused, unreachable, TLS
  | 'certificate' // TLS came up but the certificate is not to be trusted: never tried again
  | 'reset' // the connection broke, or was closed before an answer came
  | 'protocol' // the answer was not valid HTTP, or was cut off
  | 'too-large' // a success that was to be read into memory was larger than allowed
  | 'aborted' // our caller went away or takes nothing, or we are shutting down
  | 'caller-body'; // the caller's body failed while it was streamed: too large, too slow, cut off; `cause` says which

/**
 * An attempt that brought no whole answer. Carries facts only, no message of the library below; only a body that failed
 * has a `cause`, its own error (of `readBody`: a Problem to answer with).
 */
export class TransportFailure extends Error {
  readonly phase: TransportPhase;
  readonly reason: TransportCause;
  /** Whether a byte of the request may have reached a connected upstream. False licenses sending again. */
  readonly bytesSent: boolean;
  /** The system's or the library's code, such as `ECONNREFUSED`, for the log and for choosing a hint. */
  readonly code: string;
  /** Whether part of the answer has already gone to the caller. */
  readonly answerBegun: boolean;

  constructor(facts: {
    phase: TransportPhase;
    reason: TransportCause;
    bytesSent: boolean;
    code: string;
    answerBegun?: boolean;
    cause?: unknown;
  }) {
    super(`${facts.reason} in phase ${facts.phase} (${facts.code})`, { cause: facts.cause });
    this.name = 'TransportFailure';
    this.phase = facts.phase;
    this.reason = facts.reason;
    this.bytesSent = facts.bytesSent;
    this.code = facts.code;
    this.answerBegun = facts.answerBegun ?? false;
  }
}
