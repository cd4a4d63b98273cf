import { Histogram, type Registry } from 'prom-client';
import { problemTable, type ProblemCode } from '../problems/problem-table.ts';
import type { RequestRecord } from './request-record.ts';
import { Tallies, type Tally } from './tallies.ts';

/** Upper bounds in seconds: from an answer of our own to the longest deadline that is usual. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A request whose caller left before there was an answer has no status of its own. */
const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const ABORTED = 'aborted';

/** Methods that are counted under their name; a caller can make up others. */
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What the ledger may know of a key; those that it refuses are among the problems. */
const KEYED = ['run', 'replay', 'unknown'] as const;

interface RouteSeries {
  readonly duration: Histogram.Internal<string>;
  readonly byStatus: ReadonlyMap<string, Tally>;
}

interface ServiceSeries {
  readonly tokenWait: Histogram.Internal<string>;
  readonly upstream: Histogram.Internal<string>;
  readonly byCode: ReadonlyMap<string, Tally>;
  readonly byKeyed: ReadonlyMap<string, Tally>;
}

/**
 * What is counted of every request, at its end. Labels are names of the configuration and templates of routes, never
 * something that a caller wrote; each combination is made once, so that counting a request makes nothing new.
 */
export class RequestMetrics {
  readonly #requests: Tallies;
  readonly #durations: Histogram;
  readonly #tokenWaits: Histogram;
  readonly #upstream: Histogram;
  readonly #problems: Tallies;
  readonly #keyed: Tallies;
  readonly #callerRequests: Tallies;
  /** By template and method: a template belongs to one service. */
  readonly #routes = new Map<string, Map<string, RouteSeries>>();
  readonly #services = new Map<string, ServiceSeries>();
  readonly #callers = new Map<string, Tally>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Tallies(registry, {
      name: 'flowgate_requests_total',
      help: 'Requests, by the class of the status that was answered; "aborted": the caller left before.',
      labels: ['service', 'route', 'method', 'status'],
    });
    this.#durations = new Histogram({
      name: 'flowgate_request_duration_seconds',
      help: 'From the head of a request to the end of its answer.',
      labelNames: ['service', 'route', 'method'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#tokenWaits = new Histogram({
      name: 'flowgate_token_wait_duration_seconds',
      help: 'How long requests waited for an access token. Those that found one at once are not in it.',
      labelNames: ['service'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#upstream = new Histogram({
      name: 'flowgate_upstream_duration_seconds',
      help: 'From sending to the end of the answer of the service, over all attempts of a request.',
      labelNames: ['service'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#problems = new Tallies(registry, {
      name: 'flowgate_problems_total',
      help: 'Requests that were answered with a problem, by its code. Without a service: none was reached.',
      labels: ['service', 'code'],
    });
    this.#keyed = new Tallies(registry, {
      name: 'flowgate_keyed_requests_total',
      help: 'Requests under an Idempotency-Key: run, answered with the first answer, or looked up because its end was unknown.',
      labels: ['service', 'outcome'],
    });
    this.#callerRequests = new Tallies(registry, {
      name: 'flowgate_caller_requests_total',
      help: 'Requests of each caller of the configuration, whatever became of them.',
      labels: ['caller'],
    });
  }

  /** Makes the series of a route before its first request. */
  expectRoute(service: string, template: string, method: string): void {
    this.#serviceSeries(service);
    this.#routeSeries(service, template, method);
  }

  /** Makes the series of a caller before its first request. */
  expectCaller(name: string): void {
    this.#callerSeries(name);
  }

  /** @param status `undefined`: there was no answer */
  observe(record: RequestRecord, status: number | undefined): void {
    const { service = '', route = '', caller, code, keyed, durationMs, tokenMs, upstreamMs } = record;
    // HEAD works where GET does, and is counted with it.
    const method = record.method === 'HEAD' ? 'GET' : record.method;
    const ofRoute = this.#routeSeries(service, route, METHODS.has(method) ? method : 'other');
    ofRoute.duration.observe(durationMs / 1000);
    count(ofRoute.byStatus.get(statusClass(status)));
    const ofService = this.#serviceSeries(service);
    if (tokenMs > 0) ofService.tokenWait.observe(tokenMs / 1000);
    if (upstreamMs > 0) ofService.upstream.observe(upstreamMs / 1000);
    if (code !== undefined) count(ofService.byCode.get(code));
    if (keyed !== undefined) count(ofService.byKeyed.get(keyed));
    if (caller !== undefined) count(this.#callerSeries(caller));
  }

  #routeSeries(service: string, route: string, method: string): RouteSeries {
    let methods = this.#routes.get(route);
    if (methods === undefined) this.#routes.set(route, (methods = new Map<string, RouteSeries>()));
    let series = methods.get(method);
    if (series === undefined) methods.set(method, (series = this.#makeRoute({ service, route, method })));
    return series;
  }

  #makeRoute(labels: { service: string; route: string; method: string }): RouteSeries {
    const statuses = [...STATUS_CLASSES, ABORTED].map(
      (status) => [status, this.#requests.series({ ...labels, status })] as const,
    );
    return { duration: this.#durations.labels(labels), byStatus: new Map(statuses) };
  }

  #serviceSeries(service: string): ServiceSeries {
    let series = this.#services.get(service);
    if (series === undefined) this.#services.set(service, (series = this.#makeService(service)));
    return series;
  }

  #makeService(service: string): ServiceSeries {
    const codes = Object.keys(problemTable) as ProblemCode[];
    const fromZero = true;
    return {
      tokenWait: this.#tokenWaits.labels({ service }),
      upstream: this.#upstream.labels({ service }),
      byCode: new Map(codes.map((code) => [code, this.#problems.series({ service, code }, { fromZero })])),
      byKeyed: new Map(KEYED.map((outcome) => [outcome, this.#keyed.series({ service, outcome })])),
    };
  }

  #callerSeries(caller: string): Tally {
    let series = this.#callers.get(caller);
    if (series === undefined)
      this.#callers.set(caller, (series = this.#callerRequests.series({ caller }, { fromZero: true })));
    return series;
  }
}

function count(tally: Tally | undefined): void {
  if (tally) tally.count++;
}

function statusClass(status: number | undefined): string {
  if (status === undefined) return ABORTED;
  return STATUS_CLASSES[Math.floor(status / 100) - 2] ?? ABORTED;
}
