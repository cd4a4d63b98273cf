import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { liveMemory } from '../support/live-memory.ts';
import { plainRequest } from '../support/plain-request.ts';
import { answer, answerWithRawBytes, neverAnswer, RawUpstream } from '../support/raw-upstream.ts';

const CALLERS = 2_000;
const AT_ONCE = 50;

let upstream: RawUpstream;
let tokens: FakeTokenServer;
let bare: BareFlowgate;

beforeAll(async () => {
  [upstream, tokens] = await Promise.all([RawUpstream.start(answer(200, {}, 'ok')), FakeTokenServer.start()]);
  bare = await BareFlowgate.start({
    file: `
services:
  integration:
    kind: sap-integration
    url: '${upstream.origin}'
    token: { url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 }
    flows: { flow: { address: /http/flow, csrf: off, methods: [GET, POST] } }
`,
    env: { LOG_LEVEL: 'fatal' },
  });
});

afterAll(async () => {
  await bare.stop();
  await Promise.all([upstream.close(), tokens.stop()]);
});

type Moment = 'while it waits for the answer' | 'in its own body' | 'in the answer';

const behaviours = {
  'while it waits for the answer': neverAnswer(),
  'in its own body': neverAnswer(),
  'in the answer': answerWithRawBytes('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx', { keepOpen: true }),
} as const;

/** Sends a request, or a part of it, and resets the connection. */
function leave(moment: Moment): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(bare.port, '127.0.0.1');
  const isUpload = moment === 'in its own body';
  const head = `${isUpload ? 'POST' : 'GET'} /api/integration/flows/flow HTTP/1.1\r\nHost: x\r\nx-api-key: ${BARE_KEY}\r\n`;
  const body = isUpload ? `Content-Length: 600000\r\n\r\n${'x'.repeat(50_000)}` : '\r\n';
  const reset = (): void => void socket.resetAndDestroy();
  const latest = setTimeout(reset, 1_000);
  socket
    .on('error', () => {})
    .on('close', () => {
      clearTimeout(latest);
      resolve();
    });
  socket.write(head + body, () => {
    if (moment !== 'in the answer') setTimeout(reset, 5);
  });
  socket.once('data', reset);
  return promise;
}

async function leaveMany(moment: Moment, times: number): Promise<void> {
  for (let at = 0; at < times; at += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, () => leave(moment)));
}

async function leaveAtAllMoments(times: number): Promise<void> {
  for (const moment of Object.keys(behaviours) as Moment[]) {
    upstream.behave(behaviours[moment]);
    await leaveMany(moment, times / 3);
  }
}

describe('2,000 callers that reset their connections', () => {
  it('during the fetch of a token leave the fetch to the others, and make room for them', async () => {
    const release = tokens.holdOnce();
    await leaveMany('while it waits for the answer', 300);
    await eventually(() => expect(tokens.requests).toHaveLength(1));
    const patient = plainRequest(`${bare.url}/api/integration/flows/flow`, 'GET', { 'x-api-key': BARE_KEY });
    await delay(20);
    release();
    expect((await patient).status).toBe(200);
    expect(tokens.requests).toHaveLength(1);
  });

  it('leave no connection behind, on either side, and no memory', async () => {
    await leaveAtAllMoments(600);
    const before = await heapBytes();
    await leaveAtAllMoments(CALLERS);
    await eventually(() => expect(upstream.openSockets + bare.openSockets).toBe(0));
    expect((await heapBytes()) - before).toBeLessThan(3_000_000);
  }, 30_000);

  it('leave a process that serves the next one', async () => {
    upstream.behave(answer(200, {}, 'ok'));
    const next = await plainRequest(`${bare.url}/api/integration/flows/flow`, 'GET', { 'x-api-key': BARE_KEY });
    expect(next).toMatchObject({ status: 200, text: 'ok' });
  });
});

/** What is in use after all that can be collected was. */
async function heapBytes(): Promise<number> {
  await eventually(() => expect(upstream.openSockets).toBe(0));
  upstream.requests.length = 0;
  bare.logLines.length = 0;
  await delay(50);
  return liveMemory().heapUsed;
}
