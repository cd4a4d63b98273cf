import { bad, good, type Checked } from './checked.ts';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** Printable ASCII and blanks inside: nothing that could end a header line (RFC 9110, section 5.5). */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Hop-by-hop or framing (RFC 9110, section 7.6.1): they belong to one connection, in both directions. */
const CONNECTION_NAMES = [
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-*',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Credentials, who sent it through whom, and what this server sets itself: a caller may not choose them. */
const REQUEST_NAMES = [
  ...CONNECTION_NAMES,
  'authorization',
  'cookie',
  'cookie2',
  'forwarded',
  'sap-connectivity-*',
  'traceparent',
  'tracestate',
  'via',
  'x-api-key',
  'x-approuter-*',
  'x-correlation-id',
  'x-csrf-token',
  'x-custom-host',
  'x-forwarded-*',
  'x-http-method-override',
  'x-ias-token',
  'x-original-*',
  'x-real-ip',
  'x-rewrite-url',
];

/** What an upstream could use to steer the browser, or what this server answers itself. */
const ANSWER_NAMES = [
  ...CONNECTION_NAMES,
  'access-control-*',
  'age',
  'alt-svc',
  'cache-control',
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-*',
  'link',
  'location',
  'nel',
  'refresh',
  'report-to',
  'server',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'vary',
  'www-authenticate',
  'x-correlation-id',
  'x-csrf-token',
  'x-powered-by',
];

/** Headers of a token request that its client makes itself. */
const TOKEN_REQUEST_NAMES = [
  ...CONNECTION_NAMES,
  'authorization',
  'content-type',
  'cookie',
  'x-cf-encoded-credentials',
];

/** A request header that a flow may take from callers, in lower case. */
export function parseRequestHeaderName(text: string): Checked<string> {
  return parseHeaderName(text, REQUEST_NAMES, 'is never passed on from a caller');
}

/** An answer header that may pass from a flow to callers, in lower case. */
export function parseAnswerHeaderName(text: string): Checked<string> {
  return parseHeaderName(text, ANSWER_NAMES, 'is never passed on from a flow');
}

/** A further header of the token request, in lower case. */
export function parseTokenHeaderName(text: string): Checked<string> {
  return parseHeaderName(text, TOKEN_REQUEST_NAMES, 'is made by the token request itself');
}

export function parseHeaderValue(text: string): Checked<string> {
  if (!HEADER_VALUE.test(text.trim())) {
    return bad('is not the value of a header', 'Use printable ASCII without line breaks.');
  }
  return good(text.trim());
}

function parseHeaderName(text: string, refused: readonly string[], reason: string): Checked<string> {
  const name = text.trim().toLowerCase();
  if (!TOKEN.test(name)) return bad('is not the name of a header', 'Write the name alone, such as SAP_ApplicationID.');
  // Gateways read "_" as "-", so a name that differs only there is the same name to some of them.
  const folded = name.replaceAll('_', '-');
  if (refused.some((pattern) => matches(pattern, folded))) return bad(reason, 'Take it off the list.');
  return good(name);
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
