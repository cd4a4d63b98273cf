import { Counter, Gauge, type Registry } from 'prom-client';
import type { ServiceFacts, TokenFacts } from './service-facts.ts';

interface ServiceGauge {
  readonly name: string;
  readonly help: string;
  /** The label beside `service`, where there is one: `read` brings a number for each of its values then. */
  readonly label?: string;
  /** `undefined`: there is nothing to show. */
  readonly read: (facts: ServiceFacts) => number | undefined | Readonly<Record<string, number>>;
}

const ofToken =
  <T>(read: (token: TokenFacts) => T) =>
  ({ token }: ServiceFacts): T | undefined =>
    token && read(token);

const gauges: readonly ServiceGauge[] = [
  {
    name: 'flowgate_requests_in_flight',
    help: 'Requests that are under way.',
    read: ({ running }) => running,
  },
  {
    name: 'flowgate_breaker_state',
    help: 'Whether calls go out to the service: 1 for the state that holds.',
    label: 'state',
    read: ({ breaker }) => oneOf(breaker, ['closed', 'half-open', 'open']),
  },
  {
    name: 'flowgate_upstream_closed_seconds',
    help: 'How long nothing is sent to the service, because it fails or asked to be left alone. 0: it is.',
    read: ({ closedForSeconds }) => closedForSeconds,
  },
  {
    name: 'flowgate_upstream_connections',
    help: 'Open connections to the service.',
    label: 'state',
    read: ({ connections: { connected, free } }) => ({ busy: connected - free, free }),
  },
  {
    name: 'flowgate_upstream_queued_requests',
    help: 'Requests that wait for a connection to the service.',
    read: ({ connections }) => connections.queued,
  },
  {
    name: 'flowgate_token_state',
    help: 'The state of the access token: 1 for the one that holds.',
    label: 'state',
    read: ofToken(({ state }) => oneOf(state, ['none', 'valid', 'refreshing', 'failing'])),
  },
  {
    name: 'flowgate_token_age_seconds',
    help: 'Age of the access token. Absent without a usable one.',
    read: ofToken(({ obtainedAtMs }) => obtainedAtMs && Math.max(0, (Date.now() - obtainedAtMs) / 1000)),
  },
  {
    name: 'flowgate_token_expires_in_seconds',
    help: 'How long the access token may still be used. Absent without a usable one.',
    read: ofToken(({ expiresInSeconds }) => expiresInSeconds),
  },
];

/**
 * The state of services, read when somebody asks for metrics and never on the way of a request.
 *
 * @param look brings the facts of all services
 */
export function addServiceGauges(registry: Registry, look: () => readonly ServiceFacts[]): void {
  for (const gauge of gauges) addGauge(registry, gauge, look);
  const requests = new Counter({
    name: 'flowgate_token_requests_total',
    help: 'Requests to the token endpoint, repeats included. Services that share an OAuth client show the same number.',
    labelNames: ['service'],
    registers: [registry],
    collect: () => {
      requests.reset();
      for (const { service, token } of look()) if (token) requests.inc({ service }, token.requests);
    },
  });
}

function addGauge(
  registry: Registry,
  { name, help, label, read }: ServiceGauge,
  look: () => readonly ServiceFacts[],
): void {
  const gauge = new Gauge({
    name,
    help,
    labelNames: label === undefined ? ['service'] : ['service', label],
    registers: [registry],
    collect: () => {
      gauge.reset();
      for (const facts of look()) show(gauge, label, facts.service, read(facts));
    },
  });
}

function show(gauge: Gauge, label: string | undefined, service: string, reading: ReturnType<ServiceGauge['read']>) {
  if (typeof reading === 'number') gauge.set({ service }, reading);
  else if (reading !== undefined && label !== undefined)
    for (const [value, number] of Object.entries(reading)) gauge.set({ service, [label]: value }, number);
}

/** 1 for the state that holds, 0 for the others. */
function oneOf(state: string, states: readonly string[]): Record<string, number> {
  return Object.fromEntries(states.map((known) => [known, known === state ? 1 : 0]));
}
