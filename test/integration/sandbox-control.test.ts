import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { flowCaller, jsonOf, requestToken, tokenOf, workflowCaller } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

let sandbox: Sandbox;
let call: Call;
let callFlow: Call;

beforeAll(async () => {
  sandbox = await startSandbox();
  call = await workflowCaller(sandbox);
  callFlow = await flowCaller(sandbox);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const starting = { body: '{"definitionId":"workflow","context":{}}' };

function command(name: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'POST', headers };
  return fetch(
    `${sandbox.controlUrl}/control/${name}`,
    body === undefined ? init : { ...init, body: JSON.stringify(body) },
  );
}

async function startedInstances(): Promise<number> {
  const response = await call('GET /workflow-instances?$inlinecount=allpages&$top=0');
  return Number(response.headers.get('x-total-count'));
}

describe('answers on demand', () => {
  it('429 as the workflow API says it, with and without Retry-After, n times', async () => {
    sandbox.control.rateLimit({ upstream: 'workflow', times: 1 });
    sandbox.control.rateLimit({ upstream: 'workflow', times: 1, retryAfter: 2 });
    const first = await call('GET /workflow-instances');
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, null]);
    expect(await first.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.rate.limit.exceeded' } });
    const second = await call('GET /workflow-instances');
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await call('GET /workflow-instances')).status).toBe(200);
  });

  it('500 with the error of the service, 502 of the router, 503', async () => {
    sandbox.control.fail({ upstream: 'workflow', times: 1 });
    sandbox.control.fail({ upstream: 'workflow', status: 502, times: 1 });
    sandbox.control.fail({ upstream: 'workflow', status: 503, times: 1 });
    const internal = await call('GET /workflow-instances');
    expect(internal.status).toBe(500);
    expect(await internal.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.internal.server.error' } });
    const router = await call('GET /workflow-instances');
    expect([router.status, router.headers.get('x-cf-routererror')]).toEqual([502, 'endpoint_failure']);
    expect((await call('GET /workflow-instances')).status).toBe(503);
  });

  it('a redirect, a login page, and text that is not quite JSON', async () => {
    const upstream = 'workflow';
    sandbox.control.redirect({ upstream, times: 1 });
    sandbox.control.html({ upstream, times: 1 });
    sandbox.control.garbage({ upstream, times: 1 });
    const redirected = await call('GET /workflow-instances');
    expect([redirected.status, redirected.headers.get('location')]).toEqual([302, 'https://login.example.com/']);
    const html = await call('GET /workflow-instances');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    await expect((await call('GET /workflow-instances')).json()).rejects.toThrow(/JSON/);
  });

  it('any other answer, for one method and path only', async () => {
    const only = { method: 'HEAD', path: '/http/orders' };
    sandbox.control.answer({ upstream: 'integration', status: 405, headers: { allow: 'GET' }, ...only });
    const fetching = { headers: { 'x-csrf-token': 'Fetch' } };
    expect((await callFlow('HEAD /http/orders', fetching)).status).toBe(405);
    expect((await callFlow('GET /http/orders', fetching)).status).toBe(200);
    expect((await callFlow('HEAD /http/echo')).status).toBe(200);
  });

  it('late ones: the request is carried out even if its client has left', async () => {
    const before = await startedInstances();
    sandbox.control.slow({ upstream: 'workflow', ms: 300, times: 1 });
    const token = { authorization: `Bearer ${await tokenOf(sandbox, 'workflow')}` };
    const aborted = fetch(`${sandbox.workflow.url}/workflow-service/rest/v1/workflow-instances`, {
      method: 'POST',
      headers: { ...token, 'content-type': 'application/json' },
      body: starting.body,
      signal: AbortSignal.timeout(100),
    });
    await expect(aborted).rejects.toThrow('timeout');
    let after = before;
    for (let attempt = 0; attempt < 60 && after === before; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      after = await startedInstances();
    }
    expect(after).toBe(before + 1);
  });
});

describe('broken connections', () => {
  it('before the body: nothing has happened', async () => {
    const before = await startedInstances();
    sandbox.control.resetConnection({ upstream: 'workflow', when: 'before-body', times: 1 });
    await expect(call('POST /workflow-instances', starting)).rejects.toThrow('fetch failed');
    expect(await startedInstances()).toBe(before);
  });

  it('after the body: it has happened, and the answer is lost', async () => {
    const before = await startedInstances();
    sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body', times: 1 });
    await expect(call('POST /workflow-instances', starting)).rejects.toThrow('fetch failed');
    expect(await startedInstances()).toBe(before + 1);
  });

  it('during the answer: its head arrives, its body does not', async () => {
    sandbox.control.resetConnection({ upstream: 'workflow', when: 'during-answer', times: 1 });
    const response = await call('POST /workflow-instances', starting);
    expect(response.status).toBe(201);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('during a streamed answer as well', async () => {
    sandbox.control.resetConnection({ upstream: 'integration', when: 'during-answer', times: 1 });
    const response = await callFlow('GET /http/stream?bytes=1000000');
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  });

  it.each(['authorizationServer', 'workflow', 'integration'] as const)(
    'refused while %s is down, taken again on the same port',
    async (upstream) => {
      const { url } = sandbox[upstream];
      await sandbox.control.down({ upstream });
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
      await sandbox.control.up({ upstream });
      expect((await fetch(url)).status).toBeGreaterThan(0);
    },
  );
});

describe('looking', () => {
  it('counts token requests, requests per route, flow runs and sockets', async () => {
    await requestToken(sandbox, 'workflow');
    await call('POST /workflow-instances', starting);
    await call('GET /workflow-instances/1');
    await call('GET /workflow-instances/2');
    await callFlow('POST /http/products', { body: '{}' });
    expect(sandbox.control.counters()).toEqual({
      tokenRequests: 1,
      requests: {
        authorizationServer: { 'POST /oauth/token': 1 },
        workflow: { 'POST /workflow-instances': 1, 'GET /workflow-instances/:id': 2 },
        integration: { 'POST /http/products': 1 },
        workflowServer: {},
        workflowgen: {},
        httpApi: {},
      },
      flowRuns: { '/http/products': 1 },
      openSockets: {
        authorizationServer: expect.any(Number),
        workflow: expect.any(Number),
        integration: expect.any(Number),
        workflowServer: expect.any(Number),
        workflowgen: expect.any(Number),
        httpApi: expect.any(Number),
      },
    });
    expect(sandbox.control.counters().openSockets.workflow).toBeGreaterThan(0);
  });

  it('counts a request that met a fault', async () => {
    sandbox.control.rateLimit({ upstream: 'workflow', times: 1 });
    await call('POST /workflow-instances', starting);
    expect(sandbox.control.counters().requests.workflow).toEqual({ 'POST /workflow-instances': 1 });
  });

  it('shows the last request with its bytes', async () => {
    await call('POST /workflow-instances?x=%20', { body: '{ "definitionId":"workflow","context":{"a":1.0} }' });
    const last = sandbox.control.lastRequest('workflow');
    expect(last).toMatchObject({
      method: 'POST',
      path: '/workflow-service/rest/v1/workflow-instances',
      query: 'x=%20',
      headers: { 'content-type': 'application/json' },
    });
    expect(last?.rawBody.toString()).toBe('{ "definitionId":"workflow","context":{"a":1.0} }');
    expect(last?.rawHeaders).toContain('content-type');
  });

  it('forgets everything on reset', async () => {
    sandbox.control.fail({ upstream: 'workflow' });
    sandbox.control.setAuthorities({ authorities: [] });
    sandbox.control.rotateSecret({ client: 'workflow' });
    await sandbox.control.down({ upstream: 'integration' });
    await sandbox.control.reset();
    expect((await requestToken(sandbox, 'workflow')).status).toBe(200);
    expect((await (await workflowCaller(sandbox))('GET /workflow-instances')).status).toBe(200);
    expect((await fetch(sandbox.integration.url)).status).toBe(401);
  });
});

describe('the control over HTTP', () => {
  it('takes a fault as JSON', async () => {
    expect((await command('fail', { upstream: 'workflow', status: 503, times: 1 })).status).toBe(204);
    expect((await call('GET /workflow-instances')).status).toBe(503);
    expect((await call('GET /workflow-instances')).status).toBe(200);
  });

  it('gives the new secret after a rotation', async () => {
    const rotated = await command('rotate-secret', { client: 'workflow', secret: 'new$secret=' });
    expect(await rotated.json()).toEqual({ clientSecret: 'new$secret=' });
  });

  it('shows counters and the last request', async () => {
    await call('POST /workflow-instances', starting);
    const counters = await jsonOf(await fetch(`${sandbox.controlUrl}/control/counters`));
    expect(counters).toMatchObject({ requests: { workflow: { 'POST /workflow-instances': 1 } } });
    const last = await jsonOf(await fetch(`${sandbox.controlUrl}/control/requests/workflow`));
    expect(last).toMatchObject({ method: 'POST', rawBody: starting.body });
    expect((await fetch(`${sandbox.controlUrl}/control/requests/integration`)).status).toBe(404);
  });

  it('says what is wrong with a command', async () => {
    const unknownUpstream = await command('slow', { upstream: 'nobody', ms: 5 });
    expect(unknownUpstream.status).toBe(400);
    expect(await unknownUpstream.text()).toContain('upstream');
    expect((await command('slow', { upstream: 'workflow', ms: 5, time: 1 })).status).toBe(400);
    const missing = await command('explode');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ commands: expect.arrayContaining(['slow', 'down', 'reset']) });
    expect((await command('constructor')).status).toBe(404);
  });

  it('is described in the README, command by command', async () => {
    const { commands } = await jsonOf<{ commands: string[] }>(await command('help'));
    const readme = readFileSync('sandbox/README.md', 'utf8');
    expect(commands.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('takes nothing from web pages', async () => {
    expect((await command('reset', undefined, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it.each([
    ['expire-tokens', undefined],
    ['revoke-tokens', undefined],
    ['authorities', { authorities: 'all' }],
    ['bad-credentials-form', { form: 'invalid_client' }],
    ['slow', { upstream: 'workflow', ms: 0 }],
    ['rate-limit', { upstream: 'integration', retryAfter: 1 }],
    ['html', { upstream: 'workflow' }],
    ['redirect', { upstream: 'workflow' }],
    ['garbage', { upstream: 'workflow' }],
    ['unknown-route', { upstream: 'workflow' }],
    ['unknown-zone', {}],
    ['answer', { upstream: 'workflow', status: 418 }],
    ['reset-connection', { upstream: 'workflow', when: 'after-body' }],
    ['down', { upstream: 'integration' }],
    ['up', { upstream: 'integration' }],
    ['busy', { times: 1 }],
    ['forget-csrf-tokens', undefined],
    ['reset', undefined],
  ])('knows %s', async (name, body) => {
    expect((await command(name, body)).status).toBe(204);
  });

  it('says whether an instance was there to change', async () => {
    const answer = await command('instance-status', { instanceId: 'none', status: 'ERRONEOUS' });
    expect(await answer.json()).toEqual({ found: false });
  });
});

describe('several sandboxes', () => {
  it('run side by side without knowing of each other', async () => {
    const others = await Promise.all([startSandbox(), startSandbox(), startSandbox()]);
    try {
      const urls = new Set(others.flatMap((other) => [other.workflow.url, other.controlUrl]));
      expect(urls.size).toBe(6);
      others[0]?.control.fail({ upstream: 'workflow' });
      expect((await (await workflowCaller(sandbox))('GET /workflow-instances')).status).toBe(200);
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
  });

  it('a port that is taken is an error, and nothing stays open', async () => {
    const taken = Number(new URL(sandbox.workflow.url).port);
    await expect(startSandbox({ ports: { workflow: taken } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
