/** What operators learn of tokens: whose they are, and why one could not be had. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareFlowgate } from '../support/bare-flowgate.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { PrometheusText } from '../support/prometheus-text.ts';
import { answer, RawUpstream } from '../support/raw-upstream.ts';

const KEY = 'operator-key-0123456789';
const SECRET = 'first-secret-0123456789';

let upstream: RawUpstream;
let tokens: FakeTokenServer;
let flowgate: BareFlowgate;

beforeEach(async () => {
  const listed = answer(200, { 'content-type': 'application/json' }, '[]');
  [upstream, tokens] = await Promise.all([RawUpstream.start(listed), FakeTokenServer.start()]);
  flowgate = await BareFlowgate.start({ file: fileText() });
});

afterEach(async () => {
  await flowgate.stop();
  await Promise.all([upstream.close(), tokens.stop()]);
});

/** `first` and `second` have equal clients, written down twice; `third` has one of its own. */
function fileText(): string {
  const entry = (clientId: string) =>
    `{ kind: sap-workflow, url: '${upstream.origin}', token: { url: '${tokens.url}', clientId: ${clientId}, clientSecret: ${SECRET} } }`;
  return `
services: { first: ${entry('one')}, second: ${entry('one')}, third: ${entry('two')} }
callers: { operator: { apiKeys: [${KEY}], allow: ["* /api/**", "GET /metrics"] } }
`;
}

function get(path: string): Promise<PlainAnswer> {
  return plainRequest(`${flowgate.url}${path}`, 'GET', { 'x-api-key': KEY });
}

function linesOf(msg: string): Record<string, unknown>[] {
  return flowgate.logLines.filter((line) => line['msg'] === msg);
}

describe('a token that equal clients share', () => {
  it('is logged with all services that use it', async () => {
    await get('/api/second/definitions');
    await get('/api/third/definitions');
    expect(linesOf('token').map(({ services }) => services)).toEqual([['first', 'second'], ['third']]);
  });

  it('counts under the first of them, whichever was called', async () => {
    await get('/api/second/definitions');
    const metrics = new PrometheusText((await get('/metrics')).text);
    expect(metrics.value('flowgate_token_fetches_total', { service: 'first', outcome: 'obtained' })).toBe(1);
    expect(metrics.value('flowgate_token_fetches_total', { service: 'second', outcome: 'obtained' })).toBe(0);
  });
});

describe('the line of a request that got no token', () => {
  async function errOf(): Promise<unknown> {
    await get('/api/first/definitions');
    await eventually(() => expect(linesOf('request')).toHaveLength(1));
    return linesOf('request')[0]?.['err'];
  }

  it('names the error of OAuth and the status of a refusal', async () => {
    tokens.respondOnceWithJson(400, { error: 'invalid_client', error_description: `no ${SECRET}` });
    expect(await errOf()).toMatchObject({
      name: 'TokenFailure',
      reason: 'status',
      phase: 'answer',
      code: 'invalid_client',
      status: 400,
    });
    expect(JSON.stringify(flowgate.logLines)).not.toContain(SECRET);
  });

  it('says what was wrong with an answer', async () => {
    tokens.respondOnceWithHtml(200);
    expect(await errOf()).toMatchObject({ name: 'TokenFailure', reason: 'answer', status: 200, code: 'not-json' });
  });

  it('shows no word of a server that makes up errors of its own', async () => {
    tokens.respondOnceWithJson(400, { error: SECRET, error_description: 'x' });
    expect(await errOf()).toMatchObject({ name: 'TokenFailure', reason: 'status', status: 400 });
    expect(JSON.stringify(flowgate.logLines)).not.toContain(SECRET);
  });
});
