import type { TransportFailure } from '../forward/transport-failure.ts';

/** Why an attempt did not bring what was wanted. */
export type Setback =
  | 'not-connected' // DNS, refused, unreachable, no connection or TLS handshake in time: nothing was sent
  | 'certificate' // TLS came up and the certificate is not to be trusted: nothing was sent
  | 'token-refused' // 401, SAP's 403 to a token from the cache, a kind's own sign: nothing was done
  | 'csrf-wanted' // 403 that asks for a CSRF token: the flow has not run
  | 'busy' // 409 while something runs in the background: nothing was done
  | 'connection-broke' // it may have been carried out
  | 'answer-broken' // cut off, or not HTTP: it may have been carried out
  | 'timed-out' // it may have been carried out, and there is no time left
  | 'given-up'; // by our caller, or because of its body

interface RepeatRule {
  /** How often the same request is sent again within one call, whatever it is … */
  readonly anything: number;
  /** … or when it may happen twice without harm. */
  readonly harmless: number;
  /** Before each repeat, milliseconds. */
  readonly pausesMs: readonly number[];
  /** Whether it tells of trouble: such repeats come out of a budget, so that they do not add to it. */
  readonly isTrouble: boolean;
}

const never = { anything: 0, harmless: 0, pausesMs: [], isTrouble: false } as const;

/**
 * What may be sent again. Nothing else is, and every repeat is decided here: once a byte of a start has reached a
 * connected service, only a refusal that proves that nothing was done licenses another (RFC 9110, section 9.2.2).
 *
 * Statuses are not here: 429 and 503 say when to come back, and after 408, 421, 425 and 5xx it is for the caller to
 * decide.
 */
export const repeatTable: Readonly<Record<Setback, RepeatRule>> = {
  'not-connected': { anything: 1, harmless: 1, pausesMs: [100], isTrouble: true },
  certificate: never,
  'token-refused': { anything: 1, harmless: 1, pausesMs: [0], isTrouble: false },
  'csrf-wanted': { anything: 1, harmless: 1, pausesMs: [0], isTrouble: false },
  busy: { anything: 2, harmless: 2, pausesMs: [300, 900], isTrouble: true }, // of operations that declare it
  'connection-broke': { anything: 0, harmless: 1, pausesMs: [100], isTrouble: true },
  'answer-broken': never,
  'timed-out': never,
  'given-up': never,
};

/** By the phase that an attempt reached and the reason why it ended there. */
export function setbackOf({ reason, bytesSent, answerBegun }: TransportFailure): Setback {
  switch (reason) {
    case 'aborted':
    case 'caller-body':
      return 'given-up';
    case 'certificate':
      return 'certificate';
    case 'timeout':
      return bytesSent ? 'timed-out' : 'not-connected';
    case 'refused':
      return 'not-connected';
    case 'reset':
      return answerBegun ? 'answer-broken' : 'connection-broke';
    case 'protocol':
    case 'too-large':
      return 'answer-broken';
  }
}
