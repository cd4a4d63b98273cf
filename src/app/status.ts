import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ServiceClient, ServiceSnapshot } from '../services/service-client.ts';
import type { SharedStore } from '../store/shared-store.ts';
import type { InFlight } from './in-flight.ts';

export interface StatusParts {
  readonly config: Pick<Config, 'services'>;
  /** In the order of the configuration. */
  readonly services: readonly { readonly client: ServiceClient }[];
  /** How many requests to a service are under way. */
  readonly running: (service: string) => number;
  readonly store: SharedStore | undefined;
  readonly ledger: Ledger;
  readonly isDraining: boolean;
  readonly inFlight: InFlight;
  /** When this configuration was taken. Wall clock, milliseconds. */
  readonly configuredAtMs: number;
}

/** What is known of this instance and its services without asking anybody. No secret, no address, no data of callers. */
export function statusDocument(parts: StatusParts): object {
  const { config, services, running, store, ledger, isDraining, inFlight, configuredAtMs } = parts;
  return {
    state: isDraining ? 'draining' : 'running',
    time: new Date().toISOString(),
    configuredAt: new Date(configuredAtMs).toISOString(),
    running: inFlight.count,
    store: store === undefined ? { kind: 'memory' } : { kind: 'redis', state: store.state },
    ledger: ledger.stats(),
    services: config.services.map(({ name, kind }, at) => ({
      name,
      kind,
      running: running(name),
      ...serviceStatus(services[at]?.client.snapshot()),
    })),
  };
}

function serviceStatus(snapshot: ServiceSnapshot | undefined): object {
  if (snapshot === undefined) return {};
  const { breaker, closedForSeconds, connections, token } = snapshot;
  return { breaker, closedForSeconds, connections, token: tokenStatus(token) };
}

function tokenStatus(token: ServiceSnapshot['token']): object | null {
  if (token === undefined) return null;
  const { obtainedAtMs, lastProblemCode, ...facts } = token;
  return {
    ...facts,
    ...(obtainedAtMs === undefined ? {} : { obtainedAt: new Date(obtainedAtMs).toISOString() }),
    ...(lastProblemCode === undefined ? {} : { lastProblem: lastProblemCode }),
  };
}
