import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';

/** More are refused with 431 (RFC 6585, section 5). Their size is limited by the server. */
const MAX_HEADERS = 100;

/** Fields that come once or not at all: a second one could be read differently by whoever reads the other. */
const ONCE = new Set([
  'host',
  'content-type',
  'content-length',
  'authorization',
  'x-api-key',
  'origin',
  'transfer-encoding',
  'content-encoding',
  'idempotency-key',
  'expect',
]);

/** Methods that some route may take. The answer to any other is the same everywhere. */
export const ALL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const KNOWN_METHODS = new Set(ALL_METHODS);

/** A host and a port (RFC 9110, section 7.2), without user information. */
const HOST = /^(?:[a-z0-9._~!$&'()*+,;=%-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i;

/**
 * The first step: a request that two readers could understand in two ways goes no further.
 *
 * @throws {Problem} `invalid-request`, `method-not-allowed` or `misdirected-request`
 */
export function checkRequest(request: IncomingMessage, { allowedHosts }: Pick<Config, 'allowedHosts'>): void {
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0')
    throw invalid(505, 'The request is not HTTP/1.1.', 'Send it as HTTP/1.1.');
  checkHeaders(request.rawHeaders);
  checkFraming(request);
  if (!KNOWN_METHODS.has(request.method ?? ''))
    throw new Problem('method-not-allowed', {
      detail: 'No route takes this method.',
      hint: 'Use one of the methods in Allow.',
      allow: ALL_METHODS,
    });
  checkHost(request, allowedHosts);
}

/** RFC 9112, section 3.2: a request with more than one Host is to be refused. */
function checkHeaders(rawHeaders: readonly string[]): void {
  if (rawHeaders.length > 2 * MAX_HEADERS)
    throw invalid(431, 'The request has too many headers.', `Send at most ${MAX_HEADERS}.`);
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) throw invalid(400, `The request carries the header ${name} twice.`, 'Send it once.');
    seen.add(name);
  }
}

/** Where a body ends must not depend on who reads it. Node's parser has refused what has a length and is chunked. */
function checkFraming({ httpVersion, headers }: IncomingMessage): void {
  const { 'transfer-encoding': coding, expect } = headers;
  if (coding !== undefined) checkCoding(coding, httpVersion);
  if (expect !== undefined && expect.toLowerCase() !== '100-continue' && httpVersion === '1.1')
    throw invalid(417, 'The expectation cannot be met.', 'Send Expect: 100-continue, or none.'); // RFC 9110, 10.1.1
}

/** RFC 9112, sections 6.1 and 6.3. */
function checkCoding(coding: string, httpVersion: string): void {
  const codings = coding.split(',').map((one) => one.trim().toLowerCase());
  if (httpVersion === '1.0' || codings.at(-1) !== 'chunked')
    throw invalid(400, 'The end of the body cannot be told.', 'Send it with Content-Length, or chunked in HTTP/1.1.');
  if (codings.length > 1)
    throw invalid(501, 'The transfer coding is not supported.', 'Send the body with Content-Length, or chunked alone.');
}

/** Probes come under any name, and what they are told is no secret. */
const PROBES = new Set(['/health', '/ready']);

function checkHost(request: IncomingMessage, allowedHosts: readonly string[] | undefined): void {
  const { host } = request.headers;
  if (host === undefined ? request.httpVersion === '1.1' : !HOST.test(host))
    throw invalid(
      400,
      'The request has no usable Host.',
      'Send the header Host: the name of this server, and its port.',
    );
  if (allowedHosts === undefined || PROBES.has(request.url ?? '')) return;
  const name = (host ?? '').toLowerCase();
  if (allowedHosts.includes(name) || allowedHosts.includes(name.replace(/:\d{1,5}$/, ''))) return;
  throw new Problem('misdirected-request', {
    detail: 'This server does not answer for the host that the request names.',
    hint: 'Use one of its own host names; its operator lists them in ALLOWED_HOSTS.',
  });
}

function invalid(status: number, detail: string, hint: string): Problem {
  return new Problem('invalid-request', { status, detail, hint });
}
