import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest } from '../support/plain-request.ts';
import { PrometheusText } from '../support/prometheus-text.ts';

const OPERATOR_KEY = 'operator-key-0123456789';
const EVERYTHING_KEY = 'everything-key-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';
const FLOW = '/api/integration/flows/product-details';
const PRODUCT = '{"productIdentifier":"HT-2000"}';

const stack = useFlowgate({
  file: () => `
callers:
  operator: { apiKeys: [${OPERATOR_KEY}], allow: ["GET /metrics"] }
  everything: { apiKeys: [${EVERYTHING_KEY}], allow: ["* /**"] }
limits: { concurrency: 6, perService: 2 }
`,
});

function ask(method = 'GET', headers: Record<string, string> = { 'x-api-key': OPERATOR_KEY }) {
  return plainRequest(`${stack.url}/metrics`, method, headers);
}

async function metrics(): Promise<PrometheusText> {
  return new PrometheusText((await ask()).text);
}

/** By how much a number grows while something is done; a request is counted a moment after its answer. */
async function growthOf(
  name: string,
  labels: Record<string, string>,
  expected: number,
  deed: () => Promise<unknown>,
): Promise<number> {
  const before = (await metrics()).value(name, labels) ?? 0;
  await deed();
  let growth = 0;
  for (let attempt = 0; attempt < 50 && growth < expected; attempt++) {
    growth = ((await metrics()).value(name, labels) ?? 0) - before;
  }
  return growth;
}

describe('GET /metrics', () => {
  it('answers a caller that is granted it, in the text format of Prometheus', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(new PrometheusText(answer.text).samples.length).toBeGreaterThan(0);
  });

  it.each([
    ['without a credential', {}, 401, 'unauthenticated'],
    ['with a wrong key', { 'x-api-key': 'wrong-key-0123456789' }, 401, 'unauthenticated'],
    ['to a caller of API_KEYS', { 'x-api-key': API_KEY }, 403, 'forbidden'],
    ['to a caller that may call everything below /api', { 'x-api-key': EVERYTHING_KEY }, 403, 'forbidden'],
  ])('says nothing %s', async (_, headers, status, code) => {
    const answer = await ask('GET', headers);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ code });
    expect(answer.text).not.toContain('flowgate_');
  });

  it.each(['POST', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    const answer = await ask(method);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('answers HEAD without a body', async () => {
    const answer = await ask('HEAD');
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
  });

  it.each(['/metrics/', '/Metrics', '/metrics/x'])('does not exist as %s', async (path) => {
    const answer = await plainRequest(`${stack.url}${path}`, 'GET', { 'x-api-key': OPERATOR_KEY });
    expect(answer.status).toBe(404);
  });

  it('names services and callers as the configuration does, and no address, version or key', async () => {
    const { text } = await ask();
    for (const hidden of ['127.0.0.1', 'localhost', 'version=', 'node_', String(stack.port)])
      expect(text).not.toContain(hidden);
  });
});

describe('a request', () => {
  it('is counted by service, route template, method and class of status', async () => {
    const labels = {
      service: 'workflow',
      route: '/api/workflow/definitions/:id/instances',
      method: 'POST',
      status: '2xx',
    };
    expect(await growthOf('flowgate_requests_total', labels, 1, () => stack.post(START, '{}'))).toBe(1);
  });

  it('is measured from its head to the end of its answer, and its way upstream in it', async () => {
    const labels = { service: 'workflow', route: '/api/workflow/definitions' };
    const read = () => stack.get('/api/workflow/definitions');
    expect(await growthOf('flowgate_request_duration_seconds_count', labels, 1, read)).toBe(1);
    expect(await growthOf('flowgate_upstream_duration_seconds_count', { service: 'workflow' }, 1, read)).toBe(1);
    const now = await metrics();
    const whole = now.value('flowgate_request_duration_seconds_sum', { service: 'workflow' }) ?? 0;
    const upstream = now.value('flowgate_upstream_duration_seconds_sum', { service: 'workflow' }) ?? 0;
    expect(upstream).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(upstream);
  });

  it('by HEAD is counted with GET', async () => {
    const labels = { route: '/api/workflow/definitions', method: 'GET', status: '2xx' };
    const head = () => stack.send('HEAD', '/api/workflow/definitions');
    expect(await growthOf('flowgate_requests_total', labels, 1, head)).toBe(1);
  });

  it('that is refused is counted by the code of its problem', async () => {
    const labels = { service: 'workflow', code: 'instance-not-found' };
    const read = () => stack.get('/api/workflow/instances/00000000-0000-0000-0000-000000000000');
    expect(await growthOf('flowgate_problems_total', labels, 1, read)).toBe(1);
  });

  it('that nobody is let in with is counted without a service and without a caller', async () => {
    const send = () => plainRequest(`${stack.url}/api/workflow/definitions`, 'GET');
    expect(await growthOf('flowgate_problems_total', { service: '', code: 'unauthenticated' }, 1, send)).toBe(1);
  });

  it('is counted for its caller, whatever became of it', async () => {
    const send = () => stack.get('/api/nowhere');
    expect(await growthOf('flowgate_caller_requests_total', { caller: 'tester' }, 1, send)).toBe(1);
  });

  it('whose caller leaves is counted as aborted', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 200 });
    const leave = () =>
      fetch(`${stack.url}${START}`, {
        method: 'POST',
        headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
        body: '{}',
        signal: AbortSignal.timeout(50),
      }).catch(() => undefined);
    expect(await growthOf('flowgate_requests_total', { status: 'aborted' }, 1, leave)).toBe(1);
  });

  it('beyond a limit is counted as shed', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 150 });
    const labels = { service: 'workflow', limit: 'perService' };
    for (let attempt = 0; attempt < 200; attempt++)
      if ((await metrics()).value('flowgate_requests_in_flight') === 0) break;
    const crowd = () => Promise.all(Array.from({ length: 5 }, () => stack.post(START, '{}')));
    expect(await growthOf('flowgate_requests_shed_total', labels, 3, crowd)).toBe(3);
  });

  it('that runs is in flight, and the limits stand beside it', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 300 });
    const running = stack.post(START, '{}');
    await eventually(() => expect(stack.sandbox.control.lastRequest('workflow')).toBeDefined());
    const now = await metrics();
    expect(now.value('flowgate_requests_in_flight', { service: 'workflow' })).toBe(1);
    expect(now.value('flowgate_requests_in_flight', { service: 'integration' })).toBe(0);
    expect(now.value('flowgate_requests_limit', { limit: 'perService' })).toBe(2);
    expect(now.value('flowgate_requests_limit', { limit: 'concurrency' })).toBe(6);
    await running;
  });
});

describe('a request under an Idempotency-Key', () => {
  it('is counted as run, and the next one under it as a replay', async () => {
    const key = { 'idempotency-key': 'metrics-0001' };
    const labels = { service: 'workflow', outcome: 'run' };
    expect(await growthOf('flowgate_keyed_requests_total', labels, 1, () => stack.post(START, '{}', key))).toBe(1);
    const replay = { service: 'workflow', outcome: 'replay' };
    expect(await growthOf('flowgate_keyed_requests_total', replay, 1, () => stack.post(START, '{}', key))).toBe(1);
    expect((await metrics()).value('flowgate_ledger_records')).toBe(1);
  });
});

describe('labels', () => {
  it('hold nothing that a caller made up', async () => {
    const word = 'madeup7391';
    await plainRequest(`${stack.url}/${word}`, 'GET');
    await plainRequest(`${stack.url}/api/${word}`, 'GET', { 'x-api-key': API_KEY });
    await plainRequest(`${stack.url}/api/workflow/definitions/${word}`, 'GET', { 'x-api-key': API_KEY });
    await plainRequest(`${stack.url}/api/workflow/instances?${word}=${word}`, 'GET', { 'x-api-key': API_KEY });
    await plainRequest(`${stack.url}/problems/${word}`, 'GET');
    await plainRequest(`${stack.url}/api/workflow/definitions`, 'GET', { 'x-api-key': `${word}-${word}` });
    await plainRequest(`${stack.url}/api/workflow/definitions`, 'GET', {
      'x-correlation-id': word,
      'user-agent': word,
    });
    await plainRequest(`${stack.url}/health`, 'PROPFIND');
    expect((await ask()).text).not.toContain(word);
    expect((await metrics()).valuesOf('method').has('PROPFIND')).toBe(false);
  });

  it('make no new series for a second round of the same requests', async () => {
    const round = async () => {
      await stack.post(START, '{}');
      await stack.post(FLOW, PRODUCT);
      await plainRequest(`${stack.url}/x${Math.random()}`, 'GET');
      await plainRequest(`${stack.url}/health`, 'MKCOL');
    };
    await round();
    await round();
    const before = (await metrics()).samples.length;
    for (let count = 0; count < 5; count++) await round();
    expect((await metrics()).samples).toHaveLength(before);
  });
});

describe('tokens', () => {
  it('are counted when they are asked for and when a service refuses them; age and rest are shown', async () => {
    await stack.post(START, '{}');
    const obtained = { service: 'workflow', outcome: 'obtained' };
    const renew = async () => {
      stack.sandbox.control.revokeTokens();
      await stack.get('/api/workflow/definitions');
    };
    expect(await growthOf('flowgate_token_fetches_total', obtained, 1, renew)).toBe(1);
    const now = await metrics();
    expect(now.value('flowgate_token_refusals_total', { service: 'workflow', status: '401' })).toBe(1);
    expect(now.value('flowgate_token_wait_duration_seconds_count', { service: 'workflow' })).toBeGreaterThan(0);
    expect(now.value('flowgate_token_state', { service: 'workflow', state: 'valid' })).toBe(1);
    expect(now.value('flowgate_token_age_seconds', { service: 'workflow' })).toBeLessThan(60);
    expect(now.value('flowgate_token_expires_in_seconds', { service: 'workflow' })).toBeGreaterThan(60);
    expect(now.value('flowgate_token_requests_total', { service: 'workflow' })).toBeGreaterThanOrEqual(2);
  });
});

describe('CSRF handshakes', () => {
  it('are counted by what came of them', async () => {
    const labels = { service: 'integration', outcome: 'token' };
    const send = () => stack.post('/api/integration/flows/orders', '{}');
    expect(await growthOf('flowgate_csrf_handshakes_total', labels, 1, send)).toBe(1);
  });
});

describe('the process', () => {
  it('shows how late its event loop is, and how busy', async () => {
    const now = await metrics();
    for (const stat of ['p50', 'p99', 'max'])
      expect(now.value('flowgate_event_loop_delay_seconds', { stat })).toBeGreaterThanOrEqual(0);
    expect(now.value('flowgate_event_loop_busy_seconds_total')).toBeGreaterThan(0);
    expect(now.value('process_start_time_seconds')).toBeGreaterThan(1.7e9);
  });
});
