import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Callers } from '../callers/callers.ts';
import { Concurrency } from '../callers/concurrency.ts';
import { WebOrigins } from '../callers/web-origins.ts';
import type { Config } from '../config/config.ts';
import { flowRequestHeaders } from '../forward/headers.ts';
import { Problem } from '../problems/problem.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ProcessUsage } from '../telemetry/process-metrics.ts';
import { RequestRecord, type RequestObserver } from '../telemetry/request-record.ts';
import { Tracing } from '../telemetry/tracing.ts';
import { TokenSharing } from '../tokens/token-sharing.ts';
import { createAdmission } from './admission.ts';
import { createApi, type Service } from './api.ts';
import { createMetrics, expectAll } from './create-metrics.ts';
import { createServices } from './create-services.ts';
import { answerError, handler, localsOf, type Handle } from './exchange.ts';
import { InFlight } from './in-flight.ts';
import { operatorRoute } from './operator-routes.ts';
import { healthRoute, readyRoute, shuttingDown } from './probes.ts';
import { createPublicPages } from './public-pages.ts';
import { Readiness } from './readiness.ts';
import { parseTarget, type RequestTarget } from './request-target.ts';
import { RouteTable } from './route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { closeSharedParts, createSharedParts, type SharedParts } from './shared-parts.ts';
import { statusDocument } from './status.ts';
import { checkRequest } from './strict-request.ts';

export interface Flowgate {
  readonly app: Express;
  /** From now on every new request is refused; those that run go on. */
  beginDraining(): void;
  /** Waits until nothing runs any more, then closes all connections. */
  close(): Promise<void>;
}

export interface FlowgateOptions {
  /** Tells what the process uses, for metrics. */
  readonly usage?: (() => ProcessUsage) | undefined;
  /** What is shared with a Flowgate before or after this one, and closed by whoever made it. */
  readonly shared?: SharedParts | undefined;
}

/** Puts the rooms together. */
export function createFlowgate(config: Config, log: Log, options: FlowgateOptions = {}): Flowgate {
  const { usage, shared = createSharedParts(config, log) } = options;
  const { store, ledger, tokens } = shared;
  const concurrency = new Concurrency(config.limits, (service, limit) => metrics.noteShed(service, limit));
  const running = (service: string): number => concurrency.running(service);
  const metrics = createMetrics(config, { services: () => services, running, ledger, store, usage });
  const sharing = store && new TokenSharing(store);
  const services = createServices(config, log, { metrics, cache: tokens, sharing });
  const clients = services.map(({ client }) => client);
  expectAll(
    metrics,
    config,
    services.map(({ offer }) => offer),
  );
  const origins = new WebOrigins(config, headersOfFlows(config));
  const admit = createAdmission(new Callers(config, store), origins);
  const inFlight = new InFlight();
  const { timeoutMs, bodyBytes: maxJsonBytes } = config.limits;
  const api = createApi({ admit, inFlight, concurrency, routes: routesOf(services), ledger, maxJsonBytes, timeoutMs });
  const pages = createPublicPages(config, admit);
  const tracing = Tracing.ifRegistered(config.publicUrl);
  if (tracing) log.info('an OpenTelemetry SDK is registered: it gets a trace of each request');
  const configuredAtMs = Date.now();
  let isDraining = false;
  const status = (): object =>
    statusDocument({ config, services, running, store, ledger, isDraining, inFlight, configuredAtMs });

  const app = createApp({
    trustedProxyHops: config.trustedProxyHops,
    begin: beginExchange(log, origins, metrics, tracing),
    refuseAmbiguity: refuseAmbiguity(config, origins),
    isDraining: () => isDraining,
    routes: new Map([
      ['health', healthRoute()],
      ['ready', readyRoute(new Readiness(clients))],
      ['metrics', operatorRoute('/metrics', admit, () => metrics.answer())],
      ['status', operatorRoute('/status', admit, () => jsonAnswer(status()))],
    ]),
    answer: (request, response, segments) =>
      segments[0] === 'api' ? api(request, response) : (pages(segments) ?? notFound)(request, response),
  });
  return {
    app,
    beginDraining() {
      isDraining = true;
    },
    async close() {
      await inFlight.idle();
      metrics.close();
      await Promise.all(clients.map((client) => client.close()));
      if (options.shared === undefined) await closeSharedParts(shared);
    },
  };
}

interface AppParts {
  readonly trustedProxyHops: number;
  readonly begin: RequestHandler;
  readonly refuseAmbiguity: RequestHandler;
  readonly isDraining: () => boolean;
  /** Paths of one segment that belong to no service. */
  readonly routes: ReadonlyMap<string, Handle>;
  readonly answer: (request: Request, response: Response, segments: readonly string[]) => Promise<void> | void;
}

/** The order of the middleware is the policy: read it from top to bottom. */
function createApp(parts: AppParts): Express {
  const app = express();
  app.set('env', 'production'); // whatever NODE_ENV says: Express's own last resort shows a stack otherwise
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);
  app.set('trust proxy', parts.trustedProxyHops);
  app.use(parts.begin);
  app.use(refuseWhile(parts.isDraining));
  app.use(parts.refuseAmbiguity);
  app.use(
    handler((request, response) => {
      const { segments } = localsOf(response).target;
      const [first = ''] = segments;
      const route = segments.length === 1 ? parts.routes.get(first) : undefined;
      return route ? route(request, response) : parts.answer(request, response, segments);
    }),
  );
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    answerError(error, response);
  });
  return app;
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

/** An instance that ends takes nothing new, and lets go of the connections that are still open to it. */
function refuseWhile(isDraining: () => boolean): RequestHandler {
  return (_request, response, next) => {
    if (!isDraining()) {
      next();
      return;
    }
    response.setHeader('Connection', 'close');
    throw shuttingDown();
  };
}

function jsonAnswer(document: object) {
  return { contentType: 'application/json', body: JSON.stringify(document) };
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

function notFound(): never {
  throw new Problem('not-found', {
    detail: 'There is no such route.',
    hint: 'The routes of services live below /api/<service>. Paths are compared with case and without a final slash.',
  });
}
