import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FlowgateStack } from '../support/flowgate-stack.ts';
import { PrometheusText } from '../support/prometheus-text.ts';
import { RedisServer } from '../support/redis-server.ts';

const OPERATOR_KEY = 'operator-key-0123456789';
const stack = new FlowgateStack();
let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
  await stack.start({
    env: redis.env,
    file: () => `callers: { operator: { apiKeys: [${OPERATOR_KEY}], allow: ["GET /metrics"] } }`,
  });
});
afterAll(async () => {
  await stack.stop();
  await redis.close();
});

async function metrics(): Promise<PrometheusText> {
  return new PrometheusText((await stack.get('/metrics', { 'x-api-key': OPERATOR_KEY })).text);
}

function start(key: string) {
  return stack.post('/api/workflow/definitions/onboarding/instances', '{}', { 'idempotency-key': key });
}

describe('metrics with Redis', () => {
  it('show whether it answers', async () => {
    expect((await start('key-1')).status).toBe(201);
    expect((await metrics()).value('flowgate_store_up')).toBe(1);
    await redis.stop();
    expect((await start('key-2')).json).toMatchObject({ code: 'store-unavailable' });
    const now = await metrics();
    expect(now.value('flowgate_store_up')).toBe(0);
    expect(now.value('flowgate_problems_total', { service: 'workflow', code: 'store-unavailable' })).toBe(1);
    expect(now.value('flowgate_ledger_records')).toBeUndefined();
  });
});
