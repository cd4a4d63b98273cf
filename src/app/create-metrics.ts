import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Offer } from '../services/operation.ts';
import type { ServiceClient } from '../services/service-client.ts';
import type { SharedStore } from '../store/shared-store.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { ProcessUsage } from '../telemetry/process-metrics.ts';
import type { ServiceFacts } from '../telemetry/service-facts.ts';

/** Beside the services, which are made later, because they tell the metrics what happens to them. */
export interface MetricsParts {
  readonly services: () => readonly { readonly offer: Offer; readonly client: ServiceClient }[];
  /** How many requests to a service are under way. */
  readonly running: (service: string) => number;
  readonly ledger: Ledger;
  readonly store: SharedStore | undefined;
  readonly usage: (() => ProcessUsage) | undefined;
}

/** What is counted, with all names of this configuration known from the start. */
export function createMetrics(config: Config, { services, running, ledger, store, usage }: MetricsParts): Metrics {
  const look = (): ServiceFacts[] =>
    services().map(({ offer: { service }, client }) => ({ service, running: running(service), ...client.snapshot() }));
  return new Metrics({
    look,
    limits: config.limits,
    ledger: () => ledger.stats(),
    isStoreUp: store && (() => store.state === 'up'),
    usage,
  });
}

/** Shows routes, services and callers from zero on. */
export function expectAll(metrics: Metrics, { callers, services }: Config, offers: readonly Offer[]): void {
  for (const { name, token, kind } of services)
    metrics.expectService(name, { token: token !== undefined, handshakes: kind === 'sap-integration' });
  for (const { service, operations } of offers)
    for (const { path, method } of operations) metrics.requests.expectRoute(service, `/api/${service}${path}`, method);
  for (const { name } of callers) metrics.requests.expectCaller(name);
  // What reaches no route.
  metrics.requests.expectRoute('', '', 'GET');
}
