import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Callers } from '../callers/callers.ts';
import { Concurrency } from '../callers/concurrency.ts';
import { WebOrigins } from '../callers/web-origins.ts';
import type { Config } from '../config/config.ts';
import { flowRequestHeaders } from '../forward/headers.ts';
import { Ledger } from '../ledger/ledger.ts';
import { MemoryRecords } from '../ledger/memory-records.ts';
import { Problem } from '../problems/problem.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ProcessUsage } from '../telemetry/process-metrics.ts';
import { RequestRecord, type RequestObserver } from '../telemetry/request-record.ts';
import { Tracing } from '../telemetry/tracing.ts';
import { createAdmission } from './admission.ts';
import { createApi, type Service } from './api.ts';
import { createMetrics, expectAll } from './create-metrics.ts';
import { createServices } from './create-services.ts';
import { answerError, handler, localsOf } from './exchange.ts';
import { operatorRoute } from './operator-routes.ts';
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

/**
 * Puts the rooms together. The order of the middleware below is the policy: read it from top to bottom.
 *
 * @param usage tells what the process uses, for metrics
 */
export function createFlowgate(config: Config, log: Log, usage?: () => ProcessUsage): Flowgate {
  const concurrency = new Concurrency(config.limits, (service, limit) => metrics.noteShed(service, limit));
  const metrics = createMetrics(config, {
    services: () => services,
    running: (service) => concurrency.running(service),
    usage,
  });
  const services = createServices(config, log, metrics);
  expectAll(
    metrics,
    config,
    services.map(({ offer }) => offer),
  );
  const origins = new WebOrigins(config, headersOfFlows(config));
  const admit = createAdmission(new Callers(config), origins);
  const api = createApi({
    admit,
    concurrency,
    routes: routesOf(services),
    ledger: new Ledger(new MemoryRecords()),
    maxJsonBytes: config.limits.bodyBytes,
    timeoutMs: config.limits.timeoutMs,
  });
  const pages = createPublicPages(config, admit);
  const tracing = Tracing.ifRegistered(config.publicUrl);
  if (tracing) log.info('an OpenTelemetry SDK is registered: it gets a trace of each request');

  const app = express();
  app.set('env', 'production'); // whatever NODE_ENV says: Express's own last resort shows a stack otherwise
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);
  app.set('trust proxy', config.trustedProxyHops);
  app.use(beginExchange(log, origins, metrics, tracing));
  app.use(refuseAmbiguity(config, origins));
  app.all('/health', handler(health));
  app.all(
    '/metrics',
    operatorRoute('/metrics', admit, () => metrics.answer()),
  );
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
      metrics.close();
      await Promise.all(services.map(({ client }) => client.close()));
    },
  };
}

function routesOf(services: readonly Service[]): RouteTable<Service> {
  const routes = new RouteTable<Service>();
  for (const service of services)
    for (const operation of service.offer.operations)
      routes.add(`/api/${service.offer.service}${operation.path}`, service, operation);
  return routes;
}

/** Gives the request its correlation id, its record and the headers that every answer has. */
function beginExchange(log: Log, origins: WebOrigins, metrics: Metrics, tracing: Tracing | undefined) {
  const everyAnswer = securityHeaders();
  const count: RequestObserver = (record, status) => metrics.requests.observe(record, status);
  return (request: Request, response: Response, next: NextFunction): void => {
    const { 'x-correlation-id': correlationId, traceparent } = request.headers;
    const record = new RequestRecord(request.method, { correlationId, traceparent }, tracing);
    localsOf(response).record = record;
    record.writeWhenDone(response, log, count);
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
