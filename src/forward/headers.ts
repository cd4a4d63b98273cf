import type { AnswerHead } from './upstream-request.ts';

/** Headers as Node and undici give them: lower-case names, several lines of one name as one text or as a list. */
export type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lower-case names. */
export type AllowedHeaders = ReadonlySet<string> | readonly string[];

/** What every flow gets of the caller's request; a flow's own `headers` come on top. */
export const flowRequestHeaders: readonly string[] = [
  'content-type',
  'content-encoding',
  'accept',
  'accept-language',
  'sap_applicationid',
  'sap_messagetype',
  'sap_sender',
  'sap_receiver',
];

/**
 * What every caller gets of a flow's answer; a flow's own `responseHeaders` come on top. Only what is needed to read the
 * body: validators (`etag`, `last-modified`) would be promises that we break, as conditional requests are not forwarded
 * and no answer may be stored; the message processing log's id is for callers whose flow lists it.
 */
export const flowAnswerHeaders: readonly string[] = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'content-length',
];

/** Fields that are meant for one connection: RFC 9110, section 7.6.1, and RFC 7540, section 3.2.1. */
const hopByHopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Of a caller's request these never pass, even when somebody lists them: credentials, claims about who sent it, framing. */
const callersOwn: ReadonlySet<string> = new Set([
  ...hopByHopHeaders,
  'authorization',
  'cookie',
  'x-api-key',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-real-ip',
  'host',
  'content-length',
  'expect',
]);

/** Of an upstream's answer these never pass: sessions and challenges that are ours to meet, and policies for browsers. */
const upstreamsOwn: ReadonlySet<string> = new Set([
  ...hopByHopHeaders,
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
  'server',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-private-network',
  'access-control-expose-headers',
  'access-control-max-age',
]);

/**
 * Fields that describe the body and so belong to it, whoever carries it: a `Connection` header must not name them
 * (RFC 9110, section 7.6.1), and one that does must not turn a JSON body into one of an unknown type.
 */
const contentHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'content-length',
]);

/** Fields with one value (RFC 9110, section 5.3): two different ones contradict each other. */
const singletonHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-location',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
]);

/** Answers without a body: a length there would be another message's (RFC 9110, section 8.6). */
const bodilessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The headers of a caller's request that go on to the upstream: those on the list, without the caller's credentials,
 * cookies, forwarding headers and framing, which never pass.
 */
export function requestHeaders(incoming: IncomingHeaders, allowed: AllowedHeaders): Record<string, string> {
  return pick(incoming, allowed, callersOwn);
}

/**
 * The headers of an upstream's answer that go back to the caller: those on the list, without cookies, challenges and
 * browser policies, which never pass. `content-length` is that of the upstream: for a body that is passed on unchanged.
 */
export function answerHeaders(head: AnswerHead, allowed: AllowedHeaders): Record<string, string> {
  const picked = pick(head.headers, allowed, upstreamsOwn);
  if (bodilessStatuses.has(head.status)) delete picked['content-length'];
  return picked;
}

/**
 * The headers of `incoming` that are on the list, and nothing else. Hop-by-hop fields never pass, listed or not, nor
 * does a field that `Connection` names. Names are compared as they are, so that `content_type` is not `content-type`.
 * Several lines of a list field are joined; a field with one value that comes with two is left out.
 */
export function pickHeaders(incoming: IncomingHeaders, allowed: AllowedHeaders): Record<string, string> {
  return pick(incoming, allowed, hopByHopHeaders);
}

function pick(incoming: IncomingHeaders, allowed: AllowedHeaders, never: ReadonlySet<string>): Record<string, string> {
  const options = connectionOptions(incoming['connection']);
  const picked: Record<string, string> = {};
  for (const name of allowed) {
    if (never.has(name)) continue;
    if (options?.has(name) === true && !contentHeaders.has(name)) continue;
    const value = Object.hasOwn(incoming, name) ? singleValue(name, incoming[name]) : undefined;
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

function singleValue(name: string, value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  const [first] = value;
  if (value.every((other) => other === first)) return first;
  return singletonHeaders.has(name) ? undefined : value.join(', ');
}

/** The names in `Connection`; `undefined` for the usual values, which name no field. */
function connectionOptions(value: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  const text = typeof value === 'string' ? value : value.join(',');
  return new Set(text.split(',').map((option) => option.trim().toLowerCase()));
}
