import { describe, expect, it } from '@jest/globals';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { PrometheusText } from '../support/prometheus-text.ts';

const OPERATOR_KEY = 'operator-key-0123456789';

const stack = useFlowgate({
  file: () => `callers: { operator: { apiKeys: [${OPERATOR_KEY}], allow: ["GET /metrics"] } }`,
});

async function metrics(): Promise<PrometheusText> {
  return new PrometheusText((await stack.get('/metrics', { 'x-api-key': OPERATOR_KEY })).text);
}

describe('an authorization server that fails', () => {
  it('shows in fetches, in the state of the token and in the pause that follows', async () => {
    stack.sandbox.control.fail({ upstream: 'authorizationServer', status: 500 });
    const answer = await stack.get('/api/workflow/definitions');
    expect(answer.json).toMatchObject({ code: 'token-unavailable' });
    const now = await metrics();
    const service = 'workflow';
    expect(now.value('flowgate_token_fetches_total', { service, outcome: 'token-unavailable' })).toBe(1);
    expect(now.value('flowgate_token_fetches_total', { service, outcome: 'obtained' })).toBe(0);
    expect(now.value('flowgate_token_state', { service, state: 'failing' })).toBe(1);
    expect(now.value('flowgate_token_cool_downs_total', { service })).toBe(1);
    expect(now.value('flowgate_token_pause_seconds', { service })).toBeGreaterThan(0);
    expect(now.value('flowgate_token_age_seconds', { service })).toBeUndefined();
    expect(now.value('flowgate_token_expires_in_seconds', { service })).toBeUndefined();
  });
});

describe('a service that fails', () => {
  it('shows in the state of its breaker and in the time for which nothing is sent', async () => {
    const service = 'integration';
    const before = await metrics();
    expect(before.value('flowgate_breaker_state', { service, state: 'closed' })).toBe(1);
    expect(before.value('flowgate_upstream_closed_seconds', { service })).toBe(0);
    stack.sandbox.control.fail({ upstream: 'integration', status: 503 });
    for (let count = 0; count < 20; count++) await stack.post('/api/integration/flows/product-details', '{}');
    const now = await metrics();
    expect(now.value('flowgate_breaker_state', { service, state: 'open' })).toBe(1);
    expect(now.value('flowgate_breaker_state', { service, state: 'closed' })).toBe(0);
    expect(now.value('flowgate_upstream_closed_seconds', { service })).toBeGreaterThan(0);
    expect(now.value('flowgate_problems_total', { service, code: 'upstream-unavailable' })).toBe(20);
  });
});
