import { Counter, Gauge, Registry } from 'prom-client';
import { addProcessMetrics, type ProcessUsage } from './process-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import type { ServiceFacts } from './service-facts.ts';
import { addServiceGauges } from './service-gauges.ts';
import { addSharedGauges, type LedgerFacts } from './shared-gauges.ts';
import { TokenMetrics } from './token-metrics.ts';

export interface MetricsOptions {
  /** Brings the facts of all services, whenever metrics are asked for. */
  readonly look: () => readonly ServiceFacts[];
  readonly limits: { readonly concurrency: number; readonly perService: number };
  readonly ledger: () => LedgerFacts;
  /** Whether the shared store answers; `undefined`: there is none. */
  readonly isStoreUp?: (() => boolean) | undefined;
  readonly usage?: (() => ProcessUsage) | undefined;
}

const HANDSHAKES = ['token', 'none', 'failed'] as const;
const LIMITS = ['concurrency', 'perService'] as const;

/** `token`: it brought one; `none`: the sender gave none. */
export type HandshakeOutcome = (typeof HANDSHAKES)[number];
export type LimitName = (typeof LIMITS)[number];

/** All that is counted, for Prometheus. Each server has its own: nothing is kept beside it. */
export class Metrics {
  readonly requests: RequestMetrics;
  readonly tokens: TokenMetrics;
  readonly #registry = new Registry();
  readonly #handshakes: Counter;
  readonly #shed: Counter;
  readonly #stop: () => void;

  constructor({ look, limits, ledger, isStoreUp, usage }: MetricsOptions) {
    const registers = [this.#registry];
    this.requests = new RequestMetrics(this.#registry);
    this.tokens = new TokenMetrics(this.#registry);
    this.#handshakes = new Counter({
      name: 'flowgate_csrf_handshakes_total',
      help: 'CSRF handshakes with the senders of flows. "none": the sender gave no token.',
      labelNames: ['service', 'outcome'],
      registers,
    });
    this.#shed = new Counter({
      name: 'flowgate_requests_shed_total',
      help: 'Requests that were refused because as many were under way as the named limit allows.',
      labelNames: ['service', 'limit'],
      registers,
    });
    const limitGauge = new Gauge({
      name: 'flowgate_requests_limit',
      help: 'How many requests may be under way: in all (concurrency), and to each service (perService).',
      labelNames: ['limit'],
      registers,
    });
    for (const limit of LIMITS) limitGauge.set({ limit }, limits[limit]);
    addServiceGauges(this.#registry, look);
    addSharedGauges(this.#registry, ledger, isStoreUp);
    this.#stop = addProcessMetrics(this.#registry, usage);
  }

  /** Shows a service from zero on. */
  expectService(service: string, has: { readonly token: boolean; readonly handshakes: boolean }): void {
    for (const limit of LIMITS) this.#shed.inc({ service, limit }, 0);
    if (has.token) this.tokens.expect(service);
    if (has.handshakes) for (const outcome of HANDSHAKES) this.#handshakes.inc({ service, outcome }, 0);
  }

  noteHandshake(service: string, outcome: HandshakeOutcome): void {
    this.#handshakes.inc({ service, outcome });
  }

  noteShed(service: string, limit: LimitName): void {
    this.#shed.inc({ service, limit });
  }

  /** The text format of Prometheus, version 0.0.4. */
  async answer(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  /** Ends what runs beside requests. */
  close(): void {
    this.#stop();
  }
}
