import type { FlowMethod, HttpRouteConfig, HttpServiceConfig } from '../config/config.ts';
import { flowAnswerHeaders, requestHeaders } from '../forward/headers.ts';
import type { AnswerHead } from '../forward/upstream-request.ts';
import { isSuccess } from './answers.ts';
import { httpServiceRefusals } from './http-service-refusals.ts';
import type { Effect, ForwardOperation, Offer, OperationInput } from './operation.ts';
import { anySegment } from './path-segment.ts';
import { formatQuery } from './query.ts';

/** What every API gets of the caller's request; the service's own `headers` come on top. */
const REQUEST_HEADERS = ['content-type', 'content-encoding', 'accept', 'accept-language'];

/** What every caller gets of an answer. `Retry-After` belongs to the 429 that passes. */
const ANSWER_HEADERS = [...flowAnswerHeaders, 'retry-after'];

/** RFC 9110, section 9.2: what a method promises about being sent twice. */
const EFFECTS: Readonly<Record<FlowMethod, Effect>> = {
  GET: 'read',
  PUT: 'change',
  DELETE: 'change',
  POST: 'start',
  PATCH: 'start',
};

/** Any other API behind the same kind of token: the routes that the configuration names, and nothing else of it. */
export function httpService(service: HttpServiceConfig): Offer {
  const ids = new Set<string>();
  const operations = service.routes.map((route) => routeOperation(operationId(route, ids), route, service));
  return { service: service.name, operations, refusalRules: httpServiceRefusals };
}

/** `get-products-id`, with a number where two paths differ in their signs alone. */
function operationId({ method, path }: HttpRouteConfig, taken: Set<string>): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const plain = [method.toLowerCase(), ...words].join('-');
  let id = plain;
  for (let at = 2; taken.has(id); at++) id = `${plain}-${at}`;
  taken.add(id);
  return id;
}

function routeOperation(id: string, route: HttpRouteConfig, service: HttpServiceConfig): ForwardOperation {
  const { method, path, target } = route;
  const { headers, responseHeaders, timeoutMs, maxBodyBytes } = service;
  const allowed = new Set([...REQUEST_HEADERS, ...headers]);
  return {
    kind: 'forward',
    id,
    method,
    path,
    summary: `${method} ${target} of the API`,
    effect: EFFECTS[method],
    authorities: [],
    query: { kind: 'pass' },
    body: method === 'GET' ? { kind: 'none' } : { kind: 'stream', maxBytes: maxBodyBytes },
    status: 200,
    paramPatterns: Object.fromEntries(paramNames(path).map((name) => [name, anySegment])),
    passes: isTheApisOwn,
    answerHeaders: [...ANSWER_HEADERS, ...responseHeaders],
    timeout: { ms: timeoutMs, setting: `timeout of the service ${service.name}, or limits.timeout` },
    toRequest: (input) => ({
      method,
      path: `${targetPath(target, input)}${formatQuery(input.query)}`,
      headers: requestHeaders(input.headers, allowed),
    }),
  };
}

function paramNames(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part.startsWith(':'))
    .map((part) => part.slice(1));
}

/** The rest of a `**` comes encoded again already. */
function targetPath(target: string, { params }: OperationInput): string {
  return target
    .split('/')
    .map((part) => {
      if (part === '**') return params['rest'] ?? '';
      return part.startsWith(':') ? encodeURIComponent(params[part.slice(1)] ?? '') : part;
    })
    .join('/');
}

/**
 * Successes and the API's refusals pass. Not its own are redirects, what is said of our credentials, its failures, and
 * what the platform's router says in its place.
 */
function isTheApisOwn(head: AnswerHead): boolean {
  const { status, headers } = head;
  if (headers['x-cf-routererror'] !== undefined || status === 401 || status === 403) return false;
  return isSuccess(head) || (status >= 400 && status < 500);
}
