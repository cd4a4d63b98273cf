import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { answer, RawUpstream } from '../support/raw-upstream.ts';

/** The pauses after a failed fetch are half a second at most at first, and a second then. */
const NEXT_FETCH_MS = 1_050;

let upstream: RawUpstream;
let tokens: FakeTokenServer;
let others: FakeTokenServer;
let bare: BareFlowgate;

async function start(twoServices = false): Promise<void> {
  const service = (name: string, server: FakeTokenServer) =>
    `  ${name}: { kind: sap-workflow, url: '${upstream.origin}', token: { url: '${server.url}', clientId: id, clientSecret: a-secret-0123456789 } }`;
  bare = await BareFlowgate.start({
    file: ['services:', service('workflow', tokens), ...(twoServices ? [service('other', others)] : [])].join('\n'),
    env: { ALLOWED_HOSTS: 'flowgate.example.com' },
  });
}

beforeEach(async () => {
  upstream = await RawUpstream.start(answer(200, { 'content-type': 'application/json' }, '[]'));
  [tokens, others] = await Promise.all([FakeTokenServer.start(), FakeTokenServer.start()]);
});

afterEach(async () => {
  await bare.stop();
  await Promise.all([upstream.close(), tokens.stop(), others.stop()]);
});

function ready(method = 'GET'): Promise<PlainAnswer> {
  return plainRequest(`${bare.url}/ready`, method);
}

function refuseTwice(server: FakeTokenServer): void {
  server.respondOnceWith(500, '').respondOnceWith(500, '');
}

describe('/ready', () => {
  it('answers without a credential, under any name, and tells no more than that', async () => {
    await start();
    const answered = await ready();
    expect(answered).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    expect((await ready('HEAD')).status).toBe(200);
    expect((await ready('POST')).status).toBe(405);
    expect(upstream.requests).toHaveLength(0);
  });

  it('sees to it that there is a token, before the first caller needs one', async () => {
    await start();
    await ready();
    expect(tokens.requests).toHaveLength(1);
    await ready();
    expect(tokens.requests).toHaveLength(1);
  });

  it('does not flap for one failure', async () => {
    await start();
    tokens.respondOnceWith(500, '');
    expect((await ready()).status).toBe(200);
    expect((await ready()).status).toBe(200);
  });

  it('is false when no token can be had twice in a row, and true again when one comes', async () => {
    await start();
    refuseTwice(tokens);
    await ready();
    await delay(NEXT_FETCH_MS);
    const refused = await ready();
    expect(refused.json).toMatchObject({ status: 503, code: 'token-unavailable', retryable: true });
    expect(refused.text).not.toContain('workflow');
    await delay(NEXT_FETCH_MS);
    expect((await ready()).status).toBe(200);
  });

  it('is false at once when our client is refused: that is no chance', async () => {
    await start();
    tokens.respondOnceWithUnauthorized();
    expect((await ready()).status).toBe(503);
  });

  it('stays true while an older token serves, however often its renewal fails', async () => {
    tokens.lifeSeconds = 3;
    await start();
    await ready();
    refuseTwice(tokens);
    tokens.respondOnceWithUnauthorized();
    await delay(2_300);
    for (let probe = 0; probe < 3; probe++) expect((await ready()).status).toBe(200);
  });

  it('is true while one of two services can be called', async () => {
    await start(true);
    others.respondOnceWithUnauthorized();
    expect((await ready()).status).toBe(200);
    const answered = await plainRequest(`${bare.url}/api/workflow/definitions`, 'GET', {
      'x-api-key': BARE_KEY,
      host: 'flowgate.example.com',
    });
    expect(answered.status).toBe(200);
  });

  it('is false when both are refused', async () => {
    await start(true);
    tokens.respondOnceWithUnauthorized();
    others.respondOnceWithUnauthorized();
    expect((await ready()).status).toBe(503);
  });

  it('does not wait long for an authorization server that hangs', async () => {
    await start();
    tokens.hangOnce();
    const startMs = performance.now();
    expect((await ready()).status).toBe(200);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  it('is false while the instance ends', async () => {
    await start();
    bare.flowgate.beginDraining();
    expect((await ready()).json).toMatchObject({ status: 503, code: 'shutting-down' });
  });
});
