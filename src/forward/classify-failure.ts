import type { TransportCause, TransportPhase } from './transport-failure.ts';

/**
 * OpenSSL's verdicts on a certificate chain, as Node reports them (nodejs.org/api/tls.html, "X509 certificate error
 * codes"), and Node's own about the host name.
 */
const certificateCodes: ReadonlySet<string> = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
]);

/** The upstream's alert about our own certificate (RFC 8446, section 6.2); with TLS 1.3 it comes after the handshake. */
const certificateAlert = /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)$/;

const timeoutCodes: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

const protocolCodes: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);

/** undici's words for a 100 that nobody asked for and for an uninvited change of protocol. */
const invalidInterim: ReadonlySet<string> = new Set(['bad response', 'bad upgrade']);

export interface FailureFacts {
  readonly reason: TransportCause;
  /** The system's, Node's or undici's code; the error's name where it has no code. */
  readonly code: string;
}

/** What an error of undici, TLS or the system means for an attempt that had come as far as `phase`. */
export function classifyFailure(error: unknown, phase: TransportPhase): FailureFacts {
  const code = codeOf(error);
  return { reason: reasonOf(error, code, phase), code };
}

/** The error's code, else its name, else `UNKNOWN`. Never its message, which may hold an address. */
export function codeOf(error: unknown): string {
  return textOf(error, 'code') ?? textOf(error, 'name') ?? 'UNKNOWN';
}

function reasonOf(error: unknown, code: string, phase: TransportPhase): TransportCause {
  if (certificateCodes.has(code) || certificateAlert.test(code)) return 'certificate';
  if (timeoutCodes.has(code)) return 'timeout';
  if (code === 'UND_ERR_ABORTED' || code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') return 'aborted';
  if (phase === 'connect') return code === 'ETIMEDOUT' ? 'timeout' : 'refused';
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return 'caller-body';
  return isProtocolError(error, code, phase) ? 'protocol' : 'reset';
}

function isProtocolError(error: unknown, code: string, phase: TransportPhase): boolean {
  if (protocolCodes.has(code) || textOf(error, 'name') === 'HTTPParserError') return true;
  if (code !== 'UND_ERR_SOCKET') return false;
  // The other side closed the connection in order: within an answer that means that the answer was cut off.
  return phase === 'answer-body' || invalidInterim.has(textOf(error, 'message') ?? '');
}

function textOf(error: unknown, property: 'code' | 'name' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null || !(property in error)) return undefined;
  const value = (error as Record<typeof property, unknown>)[property];
  return typeof value === 'string' ? value : undefined;
}
