import { Metrics, type MetricsOptions } from '../../src/telemetry/metrics.ts';
import { RequestRecord } from '../../src/telemetry/request-record.ts';
import { PrometheusText } from './prometheus-text.ts';

const options: MetricsOptions = {
  look: () => [
    {
      service: 'workflow',
      running: 1,
      breaker: 'closed',
      closedForSeconds: 0,
      connections: { connected: 2, free: 1, queued: 0 },
      token: { state: 'valid', obtainedAtMs: Date.now(), expiresInSeconds: 3599, requests: 1 },
    },
  ],
  limits: { concurrency: 256, perService: 64 },
  ledger: () => ({ records: 1, evicted: 0 }),
  usage: () => ({ cpuSeconds: 1, residentBytes: 1, heapUsedBytes: 1 }),
};

/** Every metric that there is, with every label: of a server with Redis and of one without. */
export async function everyMetric(): Promise<PrometheusText> {
  const texts = await Promise.all([options, { ...options, isStoreUp: () => true }].map(textOf));
  return new PrometheusText(texts.join(''));
}

async function textOf(options: MetricsOptions): Promise<string> {
  const metrics = new Metrics(options);
  try {
    metrics.expectService('workflow', { token: true, handshakes: true });
    metrics.requests.observe(fullRecord(), 200);
    metrics.tokens.note('workflow', { type: 'obtained', durationMs: 1 });
    metrics.tokens.note('workflow', { type: 'quota', quotas: [{ of: 'client', period: 'per_day', remaining: 9 }] });
    return (await metrics.answer()).body;
  } finally {
    metrics.close();
  }
}

/** A request with all that can be counted. */
function fullRecord(): RequestRecord {
  return Object.assign(new RequestRecord('POST', {}), {
    caller: 'tester',
    service: 'workflow',
    route: '/api/workflow/instances',
    code: 'upstream-failed',
    keyed: 'run' as const,
    durationMs: 3,
    tokenMs: 1,
    upstreamMs: 2,
  });
}
