import type { Limits, RateLimit, ServiceConfig, TokenClient } from '../config/config.ts';
import type { Deadline } from '../forward/deadline.ts';
import type { TokenSnapshot } from '../tokens/token-events.ts';
import { mayHappenTwice } from './may-happen-twice.ts';
import { baseUrlOf } from './offers.ts';
import type { Beforehand, Effect, ForwardOperation, Operation, OperationInput, OperationRequest } from './operation.ts';
import { repeatTable, type Setback } from './repeat-table.ts';

/** What Flowgate would do with a request. Holds no credential and nothing of a body. */
export interface Explanation {
  readonly operation: {
    readonly service: string;
    readonly kind: ServiceConfig['kind'];
    readonly id: string;
    /** `POST /api/workflow/definitions/:id/instances` */
    readonly route: string;
    readonly summary: string;
    readonly effect: Effect;
    readonly authorities: readonly string[];
  };
  readonly grant: GrantDecision;
  /** `null`: it is answered here, and nothing is sent. */
  readonly upstream: UpstreamExplanation | null;
  readonly limits: {
    readonly bodyBytes: number;
    readonly concurrency: number;
    readonly perService: number;
    /** Of this caller; `null`: none. */
    readonly rate: RateLimit | null;
  };
  readonly deadline: { readonly ms: number; readonly setting: string };
}

/** Whether a caller may send the request, and why. */
export interface GrantDecision {
  readonly caller: string;
  readonly allowed: boolean;
  /** The entry of its `allow` list that matches. */
  readonly by?: string;
  /** The entry that is missing. */
  readonly needs?: string;
}

interface UpstreamExplanation {
  /** A read that goes first, and decides whether anything more is sent. */
  readonly beforehand: { readonly operation: string; readonly method: string; readonly url: string } | null;
  readonly method: string;
  readonly url: string;
  /** Only what says nothing of anybody is shown; of the rest only that it is sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly token: TokenExplanation | null;
  readonly csrf: { readonly mode: 'auto' | 'always'; readonly endpoint: string } | null;
  /** When the request would be sent a second time, in words. */
  readonly sentAgain: readonly string[];
}

interface TokenExplanation {
  readonly endpoint: string;
  readonly authentication: TokenClient['auth'];
  /** Of the token that would be sent; absent where no server runs. */
  readonly state?: TokenSnapshot['state'];
  readonly ageSeconds?: number;
  readonly expiresInSeconds?: number;
}

export interface ExplainContext {
  readonly service: ServiceConfig;
  readonly operation: Operation;
  /** Checked, as the operation takes it. */
  readonly input: OperationInput;
  readonly grant: GrantDecision;
  readonly deadline: Deadline;
  readonly limits: Limits;
  readonly rate: RateLimit | undefined;
  readonly token: TokenSnapshot | undefined;
}

/** Headers whose values may be shown. */
const SHOWN_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'content-encoding', 'user-agent', 'via']);
const WITHHELD = '[withheld]';
const OF_THE_REQUEST = '[of the request]';

/**
 * Says what would be done with a request, from the same table that decides it, and does nothing.
 *
 * @throws {Problem} where the operation refuses its input
 */
export function explainOperation(context: ExplainContext): Explanation {
  const { service, operation, grant, limits, rate = null, deadline } = context;
  const { id, method, path, summary, effect, authorities } = operation;
  return {
    operation: {
      service: service.name,
      kind: service.kind,
      id,
      route: `${method} /api/${service.name}${path}`,
      summary,
      effect,
      authorities,
    },
    grant,
    upstream: operation.kind === 'forward' ? explainUpstream(operation, context) : null,
    limits: {
      bodyBytes: bodyLimit(operation, limits),
      concurrency: limits.concurrency,
      perService: limits.perService,
      rate,
    },
    deadline: { ms: deadline.limitMs, setting: deadline.setting },
  };
}

function explainUpstream(operation: ForwardOperation, { service, input, token }: ExplainContext): UpstreamExplanation {
  const request = operation.toRequest(input);
  return {
    beforehand: operation.beforehand ? explainBeforehand(operation.beforehand, service, input) : null,
    method: request.method,
    url: urlOf(service, request),
    headers: shownHeaders(operation, request, service.token !== undefined),
    body: describeBody(operation, request, input),
    token: service.token ? explainToken(service.token, token) : null,
    csrf: operation.csrf ?? null,
    sentAgain: sentAgain(operation, request.method, service.token !== undefined),
  };
}

function explainBeforehand({ read }: Beforehand, service: ServiceConfig, input: OperationInput) {
  const request = read.toRequest(input);
  return { operation: read.id, method: request.method, url: urlOf(service, request) };
}

function urlOf(service: ServiceConfig, { path }: OperationRequest): string {
  const base = baseUrlOf(service);
  return `${base.origin}${base.pathname.replace(/\/$/, '')}${path}`;
}

/** The headers of the operation, and those that every call gets. */
function shownHeaders(
  operation: ForwardOperation,
  { headers, body }: OperationRequest,
  hasToken: boolean,
): Record<string, string> {
  const isJson = body !== undefined && operation.body.kind === 'json';
  const own = Object.entries({ ...(isJson && { 'content-type': 'application/json' }), ...headers });
  const shown = own.map(([name, value]) => [name, SHOWN_HEADERS.has(name) ? value : WITHHELD] as const);
  return {
    ...Object.fromEntries(shown),
    ...(operation.csrf && { 'x-csrf-token': 'where the sender asks for one, with its cookies' }),
    ...(hasToken && { authorization: `Bearer ${WITHHELD}` }),
    'user-agent': 'flowgate',
    via: '1.1 flowgate',
    'x-correlation-id': OF_THE_REQUEST,
    traceparent: OF_THE_REQUEST,
  };
}

function describeBody(operation: ForwardOperation, request: OperationRequest, input: OperationInput): string {
  if (input.formType !== undefined) return 'a form, made of the one that came';
  if (operation.body.kind === 'stream') return 'the bytes of the caller, as they come';
  if (request.body === undefined) return 'none';
  return request.body === input.body ? 'the bytes of the caller, as they came' : 'made of what was checked';
}

function explainToken({ url, auth }: TokenClient, snapshot: TokenSnapshot | undefined): TokenExplanation {
  if (snapshot === undefined) return { endpoint: url, authentication: auth };
  const { state, obtainedAtMs, expiresInSeconds } = snapshot;
  return {
    endpoint: url,
    authentication: auth,
    state,
    ...(obtainedAtMs !== undefined && { ageSeconds: Math.max(0, Math.round((Date.now() - obtainedAtMs) / 1000)) }),
    ...(expiresInSeconds !== undefined && { expiresInSeconds }),
  };
}

function bodyLimit({ body }: Operation, { bodyBytes }: Limits): number {
  if (body.kind === 'stream') return body.maxBytes;
  return body.kind === 'json' ? bodyBytes : 0;
}

/** What may be sent again, in the order in which a request can meet it. All other setbacks end the call. */
const CAUSES = ['not-connected', 'token-refused', 'csrf-wanted', 'busy', 'connection-broke'] as const;

/** The table of repeats, in words. */
function sentAgain(operation: ForwardOperation, method: string, hasToken: boolean): string[] {
  const isHarmless = mayHappenTwice(operation, method);
  const lines = CAUSES.filter((cause) => canMeet(cause, operation, hasToken)).map((cause) => {
    const { anything, harmless } = repeatTable[cause];
    return `${timesOf(isHarmless ? harmless : anything)}, when ${causeText(cause, operation.effect)}`;
  });
  return operation.body.kind === 'stream'
    ? [...lines, 'never at all with a body of more than 256 KiB, which is not kept']
    : lines;
}

function canMeet(cause: Setback, { csrf, repeatsWhenBusy }: ForwardOperation, hasToken: boolean): boolean {
  if (cause === 'token-refused') return hasToken;
  if (cause === 'csrf-wanted') return csrf !== undefined;
  return cause !== 'busy' || repeatsWhenBusy === true;
}

function timesOf(count: number): string {
  if (count === 0) return 'never';
  return count === 1 ? 'once' : `${count} times`;
}

function causeText(cause: (typeof CAUSES)[number], effect: Effect): string {
  switch (cause) {
    case 'not-connected':
      return 'no connection came about: nothing was sent';
    case 'token-refused':
      return effect === 'start' ? 'the token was refused, and the refusal proves it' : 'the token was refused';
    case 'csrf-wanted':
      return 'the sender asks for a CSRF token: the flow has not run';
    case 'busy':
      return 'the service says that it is busy, and nothing was done';
    case 'connection-broke':
      return 'the connection broke before an answer came: it may have been done';
  }
}
