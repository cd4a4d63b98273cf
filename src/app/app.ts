import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Callers } from '../callers/callers.ts';
import { Concurrency } from '../callers/concurrency.ts';
import { WebOrigins } from '../callers/web-origins.ts';
import type { Config } from '../config/config.ts';
import { flowRequestHeaders } from '../forward/headers.ts';
import { Transport } from '../forward/transport.ts';
import { Ledger } from '../ledger/ledger.ts';
import { MemoryRecords } from '../ledger/memory-records.ts';
import { Problem } from '../problems/problem.ts';
import { explainOperation } from '../services/explain-operation.ts';
import { baseUrlOf, offerOf } from '../services/offers.ts';
import { ServiceClient } from '../services/service-client.ts';
import type { Log } from '../telemetry/log.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import { logTokenEvent } from '../tokens/log-token-event.ts';
import { TokenSources } from '../tokens/token-sources.ts';
import { createAdmission } from './admission.ts';
import { createApi, type Service } from './api.ts';
import { answerError, handler, localsOf } from './exchange.ts';
import type { Explain } from './explain-request.ts';
import { createPublicPages } from './public-pages.ts';
import { refuseWrites } from './read-only.ts';
import { parseTarget, type RequestTarget } from './request-target.ts';
import { RouteTable } from './route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { checkRequest } from './strict-request.ts';

export interface Flowgate {
  readonly app: Express;
  /** Waits for upstream calls that run, then closes all connections. */
  close(): Promise<void>;
}

/** Puts the rooms together. The order of the middleware below is the policy: read it from top to bottom. */
export function createFlowgate(config: Config, log: Log): Flowgate {
  const services = createServices(config, log);
  const origins = new WebOrigins(config, headersOfFlows(config));
  const admit = createAdmission(new Callers(config), origins);
  const api = createApi({
    admit,
    concurrency: new Concurrency(config.limits),
    routes: routesOf(services),
    ledger: new Ledger(new MemoryRecords()),
    maxJsonBytes: config.limits.bodyBytes,
    timeoutMs: config.limits.timeoutMs,
  });
  const pages = createPublicPages(config, admit);

  const app = express();
  app.set('env', 'production'); // whatever NODE_ENV says: Express's own last resort shows a stack otherwise
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);
  app.set('trust proxy', config.trustedProxyHops);
  app.use(beginExchange(log, origins));
  app.use(refuseAmbiguity(config, origins));
  app.all('/health', handler(health));
  app.use(
    handler(async (request, response) => {
      const { segments } = localsOf(response).target;
      const answer = segments[0] === 'api' ? api : (pages(segments) ?? notFound);
      await answer(request, response);
    }),
  );
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    answerError(error, response);
  });
  return {
    app,
    async close() {
      await Promise.all(services.map(({ client }) => client.close()));
    },
  };
}

function createServices(config: Config, log: Log): Service[] {
  const tokens = new TokenSources({
    onEvent: (event) => logTokenEvent(log, event),
  });
  return config.services.map((service) => {
    const base = baseUrlOf(service);
    const transport = new Transport(base.origin);
    const offer = offerOf(service);
    const basePath = base.pathname.replace(/\/$/, '');
    const tokenSource = service.token && tokens.for(service.token);
    const client = new ServiceClient(transport, tokenSource, basePath, offer);
    const explain: Explain = (request) =>
      explainOperation({ ...request, service, limits: config.limits, token: tokenSource?.snapshot() });
    return { offer, client, identity: service.identity, explain };
  });
}

function routesOf(services: readonly Service[]): RouteTable<Service> {
  const routes = new RouteTable<Service>();
  for (const service of services)
    for (const operation of service.offer.operations)
      routes.add(`/api/${service.offer.service}${operation.path}`, service, operation);
  return routes;
}

/** Gives the request its correlation id, its record and the headers that every answer has. */
function beginExchange(log: Log, origins: WebOrigins) {
  const everyAnswer = securityHeaders();
  return (request: Request, response: Response, next: NextFunction): void => {
    const { 'x-correlation-id': correlationId, traceparent } = request.headers;
    const record = new RequestRecord(request.method, { correlationId, traceparent });
    localsOf(response).record = record;
    record.writeWhenDone(response, log);
    response.setHeaders(everyAnswer);
    response.setHeader('x-correlation-id', record.correlationId);
    response.setHeader('traceparent', record.traceparent);
    origins.letRead(request, response);
    next();
  };
}

/** Nothing that could be understood in two ways goes on, nothing that a foreign page has caused; preflights end here. */
function refuseAmbiguity(config: Config, origins: WebOrigins) {
  return (request: Request, response: Response, next: NextFunction): void => {
    localsOf(response).target = checkedTarget(request, response, config);
    origins.refuseForeignWrite(request);
    if (!origins.answerPreflight(request, response)) next();
  };
}

/** A connection on which one ambiguous request came is not trusted with a further one. */
function checkedTarget(request: Request, response: Response, config: Config): RequestTarget {
  try {
    checkRequest(request, config);
    return parseTarget(request.url);
  } catch (error) {
    response.setHeader('Connection', 'close');
    throw error;
  }
}

/** The headers that pages may send along: what some flow takes. */
function headersOfFlows({ services }: Config): string[] {
  const configured = services.flatMap((service) =>
    service.kind === 'sap-integration' ? service.flows.flatMap(({ headers }) => headers) : [],
  );
  return [...flowRequestHeaders, ...configured];
}

/** Alive, and nothing else: it is answered before callers and without a look at any upstream. */
function health(request: Request, response: Response): void {
  refuseWrites(request);
  localsOf(response).record.route = '/health';
  response.setHeader('Content-Type', 'application/json');
  response.end('{"status":"ok"}');
}

function notFound(): never {
  throw new Problem('not-found', {
    detail: 'There is no such route.',
    hint: 'The routes of services live below /api/<service>. Paths are compared with case and without a final slash.',
  });
}
