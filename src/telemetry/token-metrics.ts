import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ProblemCode } from '../problems/problem-table.ts';
import { DURATION_BUCKETS } from './request-metrics.ts';

/** What happened to the token of a client. */
export type TokenHappening =
  | { readonly type: 'obtained'; readonly durationMs: number }
  | { readonly type: 'failed'; readonly durationMs: number; readonly code: ProblemCode; readonly pauseMs: number }
  | { readonly type: 'refused'; readonly status: 401 | 403 }
  | { readonly type: 'secret-changed' }
  | { readonly type: 'quota'; readonly quotas: readonly Quota[] };

interface Quota {
  readonly of: 'client' | 'organization';
  readonly period: string;
  readonly remaining: number;
}

/** With what a fetch ends. */
const OUTCOMES = ['obtained', 'token-unavailable', 'credentials-rejected', 'internal'] as const;
/** Of the periods that a server may name, those that become labels. */
const PERIODS: ReadonlySet<string> = new Set(['per_minute', 'per_hour', 'per_day', 'per_month']);

/** What happens to access tokens. Services that share an OAuth client share its tokens: they count under the first. */
export class TokenMetrics {
  readonly #fetches: Counter;
  readonly #durations: Histogram;
  readonly #refusals: Counter;
  readonly #coolDowns: Counter;
  readonly #quotas: Gauge;
  /** Monotonic, when the pause after a failed fetch is over, by service. */
  readonly #pauseEndsMs = new Map<string, number>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#fetches = new Counter({
      name: 'flowgate_token_fetches_total',
      help: 'Access tokens that were asked for, by what came of it.',
      labelNames: ['service', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'flowgate_token_fetch_duration_seconds',
      help: 'How long it took to ask for an access token, repeats included.',
      labelNames: ['service'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#refusals = new Counter({
      name: 'flowgate_token_refusals_total',
      help: 'Access tokens that the service refused, and that were thrown away.',
      labelNames: ['service', 'status'],
      registers,
    });
    this.#coolDowns = new Counter({
      name: 'flowgate_token_cool_downs_total',
      help: 'How often the authorization server was left alone for a while after a failure.',
      labelNames: ['service'],
      registers,
    });
    this.#quotas = new Gauge({
      name: 'flowgate_token_quota_remaining',
      help: 'Access tokens that may still be had, as the authorization server last told. Absent where it does not tell.',
      labelNames: ['service', 'of', 'period'],
      registers,
    });
    this.#addPauses(registers);
  }

  /** Shows a service from zero on: an alert on growth would miss the first of each otherwise. */
  expect(service: string): void {
    for (const outcome of OUTCOMES) this.#fetches.inc({ service, outcome }, 0);
    for (const status of ['401', '403']) this.#refusals.inc({ service, status }, 0);
    this.#coolDowns.inc({ service }, 0);
    this.#pauseEndsMs.set(service, 0);
  }

  note(service: string, happening: TokenHappening): void {
    if (happening.type === 'refused') this.#refusals.inc({ service, status: String(happening.status) });
    if (happening.type === 'obtained') this.#noteFetch(service, 'obtained', happening.durationMs, 0);
    if (happening.type === 'failed') this.#noteFetch(service, happening.code, happening.durationMs, happening.pauseMs);
    if (happening.type === 'quota')
      for (const { of, period, remaining } of happening.quotas)
        if (PERIODS.has(period)) this.#quotas.set({ service, of, period }, remaining);
  }

  #noteFetch(service: string, outcome: string, durationMs: number, pauseMs: number): void {
    this.#fetches.inc({ service, outcome });
    this.#durations.observe({ service }, durationMs / 1000);
    this.#pauseEndsMs.set(service, performance.now() + pauseMs);
    if (pauseMs > 0) this.#coolDowns.inc({ service });
  }

  #addPauses(registers: Registry[]): void {
    const pauses = new Gauge({
      name: 'flowgate_token_pause_seconds',
      help: 'How long the authorization server is left alone after a failure. 0: it is not.',
      labelNames: ['service'],
      registers,
      collect: () => {
        for (const [service, endsMs] of this.#pauseEndsMs)
          pauses.set({ service }, Math.max(0, (endsMs - performance.now()) / 1000));
      },
    });
  }
}
