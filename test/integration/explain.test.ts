import { describe, expect, it } from '@jest/globals';
import type { Explanation } from '../../src/services/explain-operation.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

const OPERATOR = { 'x-api-key': 'operator-key-0123456789abcdef', 'flowgate-explain': 'true' };
const EVERYTHING = { 'x-api-key': 'everything-key-0123456789ab', 'flowgate-explain': 'true' };
const PACED_KEY = 'paced-key-0123456789abcdef';
const ENVIRONMENT_KEY = 'environment-api-key-0123456789';

const stack = useFlowgate({
  file: ({ workflow, workflowServer, serviceKeys: { processAutomation } }) => `
services:
  integration:
    flows:
      orders: { address: /http/orders, methods: [GET, POST], subpaths: true, timeout: 5s, maxBody: 2mb }
  bpa:
    kind: sap-workflow
    url: ${workflow.url}
    environmentId: shared-dev
    apiKey: ${ENVIRONMENT_KEY}
    token:
      url: ${processAutomation.uaa.url}
      clientId: "${processAutomation.uaa.clientid}"
      clientSecret: "${processAutomation.uaa.clientsecret}"
  approvals: { kind: workflow-server, url: ${workflowServer.url}, accessToken: "${workflowServer.accessToken}" }
callers:
  operator:
    apiKeys: [${OPERATOR['x-api-key']}]
    allow:
      - EXPLAIN /api/**
      - POST /api/workflow/definitions/onboarding/instances
      - POST /api/integration/flows/orders
  paced:
    apiKeys: [${PACED_KEY}]
    allow: [EXPLAIN /api/**]
    rateLimit: 2/h
  everything:
    apiKeys: [${EVERYTHING['x-api-key']}]
    allow: ['* /api/**', EXPLAIN /api/workflow/tasks]
`,
  env: { INTEGRATION_FLOWS: '' },
});

const START = '/api/workflow/definitions/onboarding/instances';

async function explained(method: string, path: string, body?: string): Promise<Explanation> {
  stack.secrets.plant('API key of the environment', ENVIRONMENT_KEY);
  const answer = await stack.send(method, path, body, OPERATOR);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  return answer.json as Explanation;
}

function upstreamRequests(): number {
  const { requests, tokenRequests } = stack.sandbox.control.counters();
  const all = Object.values(requests).flatMap((routes) => Object.values(routes));
  return all.reduce((sum, count) => sum + count, tokenRequests);
}

describe('a request with Flowgate-Explain: true', () => {
  it('sends nothing, no token request either', async () => {
    await explained('POST', START, '{}');
    await explained('POST', '/api/integration/flows/orders', '{}');
    expect(upstreamRequests()).toBe(0);
  });

  it('names the operation, its effect and what it needs', async () => {
    const { operation } = await explained('POST', START, '{}');
    expect(operation).toMatchObject({
      service: 'workflow',
      kind: 'sap-workflow',
      id: 'start-definition',
      route: 'POST /api/workflow/definitions/:id/instances',
      effect: 'start',
      authorities: ['WORKFLOW_INSTANCE_START'],
    });
  });

  it('says by which grant it would be let in', async () => {
    const { grant } = await explained('POST', START, '{}');
    expect(grant).toEqual({ caller: 'operator', allowed: true, by: `POST ${START}` });
  });

  it('says which grant is missing, where the caller may only ask', async () => {
    const { grant } = await explained('GET', '/api/workflow/instances/4711/context');
    expect(grant).toEqual({ caller: 'operator', allowed: false, needs: 'GET /api/workflow/instances/*/context' });
  });

  it('shows the request that would go upstream, with the headers that really go', async () => {
    const { upstream } = await explained('POST', START, '{"a":1}');
    await stack.send('POST', START, '{"a":1}', { 'x-api-key': OPERATOR['x-api-key'] });
    const sent = stack.sandbox.control.lastRequest('workflow');
    expect(upstream).toMatchObject({ method: 'POST', url: `${stack.sandbox.workflow.url}${sent?.path ?? ''}` });
    const framing = ['host', 'connection', 'content-length'];
    const really = Object.keys(sent?.headers ?? {}).filter((name) => !framing.includes(name));
    expect(Object.keys(upstream?.headers ?? {}).sort()).toEqual(really.sort());
  });

  it('withholds credentials, the API key of an environment too', async () => {
    const { upstream } = await explained('GET', '/api/bpa/definitions');
    expect(upstream?.headers).toMatchObject({ authorization: 'Bearer [withheld]', 'irpa-api-key': '[withheld]' });
    expect(upstream?.url).toContain('environmentId=shared-dev');
  });

  it('tells the age of the token, once there is one', async () => {
    expect((await explained('GET', '/api/bpa/definitions')).upstream?.token).toMatchObject({ state: 'none' });
    await stack.send('POST', START, '{}', { 'x-api-key': OPERATOR['x-api-key'] });
    const { upstream } = await explained('POST', START, '{}');
    expect(upstream?.token).toMatchObject({ state: 'valid', authentication: 'client_secret_post' });
    expect(upstream?.token?.ageSeconds).toBeLessThan(60);
    expect(upstream?.token?.expiresInSeconds).toBeGreaterThan(3600);
  });

  it('tells limits, deadline and CSRF mode of a flow', async () => {
    const { limits, deadline, upstream } = await explained('POST', '/api/integration/flows/orders', '{}');
    expect(limits).toMatchObject({ bodyBytes: 2 * 1024 ** 2, concurrency: 256, perService: 64 });
    expect(deadline).toMatchObject({ ms: 5000, setting: expect.stringContaining('timeout of the flow orders') });
    expect(upstream?.csrf).toEqual({ mode: 'auto', endpoint: '/http/orders' });
  });

  it('tells the deadline that the request itself asks for, where that is the shorter one', async () => {
    const ask = (prefer: string) => stack.send('GET', '/api/workflow/definitions', undefined, { ...OPERATOR, prefer });
    expect((await ask('wait=3')).json).toMatchObject({
      deadline: { ms: 3000, setting: expect.stringContaining('Prefer') },
    });
    expect((await ask('wait=300')).json).toMatchObject({ deadline: { ms: 30_000, setting: 'limits.timeout' } });
  });

  it('tells the rate of the caller, and takes the explanation as one of its requests', async () => {
    const ask = () => stack.get('/api/workflow/tasks', { 'x-api-key': PACED_KEY, 'flowgate-explain': 'true' });
    expect((await ask()).json).toMatchObject({ limits: { rate: { requests: 2, perSeconds: 3600 } } });
    await ask();
    const third = await ask();
    expect([third.status, third.json.code]).toEqual([429, 'rate-limited']);
    expect((await explained('POST', START, '{}')).limits.rate).toBeNull();
  });

  it('tells which read goes before a command, and decides whether it is sent', async () => {
    const id = 'f54104f0-5de2-4a7b-a3be-47c9199a3967';
    const { upstream } = await explained('POST', `/api/approvals/instances/${id}/commands/submit`, '{}');
    const api = `${stack.sandbox.workflowServer.url}/workflowapi`;
    expect(upstream?.beforehand).toEqual({
      operation: 'list-commands',
      method: 'POST',
      url: `${api}/getavailablecommands/${id}`,
    });
    expect(upstream?.url).toBe(`${api}/executecommand/${id}`);
    expect(upstreamRequests()).toBe(0);
    expect((await explained('POST', START, '{}')).upstream?.beforehand).toBeNull();
  });

  it('says when it would be sent again: a start only as long as nothing can have happened', async () => {
    const start = (await explained('POST', START, '{}')).upstream?.sentAgain;
    const read = (await explained('GET', '/api/workflow/definitions')).upstream?.sentAgain;
    expect(start?.[0]).toMatch(/^once, when no connection came about/);
    expect(start?.at(-1)).toMatch(/^never, when the connection broke/);
    expect(read?.at(-1)).toMatch(/^once, when the connection broke/);
  });

  it('says that what is answered here goes nowhere', async () => {
    expect((await explained('GET', '/api/integration/flows')).upstream).toBeNull();
  });

  it('is no start for the audit', async () => {
    await explained('POST', START, '{}');
    const line = stack.logLines.findLast(({ msg }) => msg === 'request');
    expect(line).toMatchObject({ route: '/api/workflow/definitions/:id/instances', status: 200 });
    expect(line).not.toHaveProperty('audit');
  });
});

describe('the checks before an explanation', () => {
  it.each([
    ['a broken body', 'POST', START, '{', 400, 'invalid-body'],
    ['an unknown filter', 'GET', '/api/workflow/instances?stauts=x', undefined, 400, 'invalid-parameter'],
    ['an unknown path', 'GET', '/api/workflow/instancez', undefined, 404, 'not-found'],
    ['another method', 'DELETE', '/api/workflow/tasks', undefined, 405, 'method-not-allowed'],
  ])('are those of the request: %s', async (_name, method, path, body, status, code) => {
    const answer = await stack.send(method, path, body, OPERATOR);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('refuse a caller that may call the route, but was not granted explanations by name', async () => {
    const answer = await stack.send('POST', START, '{}', EVERYTHING);
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden']);
    expect(answer.json.hint).toContain('EXPLAIN /api/**');
    expect(upstreamRequests()).toBe(0);
  });

  it('let it ask where it was granted', async () => {
    expect((await stack.get('/api/workflow/tasks', EVERYTHING)).status).toBe(200);
    expect(upstreamRequests()).toBe(0);
  });

  it('refuse callers of API_KEYS, who were granted nothing by name', async () => {
    const answer = await stack.post(START, '{}', { 'flowgate-explain': 'true' });
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden']);
    expect(upstreamRequests()).toBe(0);
  });

  it.each(['false', '1', 'TRUE', ''])(
    'refuse the value %j: whoever sends the header does not want the deed',
    async (value) => {
      const answer = await stack.post(START, '{}', { ...OPERATOR, 'flowgate-explain': value });
      expect([answer.status, answer.json.code]).toEqual([400, 'invalid-request']);
      expect(upstreamRequests()).toBe(0);
    },
  );
});
