import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { freePort } from '../support/free-port.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { after, answer, neverAnswer, RawUpstream, resetAfterRequest, type Behaviour } from '../support/raw-upstream.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const created = answer(201, JSON_TYPE, '{"id":"1"}');
const listed = answer(200, JSON_TYPE, '[]');
const changed = answer(204);
const unauthorized = answer(401, { 'www-authenticate': 'Bearer' });
const conflict = answer(409, JSON_TYPE, '{"error":{"message":"Another activity runs in the background."}}');

const START = '/api/workflow/definitions/onboarding/instances';
const LIST = '/api/workflow/definitions';
const CONTEXT = '/api/workflow/instances/1/context';
const FLOW = '/api/integration/flows/flow';
const HARMLESS_FLOW = '/api/integration/flows/harmless';
const PROTECTED_FLOW = '/api/integration/flows/protected';

let upstream: RawUpstream;
let tokens: FakeTokenServer;
let bare: BareFlowgate;

beforeEach(async () => {
  upstream = await RawUpstream.start(created);
  tokens = await FakeTokenServer.start();
  const token = `{ url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 }`;
  bare = await BareFlowgate.start({
    file: `
services:
  workflow: { kind: sap-workflow, url: '${upstream.origin}', token: ${token} }
  integration:
    kind: sap-integration
    url: '${upstream.origin}'
    token: ${token}
    flows:
      flow: { address: /http/flow, csrf: off }
      harmless: { address: /http/harmless, csrf: off, idempotent: true }
      protected: { address: /http/protected, csrf: always, timeout: 1s }
limits: { timeout: 5s }
`,
  });
});

afterEach(async () => {
  await bare.stop();
  await upstream.close();
  await tokens.stop();
});

function send(method: string, path: string, headers: Record<string, string> = {}): Promise<PlainAnswer> {
  const body = method === 'GET' ? undefined : '{}';
  return plainRequest(
    `${bare.url}${path}`,
    method,
    { 'x-api-key': BARE_KEY, ...(body === undefined ? {} : JSON_TYPE), ...headers },
    body,
  );
}

describe('what is sent again', () => {
  const rows: [what: string, method: string, path: string, script: Behaviour[], status: number, hits: number][] = [
    ['a start whose token is refused: once', 'POST', START, [unauthorized, created], 201, 2],
    ['a start whose token is refused twice: no more', 'POST', START, [unauthorized, unauthorized], 502, 2],
    ['a start whose connection breaks: never', 'POST', START, [resetAfterRequest(), created], 502, 1],
    ['a start that fails with 500: never', 'POST', START, [answer(500), created], 502, 1],
    ['a start that fails with 503: never', 'POST', START, [answer(503), created], 503, 1],
    ['a start that a router gives up: never', 'POST', START, [answer(504), created], 504, 1],
    ['a start that is refused with 409: never', 'POST', START, [conflict, created], 409, 1],
    ['a read whose connection breaks: once', 'GET', LIST, [resetAfterRequest(), listed], 200, 2],
    ['a read whose connection breaks twice: no more', 'GET', LIST, [resetAfterRequest(), resetAfterRequest()], 502, 2],
    ['a PUT whose connection breaks: once', 'PUT', CONTEXT, [resetAfterRequest(), changed], 204, 2],
    ['a PATCH whose connection breaks: never', 'PATCH', CONTEXT, [resetAfterRequest(), changed], 502, 1],
    ['a PUT of a context while the engine is busy: twice', 'PUT', CONTEXT, [conflict, conflict, changed], 204, 3],
    ['a PATCH of a context while the engine is busy: once more', 'PATCH', CONTEXT, [conflict, changed], 204, 2],
    ['a context while the engine stays busy: no more', 'PUT', CONTEXT, [conflict, conflict, conflict, changed], 409, 3],
    ['a message to a flow whose connection breaks: never', 'POST', FLOW, [resetAfterRequest(), listed], 502, 1],
    ['a message that may come twice: once', 'POST', HARMLESS_FLOW, [resetAfterRequest(), listed], 200, 2],
    ['what fails in two ways: once for each', 'GET', LIST, [unauthorized, resetAfterRequest(), listed], 200, 3],
  ];
  it.each(rows)('%s', async (_what, method, path, script, status, hits) => {
    upstream.behave(...script);
    expect((await send(method, path)).status).toBe(status);
    expect(upstream.requests).toHaveLength(hits);
  });

  it('a read that waited in vain is not: its time is over', async () => {
    upstream.behave(neverAnswer());
    const late = await send('GET', LIST, { prefer: 'wait=1' });
    expect(late.json).toMatchObject({ status: 504, code: 'upstream-timeout', retryable: true });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is one in ten at most, when everything breaks', async () => {
    upstream.behave(after(5, resetAfterRequest()));
    const requests = 19; // one less than the breaker needs
    for (let at = 0; at < requests; at++) await send('GET', LIST);
    expect(upstream.requests.length).toBeLessThanOrEqual(requests + 10 + requests / 10);
    expect(upstream.requests.length).toBeGreaterThan(requests);
  });
});

describe('the one deadline', () => {
  it('is shortened by Prefer: wait, which the answer confirms', async () => {
    const quick = await send('GET', LIST, { prefer: 'respond-async, wait=2' });
    expect(quick.headers['preference-applied']).toBe('wait=2');
    upstream.behave(neverAnswer());
    const late = await send('GET', LIST, { prefer: 'wait=1' });
    expect(late.json.detail).toMatch(/after 1(\.\d)? s of 1 s/);
    expect(late.status).toBe(504);
    expect(late.headers['preference-applied']).toBe('wait=1');
  });

  it.each(['wait=0', 'wait=-1', 'wait=1.5', 'wait=abc', 'wait', 'wait=60', 'wait=1e9', 'waiting=1'])(
    '%s does not change it, nor is it confirmed',
    async (prefer) => {
      const answered = await send('GET', LIST, { prefer });
      expect(answered.status).not.toBe(400);
      expect(answered.headers['preference-applied']).toBeUndefined();
    },
  );

  it('that runs out while a token is waited for says so, and who sets it; nothing was sent', async () => {
    tokens.hangOnce();
    const late = await send('POST', START, { prefer: 'wait=1' });
    expect(late.json).toMatchObject({ status: 503, code: 'token-unavailable', source: 'token', retryable: true });
    expect(late.json.detail).toMatch(/waiting for an access token, after 1(\.\d)? s of 1 s/);
    expect(late.json.hint).toContain('Prefer: wait');
    expect(late.headers['retry-after']).toBe('1');
    expect(upstream.requests).toHaveLength(0);
  });

  it('that runs out during the CSRF handshake says so, and who sets it; the message was not sent', async () => {
    upstream.behave(neverAnswer());
    const late = await send('POST', PROTECTED_FLOW);
    expect(late.json).toMatchObject({ status: 502, code: 'csrf-handshake-failed', retryable: true });
    expect(late.json.detail).toMatch(/during the CSRF handshake, after 1(\.\d)? s of 1 s/);
    expect(late.json.hint).toContain('timeout of the flow protected');
    expect(upstream.requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('that runs out while the answer is waited for says so, and who sets it', async () => {
    upstream.behave(neverAnswer());
    const late = await send('POST', START, { prefer: 'wait=1' });
    expect(late.json).toMatchObject({ status: 504, code: 'outcome-unknown', retryable: false });
    expect(late.json.detail).toMatch(/waiting for the answer, after 1(\.\d)? s of 1 s/);
    expect(late.json.hint).toContain('Prefer: wait');
  });

  it('covers attempts together: a second one gets what is left', async () => {
    upstream.behave(after(500, unauthorized), neverAnswer());
    const late = await send('GET', LIST, { prefer: 'wait=2' });
    expect(late.json).toMatchObject({ status: 504, code: 'upstream-timeout' });
    expect(late.json.detail).toMatch(/after 2(\.\d)? s of 2 s/);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('Retry-After of a service', () => {
  it('holds for all its callers, reads and writes, and each is told what is left of it', async () => {
    upstream.behave(answer(429, { 'retry-after': '3' }), listed);
    const first = await send('GET', LIST);
    expect(first.json).toMatchObject({ status: 429, code: 'upstream-rate-limited', retryable: true });
    expect(first.headers['retry-after']).toBe('3');
    await delay(1_100);
    const next = [await send('GET', LIST), await send('POST', START), await send('PUT', CONTEXT)];
    for (const refused of next) {
      expect(refused.json).toMatchObject({ status: 429, code: 'upstream-rate-limited', service: 'workflow' });
      expect(refused.headers['retry-after']).toBe('2');
    }
    expect(upstream.requests).toHaveLength(1);
  });

  it('is over when it says so', async () => {
    upstream.behave(answer(503, { 'retry-after': '1' }), listed);
    expect((await send('GET', LIST)).json).toMatchObject({ status: 503, code: 'upstream-unavailable' });
    expect((await send('GET', LIST)).status).toBe(503);
    await delay(1_050);
    expect((await send('GET', LIST)).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  it('may be a date, and is believed up to a minute', async () => {
    upstream.behave(answer(503, { 'retry-after': new Date(Date.now() + 20_000).toUTCString() }), answer(429, { 'retry-after': '86400' })); // prettier-ignore
    expect(Number((await send('GET', LIST)).headers['retry-after'])).toBeGreaterThanOrEqual(18);
    expect((await send('POST', FLOW)).headers['retry-after']).toBe('60');
    expect((await send('POST', FLOW)).headers['retry-after']).toMatch(/^(59|60)$/);
  });

  it('that it does not send holds for nobody: the one that was refused is told five seconds', async () => {
    upstream.behave(answer(429), listed);
    expect((await send('GET', LIST)).headers['retry-after']).toBe('5');
    expect((await send('GET', LIST)).status).toBe(200);
  });

  it('of one service does not hold for another', async () => {
    upstream.behave(answer(429, { 'retry-after': '30' }), answer(200, {}, 'ok'));
    await send('GET', LIST);
    expect((await send('POST', FLOW)).status).toBe(200);
  });
});

describe('the breaker of a service', () => {
  async function fail(times: number, method = 'GET', path = LIST): Promise<void> {
    for (let at = 0; at < times; at++) await send(method, path);
  }

  it('refuses at once when half of twenty calls failed, without asking the service', async () => {
    upstream.behave(answer(502));
    await fail(20);
    const refused = await send('POST', START);
    expect(refused.json).toMatchObject({ status: 503, code: 'overloaded', service: 'workflow', retryable: true });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(5);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(30);
    expect(upstream.requests).toHaveLength(20);
  });

  it('is of one service: another one on the same host goes on', async () => {
    upstream.behave(answer(502));
    await fail(20);
    upstream.behave(answer(200, {}, 'ok'));
    expect((await send('POST', FLOW)).status).toBe(200);
  });

  it('opens when connections are refused', async () => {
    const port = await freePort();
    const token = `{ url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 }`;
    const other = await BareFlowgate.start({
      file: `services: { gone: { kind: sap-workflow, url: 'http://127.0.0.1:${port}', token: ${token} } }`,
    });
    const ask = () => plainRequest(`${other.url}/api/gone/definitions`, 'GET', { 'x-api-key': BARE_KEY });
    await Promise.all(Array.from({ length: 20 }, ask));
    expect((await ask()).json).toMatchObject({ code: 'overloaded' });
    await other.stop();
  });

  it('does not open for refusals of the callers’ requests', async () => {
    upstream.behave(answer(404, JSON_TYPE, '{"error":{"message":"not found"}}'));
    await fail(30);
    expect(upstream.requests).toHaveLength(30);
  });

  it('does not open for one flow that fails by itself', async () => {
    upstream.behave(answer(500, { 'content-type': 'text/plain' }, 'MPL ID for the failed message is : AGabc'));
    await fail(25, 'POST', FLOW);
    expect(upstream.requests).toHaveLength(25);
  });

  it('does not open for callers who have no patience', async () => {
    upstream.behave(neverAnswer());
    await Promise.all(Array.from({ length: 25 }, () => send('GET', LIST, { prefer: 'wait=1' })));
    upstream.behave(listed);
    expect((await send('GET', LIST)).status).toBe(200);
  });
});
