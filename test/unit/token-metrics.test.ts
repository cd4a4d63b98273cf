import { Registry } from 'prom-client';
import { describe, expect, it } from '@jest/globals';
import { TokenMetrics } from '../../src/telemetry/token-metrics.ts';
import { PrometheusText } from '../support/prometheus-text.ts';

function setUp(): { metrics: TokenMetrics; read: () => Promise<PrometheusText> } {
  const registry = new Registry();
  const metrics = new TokenMetrics(registry);
  metrics.expect('workflow');
  return { metrics, read: async () => new PrometheusText(await registry.metrics()) };
}

const service = 'workflow';

describe('what happens to tokens', () => {
  it('is shown from zero on', async () => {
    const now = await setUp().read();
    for (const outcome of ['obtained', 'token-unavailable', 'credentials-rejected', 'internal'])
      expect(now.value('flowgate_token_fetches_total', { service, outcome })).toBe(0);
    expect(now.value('flowgate_token_cool_downs_total', { service })).toBe(0);
    expect(now.value('flowgate_token_pause_seconds', { service })).toBe(0);
  });

  it('is a cool-down where a failure leaves the authorization server alone, and ends with the next token', async () => {
    const { metrics, read } = setUp();
    metrics.note(service, { type: 'failed', durationMs: 5, code: 'token-unavailable', pauseMs: 30_000 });
    const failing = await read();
    expect(failing.value('flowgate_token_cool_downs_total', { service })).toBe(1);
    expect(failing.value('flowgate_token_pause_seconds', { service })).toBeGreaterThan(20);
    metrics.note(service, { type: 'obtained', durationMs: 5 });
    expect((await read()).value('flowgate_token_pause_seconds', { service })).toBe(0);
  });

  it('shows quotas of periods that are known, and no label that a server makes up', async () => {
    const { metrics, read } = setUp();
    const quotas = ['per_day', 'per_blue_moon'].map((period, at) => ({ of: 'client' as const, period, remaining: at }));
    metrics.note(service, { type: 'quota', quotas });
    const now = await read();
    expect([...now.valuesOf('period')]).toEqual(['per_day']);
    expect(now.value('flowgate_token_quota_remaining', { service, of: 'client', period: 'per_day' })).toBe(0);
  });
});
