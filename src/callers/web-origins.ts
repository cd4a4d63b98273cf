import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { Caller } from './caller.ts';

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What browsers say of requests that no other site has caused (Fetch Metadata). */
const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'same-site', 'none']);

/** What pages of allowed origins may read of an answer, beside its body. */
const EXPOSED_HEADERS = 'Location, X-Total-Count, Retry-After, x-correlation-id, Idempotent-Replayed, RateLimit';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What pages may send beside the headers of flows. */
const REQUEST_HEADERS = [
  'accept',
  'accept-language',
  'authorization',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'prefer',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-correlation-id',
];

/** How long a browser may keep the answer to a preflight, seconds. Chromium keeps none for longer than two hours. */
const MAX_AGE_S = 600;

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Which web pages may call, by the exact origins of the configuration (WHATWG Fetch, CORS protocol). Credentials mode is
 * never granted: no cookie means anything here. Neither is access from public to private networks.
 */
export class WebOrigins {
  /** Where CORS is on, every answer says that it depends on the origin. */
  readonly isOn: boolean;
  readonly #common: ReadonlySet<string>;
  readonly #own: ReadonlySet<string>;
  /** The headers of an answer to a page, by its origin: all origins of the configuration. */
  readonly #answerHeaders: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #requestHeaders: ReadonlySet<string>;
  readonly #preflightHeaders: ReadonlyMap<string, string>;

  /** @param flowHeaders request headers that flows take, in any case */
  constructor(
    { corsOrigins, publicUrl, callers }: Pick<Config, 'corsOrigins' | 'publicUrl' | 'callers'>,
    flowHeaders: Iterable<string>,
  ) {
    const origins = new Set([...corsOrigins, ...callers.flatMap((caller) => caller.origins ?? [])]);
    this.isOn = origins.size > 0;
    this.#common = new Set(corsOrigins);
    this.#own = new Set(ownOrigins(publicUrl));
    this.#answerHeaders = new Map(
      [...origins].map((origin) => [
        origin,
        new Map([
          ['access-control-allow-origin', origin],
          ['access-control-expose-headers', EXPOSED_HEADERS],
        ]),
      ]),
    );
    this.#requestHeaders = new Set([...REQUEST_HEADERS, ...[...flowHeaders].map((name) => name.toLowerCase())]);
    this.#preflightHeaders = new Map([
      ['access-control-allow-methods', METHODS.join(', ')],
      ['access-control-allow-headers', [...this.#requestHeaders].join(', ')],
      ['access-control-max-age', String(MAX_AGE_S)],
    ]);
  }

  /** Lets pages of allowed origins read the answer, whatever it will be: also a 401, a 413, a 503. */
  letRead({ headers }: IncomingMessage, response: ServerResponse): void {
    if (!this.isOn) return;
    response.setHeader('Vary', 'Origin');
    const allowed = headers.origin === undefined ? undefined : this.#answerHeaders.get(headers.origin);
    if (allowed) response.setHeaders(allowed as Map<string, string>);
  }

  /**
   * Refuses writes that a page of another site has caused, before anything else of them is looked at. Reads go on: their
   * answer is not shown to such a page.
   *
   * @throws {Problem} `origin-not-allowed`
   */
  refuseForeignWrite({ method, headers }: IncomingMessage): void {
    if (SAFE_METHODS.has(method)) return;
    const { origin } = headers;
    if (origin === undefined ? OWN_SITES.has(headers['sec-fetch-site']) : this.#isKnown(origin)) return;
    throw notAllowed();
  }

  /**
   * Answers a preflight, for which browsers send no credential.
   *
   * @returns whether it was one
   * @throws {Problem} `origin-not-allowed`
   */
  answerPreflight({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = headers;
    const wantedMethod = headers['access-control-request-method'];
    if (method !== 'OPTIONS' || origin === undefined || wantedMethod === undefined) return false;
    response.setHeader('Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
    if (!this.#isKnown(origin)) throw notAllowed();
    const wantedHeaders = headers['access-control-request-headers'] ?? '';
    const isGranted = METHODS.includes(wantedMethod) && this.#takes(wantedHeaders);
    if (isGranted) response.setHeaders(this.#preflightHeaders as Map<string, string>);
    response.statusCode = 204;
    response.end();
    return true;
  }

  /**
   * To a caller that names its own origins every other page is foreign, even one that other callers name: its writes are
   * refused, and it cannot see what it reads.
   *
   * @throws {Problem} `origin-not-allowed`
   */
  checkCaller(
    { origins = this.#common }: Caller,
    { method, headers }: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { origin } = headers;
    if (origin === undefined || origins.has(origin)) return;
    const letRead = this.#answerHeaders.get(origin);
    if (letRead === undefined || this.#own.has(origin)) return;
    if (!SAFE_METHODS.has(method)) throw notAllowed();
    for (const name of letRead.keys()) response.removeHeader(name);
  }

  #isKnown(origin: string): boolean {
    return this.#answerHeaders.has(origin) || this.#own.has(origin);
  }

  /** @param list field names, comma separated */
  #takes(list: string): boolean {
    return list.split(',').every((name) => name.trim() === '' || this.#requestHeaders.has(name.trim().toLowerCase()));
  }
}

/** The origin of this server's own pages. On one's own machine it has several names. */
function ownOrigins(publicUrl: string): string[] {
  const { protocol, hostname, port } = new URL(publicUrl);
  if (!LOOPBACK_HOSTS.includes(hostname)) return [publicUrl];
  return LOOPBACK_HOSTS.map((host) => `${protocol}//${host}${port === '' ? '' : `:${port}`}`);
}

function notAllowed(): Problem {
  return new Problem('origin-not-allowed', {
    detail: 'The web page that sent this has an origin that is not allowed.',
    hint: 'Add the exact origin, scheme and port, to CORS_ORIGINS or to "origins" of the caller.',
  });
}
