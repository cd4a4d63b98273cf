import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';

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
]);

/** Methods that no route takes: the answer to them is the same everywhere. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const ALL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * The first step: a request that two readers could understand in two ways goes no further.
 *
 * @throws {Problem} `invalid-request`, `method-not-allowed` or `misdirected-request`
 */
export function checkRequest(request: IncomingMessage, { allowedHosts }: Pick<Config, 'allowedHosts'>): void {
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0')
    throw invalid(505, 'The request is not HTTP/1.1.', 'Send it as HTTP/1.1.');
  checkHeadersOnce(request.rawHeaders);
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw invalid(501, 'The transfer coding is not supported.', 'Send the body with Content-Length, or chunked alone.');
  if (!KNOWN_METHODS.has(request.method ?? ''))
    throw new Problem('method-not-allowed', {
      detail: 'No route takes this method.',
      hint: 'Use one of the methods in Allow.',
      allow: ALL_METHODS,
    });
  checkHost(request, allowedHosts);
}

/** RFC 9112, section 3.2: a request with more than one Host is to be refused. */
function checkHeadersOnce(rawHeaders: readonly string[]): void {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) throw invalid(400, `The request carries the header ${name} twice.`, 'Send it once.');
    seen.add(name);
  }
}

/** Probes come under any name, and what they are told is no secret. */
const PROBES = new Set(['/health', '/ready']);

function checkHost(request: IncomingMessage, allowedHosts: readonly string[] | undefined): void {
  const { host } = request.headers;
  if (host === undefined && request.httpVersion === '1.1')
    throw invalid(400, 'The request carries no Host.', 'Send the header Host.');
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
