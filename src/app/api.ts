import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Caller } from '../callers/caller.ts';
import type { Concurrency } from '../callers/concurrency.ts';
import { identityOf, noIdentity } from '../callers/identity.ts';
import type { IdentityConfig } from '../config/config.ts';
import type { GrantDecision } from '../services/explain-operation.ts';
import { parseIdempotencyKey } from '../ledger/idempotency-key.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Problem } from '../problems/problem.ts';
import type {
  ForwardOperation,
  Method,
  Offer,
  Operation,
  OperationAnswer,
  OperationInput,
} from '../services/operation.ts';
import { parseQuery, type QueryPair } from '../services/query.ts';
import { lookUpOutcome, runOperation, type RunContext, type StreamedBody } from '../services/run-operation.ts';
import type { ServiceClient } from '../services/service-client.ts';
import type { Admission } from './admission.ts';
import { localsOf } from './exchange.ts';
import { asksToExplain, checkExplainGrant, explanationAnswer, neededGrant, type Explain } from './explain-request.ts';
import type { InFlight } from './in-flight.ts';
import { operationParams, routeSegments } from './operation-params.ts';
import { readOperationBody } from './read-operation-body.ts';
import { requestDeadline } from './request-deadline.ts';
import type { FoundRoute, RouteTable } from './route-table.ts';
import { runKeyed, takesKey } from './run-keyed.ts';

/** Node writes head and body at once where the body is a text; in Latin-1 that is byte for byte the same. */
const ONE_WRITE_BYTES = 16 * 1024;

/** One configured service, ready to be called. */
export interface Service {
  readonly offer: Offer;
  readonly client: ServiceClient;
  readonly identity: IdentityConfig | undefined;
  readonly explain: Explain;
}

export interface ApiParts {
  readonly admit: Admission;
  readonly inFlight: InFlight;
  readonly concurrency: Concurrency;
  readonly routes: RouteTable<Service>;
  readonly ledger: Ledger;
  /** Largest JSON body, bytes. */
  readonly maxJsonBytes: number;
  readonly timeoutMs: number;
}

/** A request that may be answered: whose it is, and which route it found. */
interface Visit {
  readonly found: FoundRoute<Service>;
  readonly caller: Caller;
  /** Who acts upstream, where the service wants to know it. */
  readonly identity: string | undefined;
  /** Where the caller asks what would be done, instead of having it done: whether it may have it done. */
  readonly explained: GrantDecision | undefined;
  readonly request: Request;
  readonly response: Response;
}

/**
 * Everything below `/api`. The order of the checks is public: credential, path, method, grant, then parameters, content
 * type and body; nothing goes upstream before all of them are passed.
 */
export function createApi(parts: ApiParts) {
  const { admit, inFlight, concurrency, routes } = parts;
  const visit = async (request: Request, response: Response): Promise<void> => {
    const { record, target } = localsOf(response);
    const caller = await admit(request, response);
    const found = findRoute(routes, target.segments, request.method);
    const { service, operation, template } = found.route;
    record.service = service.offer.service;
    record.route = template;
    record.operation = operation.id;
    record.params = found.params;
    const explained = asksToExplain(request) ? checkExplainGrant(caller, found) : undefined;
    if (explained === undefined) {
      record.starts = operation.effect === 'start';
      checkGrant(caller, operation.method, found);
    }
    const identity = checkIdentity(caller, service.identity, operation);
    concurrency.enter(service.offer.service);
    try {
      await answer({ found, caller, identity, explained, request, response }, parts);
    } catch (error) {
      throw error instanceof Problem ? error.forService(service.offer.service) : error;
    } finally {
      whenClosed(response, () => concurrency.leave(service.offer.service));
    }
  };
  return (request: Request, response: Response): Promise<void> => {
    inFlight.begin();
    return visit(request, response).finally(() => inFlight.end());
  };
}

async function answer(visit: Visit, parts: ApiParts): Promise<void> {
  const { found, explained, request, response } = visit;
  const { service, operation, template } = found.route;
  const { input, streamed } = await readInput(visit, parts);
  const { deadline, waitSeconds } = requestDeadline(operation, parts.timeoutMs, request.headers['prefer']);
  if (waitSeconds !== undefined) response.setHeader('Preference-Applied', `wait=${waitSeconds}`);
  const { client, offer } = service;
  const { record } = localsOf(response);
  const isImpatient = waitSeconds !== undefined;
  const context: RunContext = { offer, client, request, response, record, deadline, isImpatient, streamed };
  try {
    const answer = explained
      ? explanationAnswer(service.explain({ operation, input, grant: explained, deadline }))
      : operation.kind === 'local'
        ? operation.answer(input)
        : await run(operation, input, context, { ledger: parts.ledger, template });
    if (answer) sendAnswer(response, answer);
  } finally {
    streamed?.stream.destroy();
  }
}

/** What the operation is made of, checked against its declarations. */
async function readInput(
  { found, caller, identity, request, response }: Visit,
  { maxJsonBytes, timeoutMs }: ApiParts,
): Promise<{ input: OperationInput; streamed: StreamedBody | undefined }> {
  const { record, target } = localsOf(response);
  const { operation } = found.route;
  const params = operationParams(found);
  const query = checkQuery(operation, parseQuery(target.query));
  const idempotencyKey = takesKey(operation) ? parseIdempotencyKey(request.headers['idempotency-key']) : undefined;
  const read = readOperationBody(request, operation.body, {
    maxJsonBytes,
    streamMs: operation.kind === 'forward' ? (operation.timeout?.ms ?? timeoutMs) : timeoutMs,
    inMemory: idempotencyKey !== undefined,
  });
  const { body, json, formType, streamed } = read instanceof Promise ? await read : read;
  record.bytesIn = body?.length ?? streamed?.length ?? 0;
  const input: OperationInput = {
    method: operation.method,
    params,
    query,
    body,
    json,
    formType,
    headers: request.headers,
    caller: caller.name,
    idempotencyKey,
    freshId: randomUUID(),
    identity,
    mayCall: (method, path) => caller.grants.allows(method, path.slice(1).split('/')),
  };
  return { input, streamed };
}

function run(
  operation: ForwardOperation,
  input: OperationInput,
  context: RunContext,
  { ledger, template }: { ledger: Ledger; template: string },
): Promise<OperationAnswer | undefined> {
  const { idempotencyKey: key, caller, identity, method, params, query, body, headers, formType } = input;
  if (key === undefined) return runOperation(operation, input, context);
  const service = context.offer.service;
  const contentType = formType ?? headers['content-type'];
  return runKeyed(
    ledger,
    { key, caller, identity, service, method, template, params, query, contentType, body },
    {
      ...context,
      operation,
      run: (watch) => runOperation(operation, input, { ...context, watch }),
      lookUp: (window) => lookUpOutcome(operation, input, context, window),
    },
  );
}

/** A request has its place for as long as anything of it runs: the call upstream, or the answer to a slow reader. */
function whenClosed(response: Response, leave: () => void): void {
  if (response.closed) leave();
  else response.once('close', leave);
}

/** HEAD works where GET does: the answer is that of GET without its body. */
function findRoute(routes: RouteTable<Service>, segments: readonly string[], method: string): FoundRoute<Service> {
  const found = routes.find(segments, (method === 'HEAD' ? 'GET' : method) as Method);
  if (found === undefined)
    throw new Problem('not-found', {
      detail: 'There is no such route.',
      hint: 'Paths are compared with case and without a final slash. Services and flows are those of the configuration.',
    });
  if ('route' in found) return found;
  throw new Problem('method-not-allowed', {
    detail: 'The route exists, but not with this method.',
    hint: 'Use one of the methods in Allow.',
    allow: found.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])),
  });
}

function checkGrant(caller: Caller, method: Method, found: FoundRoute<Service>): void {
  if (caller.grants.allowsRoute(method, found.route.template, () => routeSegments(found))) return;
  throw new Problem('forbidden', {
    detail: `The caller ${caller.name} may not call this route.`,
    hint: `Its "allow" list in the configuration needs an entry such as "${neededGrant(method, found)}".`,
  });
}

/** Who acts upstream, where the service wants to know it. */
function checkIdentity(caller: Caller, config: IdentityConfig | undefined, operation: Operation): string | undefined {
  const identity = identityOf(caller, config);
  if (operation.needsIdentity === true && identity === undefined) throw noIdentity(config);
  return identity;
}

function checkQuery(operation: Operation, query: QueryPair[]): QueryPair[] {
  if (operation.query.kind === 'none' && query.length > 0)
    throw new Problem('invalid-parameter', {
      detail: 'This route takes no query parameters.',
      hint: 'Leave them out: a parameter that would be ignored is refused.',
    });
  return query;
}

function sendAnswer(response: Response, { status, headers = {}, body }: OperationAnswer): void {
  const { record } = localsOf(response);
  record.bytesOut = response.req.method === 'HEAD' ? 0 : (body?.length ?? 0);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body !== undefined) response.setHeader('Content-Length', body.length);
  if (response.req.method === 'HEAD' || body === undefined) response.end();
  else if (body.length > ONE_WRITE_BYTES) response.end(body);
  else response.end(body.toString('latin1'), 'latin1');
}
