import { RequestError, TimeoutError } from 'got';
import { Problem } from '../problems/problem.ts';
import { tokenAddress } from './token-address.ts';
import { TokenFailure, type TokenPhase } from './token-failure.ts';
import { unusableConfiguration, unusableKeyPair } from './unusable-configuration.ts';

/** OpenSSL's and Node's names for a server certificate that is not to be trusted. */
const CERTIFICATE_CODES =
  /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|INVALID_CA)/;
/** Not valid HTTP, or a body that its Content-Encoding does not fit. */
const PROTOCOL_CODES = /^(HPE_|ERR_READING_RESPONSE_STREAM$|ERR_UNSUPPORTED_)/;
/** Our own PEM text cannot be read, or the key is not that of the certificate. */
const OWN_PEM_CODES = /^ERR_OSSL_/;
/** A configured header or address that cannot be part of a request. */
const OWN_REQUEST_CODES = /^ERR_(INVALID_CHAR|INVALID_HTTP_TOKEN|INVALID_URL|HTTP_INVALID_HEADER_VALUE)$/;

const CONNECTION_WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'its host name is not known'],
  ['EAI_AGAIN', 'its host name could not be looked up'],
  ['ECONNREFUSED', 'it refused the connection'],
  ['EHOSTUNREACH', 'there is no way to its network'],
  ['ENETUNREACH', 'there is no way to its network'],
]);

const PHASE_WORDS: Readonly<Record<TokenPhase, string>> = {
  configuration: 'before anything was sent',
  connect: 'while connecting',
  tls: 'during the TLS handshake',
  answer: 'while waiting for the answer',
};

/**
 * Turns what the HTTP client threw into a problem of our own and forgets the original, which carries the client secret
 * among its properties. Names phase and seconds, never the host.
 * @param elapsedMs since the request was begun
 */
export function explainTransportError(error: unknown, elapsedMs: number): Problem {
  const code = codeOf(error);
  if (OWN_PEM_CODES.test(code) || OWN_REQUEST_CODES.test(code)) return ownMistake(code);

  const phase = phaseOf(error);
  const seconds = (elapsedMs / 1000).toFixed(1);
  if (CERTIFICATE_CODES.test(code)) {
    return unavailable(new TokenFailure('certificate', 'tls', code), {
      detail: 'The certificate of the authorization server is not to be trusted.',
      hint: `Compare ${tokenAddress}. A private authority is made known to Node.js by NODE_EXTRA_CA_CERTS.`,
      retryable: false,
    });
  }
  if (PROTOCOL_CODES.test(code)) {
    return unavailable(new TokenFailure('answer', 'answer', code), {
      detail: 'The answer of the authorization server cannot be read.',
      hint: `Something else may answer at the token address: compare ${tokenAddress}.`,
    });
  }
  if (error instanceof TimeoutError) {
    return unavailable(new TokenFailure('timeout', phase, code), {
      detail: `The authorization server took too long: given up ${PHASE_WORDS[phase]}, after ${seconds} s.`,
      hint: `Try again. If this stays so, a firewall may stand in between: compare ${tokenAddress}.`,
    });
  }
  const words = CONNECTION_WORDS.get(code) ?? `the connection failed ${PHASE_WORDS[phase]}`;
  return unavailable(new TokenFailure('connection', phase, code), {
    detail: `The authorization server cannot be reached: ${words}, after ${seconds} s.`,
    hint: `Try again. If this stays so, compare ${tokenAddress}, and ask whether a firewall stands in between.`,
  });
}

function ownMistake(code: string): Problem {
  if (OWN_PEM_CODES.test(code)) return unusableKeyPair(code);
  return unusableConfiguration(
    code,
    'The token request cannot be sent as it is configured.',
    'Look for line breaks and unusual letters in `token.headers` and `token.url`, and restart.',
  );
}

function unavailable(cause: TokenFailure, details: { detail: string; hint: string; retryable?: boolean }): Problem {
  return new Problem('token-unavailable', { ...details, cause });
}

/** The code, if it looks like one: nothing else of the error is kept. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN';
}

/** How far the request had come, by the moments that got has noted. */
function phaseOf(error: unknown): TokenPhase {
  if (!(error instanceof RequestError) || error.timings?.connect === undefined) return 'connect';
  const { protocol } = new URL(String(error.options.url));
  return protocol === 'https:' && error.timings.secureConnect === undefined ? 'tls' : 'answer';
}
