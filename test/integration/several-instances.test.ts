/**
 * Three instances that share a Redis. `TOKEN_LIFE_S=30` (npm run test:instances) takes tokens of thirty seconds instead of
 * two, and a load of a minute and a half.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { after, answer, RawUpstream } from '../support/raw-upstream.ts';
import { RedisServer } from '../support/redis-server.ts';
import { RoundRobin } from '../support/round-robin.ts';

const SLOW_KEY = 'slow-key-0123456789abcdef';
const START = '/api/workflow/definitions/onboarding/instances';
const LIST = '/api/workflow/definitions';
const LIFE_S = Number(process.env['TOKEN_LIFE_S'] ?? 2);
const LIVES_MS = 3 * LIFE_S * 1000;

let redis: RedisServer;
let upstream: RawUpstream;
let tokens: FakeTokenServer;
let instances: BareFlowgate[];
let balancer: RoundRobin;

beforeEach(async () => {
  [redis, tokens] = await Promise.all([RedisServer.start(), FakeTokenServer.start()]);
  upstream = await RawUpstream.start(after(3, answer(200, { 'content-type': 'application/json' }, '{"id":"1"}')));
  tokens.lifeSeconds = LIFE_S;
  const file = `
services: { workflow: { kind: sap-workflow, url: '${upstream.origin}', token: { url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 } } }
callers:
  slow: { apiKeys: [${SLOW_KEY}], allow: ["* /api/**"], rateLimit: 30/min }
  operator: { apiKeys: [operator-key-0123456789], allow: ["GET /status"] }
`;
  instances = await Promise.all([1, 2, 3].map(() => BareFlowgate.start({ file, env: redis.env })));
  balancer = await RoundRobin.start(instances.map(({ port }) => port));
});

afterEach(async () => {
  await balancer.close();
  await Promise.all(instances.map((instance) => instance.stop()));
  await Promise.all([redis.close(), upstream.close(), tokens.stop()]);
});

function list(url = balancer.url, key = BARE_KEY): Promise<PlainAnswer> {
  return plainRequest(`${url}${LIST}`, 'GET', { 'x-api-key': key });
}

function start(key: string, url = balancer.url): Promise<PlainAnswer> {
  const headers = { 'x-api-key': BARE_KEY, 'content-type': 'application/json', 'idempotency-key': key };
  return plainRequest(`${url}${START}`, 'POST', headers, '{}');
}

/** Of one instance after the other. */
function status(): Promise<PlainAnswer> {
  return plainRequest(`${balancer.url}/status`, 'GET', { 'x-api-key': 'operator-key-0123456789' });
}

/** Reads, some at a time, until it is told to end. @returns how often each status came */
async function steadyLoad(signal: AbortSignal): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const client = async (): Promise<void> => {
    while (!signal.aborted) {
      const { status } = await list();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      await delay(10);
    }
  };
  await Promise.all([client(), client(), client(), client()]);
  return statuses;
}

async function loadFor(ms: number): Promise<Map<number, number>> {
  const end = new AbortController();
  const load = steadyLoad(end.signal);
  await delay(ms);
  end.abort();
  return load;
}

describe('three instances behind one address', () => {
  it(
    'make one token request per life of a token, together',
    async () => {
      const statuses = await loadFor(LIVES_MS);
      expect([...statuses.keys()]).toEqual([200]);
      // A token is renewed when 70 to 80 % of its life are over.
      expect(tokens.requests.length).toBeGreaterThanOrEqual(3);
      expect(tokens.requests.length).toBeLessThanOrEqual(Math.ceil(3 / 0.7) + 1);
    },
    20_000 + LIVES_MS,
  );

  it('hold a rate limit in sum', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => list(balancer.url, SLOW_KEY)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('start once what comes under one key to all of them at once', async () => {
    for (let round = 0; round < 10; round++) {
      const key = randomUUID();
      const before = upstream.requests.length;
      const answers = await Promise.all(instances.map(({ url }) => start(key, url)));
      expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined && headers.location !== undefined)).toHaveLength(1); // prettier-ignore
      for (const { status } of answers) expect([201, 409]).toContain(status);
      expect(upstream.requests.length - before).toBe(1);
      const again = await Promise.all(instances.map(({ url }) => start(key, url)));
      expect(again.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(new Set(again.map(({ text }) => text)).size).toBe(1);
      expect(upstream.requests.length - before).toBe(1);
    }
  });

  it(
    'fail no request while Redis is stopped and started again, save those with a key',
    async () => {
      const end = new AbortController();
      const load = steadyLoad(end.signal);
      await delay(300);
      await redis.stop();
      await delay(300);
      const refused = await start(randomUUID());
      expect(refused.json).toMatchObject({
        status: 503,
        code: 'store-unavailable',
        source: 'flowgate',
        retryable: true,
      });
      expect(refused.json.detail).toBe(
        'The record of keys is not reachable; sending without it could start twice. Nothing was sent.',
      );
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      const limited = await list(balancer.url, SLOW_KEY);
      expect(limited.status).toBe(200);
      expect((await status()).json.store).toEqual({ kind: 'redis', state: 'down' });
      await delay(LIFE_S * 1000);
      await redis.start();
      await eventually(async () => expect((await status()).json.store).toEqual({ kind: 'redis', state: 'up' }), 5_000);
      for (const { url } of instances) {
        let status = 503;
        for (let attempt = 0; attempt < 100 && status === 503; attempt++) {
          ({ status } = await start(randomUUID(), url));
          if (status === 503) await delay(20);
        }
        expect(status).toBe(201);
      }
      end.abort();
      expect([...(await load).keys()]).toEqual([200]);
      for (const { logLines } of instances) {
        const told = logLines.filter(({ msg }) => msg === 'shared store').map(({ store }) => store);
        expect(told).toEqual(['up', 'down', 'up']);
      }
    },
    20_000 + LIVES_MS,
  );

  it('each hold the whole rate limit by themselves while Redis is away', async () => {
    await redis.stop();
    await eventually(async () => expect((await status()).json.store).toEqual({ kind: 'redis', state: 'down' }));
    for (const { url } of instances) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => list(url, SLOW_KEY)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
    }
  });
});

describe('/status', () => {
  const ask = (key: string) => plainRequest(`${instances[0]?.url}/status`, 'GET', { 'x-api-key': key });

  it('shows store, ledger, services, tokens and breakers to who is granted it by name', async () => {
    await list(instances[0]?.url);
    const status = await ask('operator-key-0123456789');
    expect(status.status).toBe(200);
    expect(status.json).toMatchObject({
      state: 'running',
      running: 0,
      store: { kind: 'redis', state: 'up' },
      ledger: { kind: 'redis' },
      services: [
        {
          name: 'workflow',
          kind: 'sap-workflow',
          breaker: 'closed',
          closedForSeconds: 0,
          token: { state: 'valid', lifeSeconds: LIFE_S, requests: 1, failures: 0 },
        },
      ],
    });
    expect(status.text).not.toContain('token-1');
    expect(status.text).not.toContain('127.0.0.1');
  });

  it('is not shown to others', async () => {
    expect((await ask(BARE_KEY)).status).toBe(403);
    expect((await plainRequest(`${instances[0]?.url}/status`, 'GET')).status).toBe(401);
  });
});
