import { createHash, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { API_KEY, useFlowgate, type Answer } from '../support/flowgate-stack.ts';

const OTHER_KEY = 'another-key-0123456789abcdef';
const stack = useFlowgate({
  env: { API_KEYS: `tester=${API_KEY},other=${OTHER_KEY}` },
  file: () => `
services:
  integration:
    kind: sap-integration
    flows:
      product-details: { address: /http/products }
      orders: { address: /http/orders, csrf: always, responseHeaders: [SAP_MessageProcessingLogID] }
      failing: { address: /http/failing }
      sized: { address: /http/products, maxBody: 1kb }
limits: { body: 4kb, timeout: 5s }
`,
});
const START = '/api/workflow/definitions/onboarding/instances';
/** What the sample flow takes. */
const PRODUCT = '{"productIdentifier":"HT-2000"}';
const FLOW = '/api/integration/flows/product-details';

/** A service that asked to be left alone would be, in the next test. */
afterEach(() => stack.renew());

function post(path: string, body: string, key: string, headers: Record<string, string> = {}): Promise<Answer> {
  return stack.post(path, body, { 'idempotency-key': key, ...headers });
}

function started(): number {
  return stack.sandbox.control.counters().requests.workflow['POST /workflow-instances'] ?? 0;
}

function flowRuns(): number {
  return Object.values(stack.sandbox.control.counters().requests.integration).reduce((sum, one) => sum + one, 0);
}

describe('a start that is sent again under its key', () => {
  it('gets the first answer again, byte for byte, and starts nothing', async () => {
    const key = randomUUID();
    const first = await post(START, '{"employee":"Ada"}', key);
    const second = await post(START, '{"employee":"Ada"}', key);
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(second.headers.get('content-type')).toBe('application/json');
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(started()).toBe(1);
  });

  it('is the same with quotes around the key and without', async () => {
    const key = randomUUID();
    const first = await post(START, '{}', key);
    expect((await post(START, '{}', `"${key}"`)).text).toBe(first.text);
    expect(started()).toBe(1);
  });

  it('has its own headers on each answer: correlation id, security, no caching', async () => {
    const key = randomUUID();
    await post(START, '{}', key, { 'x-correlation-id': 'first' });
    const { headers } = await post(START, '{}', key, { 'x-correlation-id': 'second' });
    expect(headers.get('x-correlation-id')).toBe('second');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('of many at once starts one: the others are told that it runs', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 100, times: 1, method: 'POST' });
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(START, '{}', key)));
    const inFlight = answers.filter(({ status }) => status === 409);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(inFlight).toHaveLength(9);
    for (const { json, headers } of inFlight) {
      expect(json).toMatchObject({ code: 'idempotency-in-flight', source: 'caller', retryable: true });
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(started()).toBe(1);
  });

  it.each([
    ['another body', START, '{"a":2}', {}],
    ['another byte between the same members', START, '{"a": 1}', {}],
    ['another definition', '/api/workflow/definitions/orderprocess/instances', '{"a":1}', {}],
    ['another content type', START, '{"a":1}', { 'content-type': 'application/json; charset=utf-8' }],
  ])('but with %s is refused', async (_name, path, body, headers) => {
    const key = randomUUID();
    await post(START, '{"a":1}', key);
    const refused = await post(path, body, key, headers);
    expect(refused.json).toMatchObject({ status: 422, code: 'idempotency-key-reused', retryable: false });
    expect(started()).toBe(1);
  });

  it('by another caller, or on another route, is another start', async () => {
    const key = randomUUID();
    await post(START, '{}', key);
    const other = await post(START, '{}', key, { 'x-api-key': OTHER_KEY });
    const full = await post('/api/workflow/instances', '{"definitionId":"onboarding"}', key);
    expect([other.status, full.status]).toEqual([201, 201]);
    expect(other.headers.get('idempotent-replayed')).toBeNull();
    expect(started()).toBe(3);
  });

  it('is checked like any other: whoever has lost the grant gets no replay', async () => {
    const key = randomUUID();
    await post(START, '{}', key);
    expect((await post(START, '{}', key, { 'x-api-key': 'wrong-key-0123456789abcdef' })).status).toBe(401);
  });
});

describe('what is remembered', () => {
  it.each([
    ['a refusal of the context', 422, 'context-invalid'],
    ['an unknown definition', 404, 'definition-not-found'],
    ['a failure of the engine', 500, 'upstream-failed'],
  ])('%s is: the same answer comes again', async (_name, status, code) => {
    const key = randomUUID();
    const json = { 'content-type': 'application/json' };
    const body = '{"error":{"message":"no"}}';
    stack.sandbox.control.answer({ upstream: 'workflow', status, headers: json, body, times: 1, method: 'POST' });
    const first = await post(START, '{}', key);
    const second = await post(START, '{}', key);
    expect(first.json).toMatchObject({ code, retryable: false });
    expect(second.text).toBe(first.text);
    expect(second.headers.get('content-type')).toBe('application/problem+json');
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(started()).toBe(1);
  });

  it('a replayed problem is told of in the log line', async () => {
    const key = randomUUID();
    stack.sandbox.control.fail({ upstream: 'workflow', times: 1, method: 'POST' });
    await post(START, '{}', key);
    await post(START, '{}', key);
    await eventually(() => {
      const lines = stack.logLines.filter(({ msg }) => msg === 'request');
      expect(lines.map(({ code }) => code)).toEqual(['upstream-failed', 'upstream-failed']);
    });
  });
});

describe('what is not remembered', () => {
  it.each([
    ['a full service', { status: 503, headers: { 'retry-after': '1' } }, 'upstream-unavailable'],
    ['a limit of the service', { status: 429 }, 'upstream-rate-limited'],
    ['an authority that is missing', { status: 403 }, 'authority-missing'],
    ['a token that is refused twice', { status: 401, headers: { 'www-authenticate': 'Bearer' } }, 'token-rejected'],
    ['a host that the router does not know', { status: 404, headers: { 'x-cf-routererror': 'unknown_route' } }, 'upstream-unreachable'], // prettier-ignore
  ])('%s is not: the next one starts', async (_name, answer, code) => {
    const key = randomUUID();
    stack.sandbox.control.answer({ upstream: 'workflow', ...answer, times: 2, method: 'POST' });
    expect((await post(START, '{}', key)).json).toMatchObject({ code });
    await stack.sandbox.control.reset();
    await stack.renew();
    const second = await post(START, '{}', key);
    expect(second.status).toBe(201);
    expect(second.headers.get('idempotent-replayed')).toBeNull();
  });

  it('a service that cannot be reached is not', async () => {
    const key = randomUUID();
    await stack.sandbox.control.down({ upstream: 'workflow' });
    expect((await post(START, '{}', key)).json).toMatchObject({ code: 'upstream-unreachable', retryable: true });
    await stack.sandbox.control.up({ upstream: 'workflow' });
    expect((await post(START, '{}', key)).status).toBe(201);
  });

  it('a token that cannot be had is not', async () => {
    const key = randomUUID();
    await stack.renew();
    stack.sandbox.control.fail({ upstream: 'authorizationServer', status: 500, times: 1 });
    expect((await post(START, '{}', key)).json).toMatchObject({ code: 'token-unavailable' });
    await stack.renew();
    expect((await post(START, '{}', key)).status).toBe(201);
  });

  it('a body that is refused before it is sent is not', async () => {
    const key = randomUUID();
    expect((await post(START, '[]', key)).json).toMatchObject({ code: 'invalid-body' });
    expect((await post(START, '{}', key)).status).toBe(201);
  });
});

describe('a start whose answer is lost', () => {
  function loseAnswer(): void {
    stack.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body', times: 1, method: 'POST' });
  }

  it('stays unknown under its key, and is never sent again', async () => {
    const key = randomUUID();
    loseAnswer();
    const first = await post(START, '{}', key);
    expect(first.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
    for (let attempt = 0; attempt < 3; attempt++) {
      const again = await post(START, '{}', key);
      expect(again.text).toBe(first.text);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(started()).toBe(1);
  });

  it('is found again by its business key, where its context has one', async () => {
    const key = randomUUID();
    const context = JSON.stringify({ businessKey: `order-${key}` });
    loseAnswer();
    expect((await post(START, context, key)).json).toMatchObject({ code: 'outcome-unknown' });
    const found = await post(START, context, key);
    expect(found.status).toBe(201);
    expect(found.headers.get('idempotent-replayed')).toBe('true');
    expect(found.json).toMatchObject({ definitionId: 'onboarding', status: 'RUNNING', id: expect.any(String) });
    expect(found.headers.get('location')).toBe(`/api/workflow/instances/${found.json.id}`);
    expect((await post(START, context, key)).text).toBe(found.text);
    expect(started()).toBe(1);
  });

  it('is not found where two instances fit: nothing is proven then', async () => {
    const context = JSON.stringify({ businessKey: `order-${randomUUID()}` });
    await stack.post(START, context);
    const key = randomUUID();
    loseAnswer();
    await post(START, context, key);
    expect((await post(START, context, key)).json).toMatchObject({ code: 'outcome-unknown' });
  });

  it('stays unknown when the engine cannot be asked', async () => {
    const key = randomUUID();
    const context = JSON.stringify({ businessKey: `order-${key}` });
    loseAnswer();
    await post(START, context, key);
    stack.sandbox.control.fail({ upstream: 'workflow', method: 'GET' });
    expect((await post(START, context, key)).json).toMatchObject({ code: 'outcome-unknown' });
  });
});

describe('a caller that leaves', () => {
  it('finds the answer to its start when it comes back', async () => {
    const key = randomUUID();
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 150, times: 1, method: 'POST' });
    await leaveAfter(50, START, '{"a":1}', key);
    await eventually(() => expect(started()).toBe(1));
    const again = await whenDone(START, '{"a":1}', key);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(started()).toBe(1);
  });

  it('finds the answer of its flow when it comes back, though that is streamed', async () => {
    const key = randomUUID();
    stack.sandbox.control.slow({ upstream: 'integration', ms: 150, times: 1, method: 'POST' });
    await leaveAfter(50, FLOW, PRODUCT, key);
    await eventually(() => expect(flowRuns()).toBeGreaterThan(0));
    const again = await whenDone(FLOW, PRODUCT, key);
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  /** Asks again and again, as long as it runs. */
  async function whenDone(path: string, body: string, key: string): Promise<Answer> {
    let again = await post(path, body, key);
    for (let attempt = 0; attempt < 100 && again.status === 409; attempt++) {
      await delay(10);
      again = await post(path, body, key);
    }
    return again;
  }

  async function leaveAfter(ms: number, path: string, body: string, key: string): Promise<void> {
    const request = httpRequest(`${stack.url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json', 'idempotency-key': key },
    });
    request.on('error', () => {});
    request.end(body);
    await delay(ms);
    const closed = new Promise((resolve) => request.once('close', resolve));
    request.destroy();
    await closed;
  }
});

describe('a flow under a key', () => {
  it('runs once, and its answer comes again with the headers that pass', async () => {
    const key = randomUUID();
    const first = await post(FLOW, PRODUCT, key);
    const runs = flowRuns();
    const second = await post(FLOW, PRODUCT, key);
    expect(first.status).toBe(200);
    expect(second.status).toBe(200);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(flowRuns()).toBe(runs);
  });

  it('runs once behind a CSRF handshake as well', async () => {
    const key = randomUUID();
    const first = await post('/api/integration/flows/orders', PRODUCT, key);
    const second = await post('/api/integration/flows/orders', PRODUCT, key);
    expect(second.status).toBe(first.status);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  it('that failed says so again', async () => {
    const key = randomUUID();
    const first = await post('/api/integration/flows/failing', '{}', key);
    const second = await post('/api/integration/flows/failing', '{}', key);
    expect(first.json).toMatchObject({ code: 'flow-failed' });
    expect(second.text).toBe(first.text);
  });

  it('whose answer is longer than 64 kB is remembered by status, headers and digest', async () => {
    const key = randomUUID();
    const body = 'x'.repeat(100_000);
    const headers = { 'content-type': 'text/plain' };
    stack.sandbox.control.answer({ upstream: 'integration', status: 200, headers, body, times: 1, method: 'POST' });
    const first = await post(FLOW, '{}', key);
    const second = await post(FLOW, '{}', key);
    expect(first.text).toBe(body);
    expect(second.status).toBe(200);
    expect(second.text).toBe('');
    expect(second.headers.get('content-type')).toBe('text/plain');
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('idempotent-replayed-body')).toBe('omitted');
    expect(second.headers.get('repr-digest')).toBe(`sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
  });

  it('whose answer breaks off stays unknown', async () => {
    const key = randomUUID();
    stack.sandbox.control.resetConnection({ upstream: 'integration', when: 'during-answer', times: 1, method: 'POST' });
    await expect(post(FLOW, PRODUCT, key)).rejects.toThrow('terminated');
    expect((await post(FLOW, PRODUCT, key)).json).toMatchObject({ code: 'outcome-unknown' });
  });
});

describe('what a key cannot do', () => {
  it.each([
    ['a key that is too long', { 'idempotency-key': 'x'.repeat(256) }],
    ['an empty key', { 'idempotency-key': '""' }],
  ])('%s is refused', async (_name, headers) => {
    expect((await stack.post(START, '{}', headers)).json).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(started()).toBe(0);
  });

  it.each([
    ['a start', START, JSON.stringify({ a: 'x'.repeat(5_000) })],
    ['a flow', FLOW, 'x'.repeat(5_000)],
  ])('%s with a body beyond limits.body is refused', async (_name, path, body) => {
    const refused = await post(path, body, randomUUID());
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(refused.json.detail).toContain('Idempotency-Key');
    expect(started() + flowRuns()).toBe(0);
  });

  it("a flow with a body beyond the flow's own limit is too large, key or no key", async () => {
    const refused = await post('/api/integration/flows/sized', 'x'.repeat(2_000), randomUUID());
    expect(refused.json).toMatchObject({ status: 413, code: 'payload-too-large' });
  });

  it('a read does not look at it', async () => {
    const read = await stack.get('/api/workflow/definitions', { 'idempotency-key': 'x'.repeat(300) });
    expect(read.status).toBe(200);
  });
});
