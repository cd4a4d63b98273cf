/** How far a token request had come. */
export type TokenPhase = 'configuration' | 'connect' | 'tls' | 'answer';

/** Why it ended there. */
export type TokenFailureReason =
  | 'configuration' // our own credential cannot be used: nothing was sent
  | 'connection' // no connection, or it broke
  | 'certificate' // TLS came up but the server's certificate is not to be trusted
  | 'timeout' // a phase or the whole request took too long
  | 'status' // an answer with another status than 200
  | 'answer'; // 200 without a usable token, or no valid HTTP

/**
 * The cause of a token problem, for the log and for choosing what to do next. Facts only: the errors of the HTTP client
 * carry the client secret among their properties, so none of them is ever kept, nor its message.
 */
export class TokenFailure extends Error {
  readonly reason: TokenFailureReason;
  readonly phase: TokenPhase;
  /** The system's or the client's code (`ECONNREFUSED`), or the name of what was wrong (`not-json`). */
  readonly code: string;
  /** Status of the answer, where one came. */
  readonly status: number | undefined;
  /** How long the server asks to be left alone, where it says so. May be longer than what callers are told. */
  readonly pauseSeconds: number | undefined;

  constructor(reason: TokenFailureReason, phase: TokenPhase, code: string, status?: number, pauseSeconds?: number) {
    super(`${reason} in phase ${phase} (${code})`);
    this.name = 'TokenFailure';
    this.reason = reason;
    this.phase = phase;
    this.code = code;
    this.status = status;
    this.pauseSeconds = pauseSeconds;
  }
}
