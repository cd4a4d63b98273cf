import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';

const MANAGER_KEY = 'manager-key-0123456789abcdef';
const CLERK_KEY = 'clerk-key-0123456789abcdef';
const asManager = { 'x-api-key': MANAGER_KEY };

/**
 * `approvals` with all there is, `plain` as it is without settings, `old` with the static token. Tokens are refreshed by
 * force only once in 5 s, so each test that needs it has a service with a token of its own.
 */
function configuration({ workflowServer }: Sandbox): string {
  const { url, clientId, clientSecret, accessToken } = workflowServer;
  const client = `clientId: ${clientId}, clientSecret: "${clientSecret}"`;
  const ownToken = (name: string) =>
    `${name}: { kind: workflow-server, url: ${url}, token: { ${client}, params: { scope: ${name} } } }`;
  return `
services:
  approvals:
    kind: workflow-server
    url: ${url}
    token: { ${client} }
    administration: true
    identity: { from: caller }
  plain: { kind: workflow-server, url: ${url}/workflowapi, token: { ${client} } }
  old: { kind: workflow-server, url: ${url}, accessToken: "${accessToken}" }
  old-wrong: { kind: workflow-server, url: ${url}, accessToken: wrong-access-token }
  wrong: { kind: workflow-server, url: ${url}, token: { clientId: ${clientId}, clientSecret: wrong-secret } }
  ${ownToken('restarted')}
  ${ownToken('refusing')}
  ${ownToken('denying')}
  ${ownToken('granting')}
  ${ownToken('executing')}
callers:
  clerk: { apiKeys: [${CLERK_KEY}], allow: ['POST /api/approvals/instances/*/commands/*'] }
`;
}

const stack = useFlowgate({
  file: configuration,
  env: { API_KEYS: `tester=${API_KEY},manager=${MANAGER_KEY}` },
});

const SIGNATURE =
  'Exception System.Exception:OpenId Connect authentication for Workflow API failed:   at X.Y() in C:\\Z';
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ID = 'f54104f0-5de2-4a7b-a3be-47c9199a3967';

interface Started {
  readonly id: string;
  readonly definitionId: string;
  readonly status: string;
}

async function start(body = '{}', scheme = 'TestScheme'): Promise<string> {
  const started = await stack.post(`/api/approvals/definitions/${encodeURIComponent(scheme)}/instances`, body);
  expect(started.status).toBe(201);
  return (started.json as Started).id;
}

/** How often each operation was called upstream. */
function calls(): Record<string, number> {
  const { workflowServer } = stack.sandbox.control.counters().requests;
  const operations = Object.entries(workflowServer).filter(([route]) => route.includes('/workflowapi/'));
  return Object.fromEntries(operations.map(([route, times]) => [route.replace('POST /workflowapi/', ''), times]));
}

function tokenRequests(): number {
  return stack.sandbox.control.counters().requests.workflowServer['POST /connect/token'] ?? 0;
}

/** What WorkflowServer answers to one operation. */
function answerOnce(operation: string, status: number, body: string, times = 1): void {
  stack.sandbox.control.answer({
    upstream: 'workflowServer',
    path: `/workflowapi/${operation}`,
    times,
    status,
    headers: { 'content-type': status === 200 ? 'application/json' : 'text/plain' },
    body,
  });
}

describe('a start', () => {
  it('answers 201 with a Location and the facts of the process', async () => {
    const started = await stack.post('/api/approvals/definitions/TestScheme/instances', '{"customer_name":"Ada"}');
    expect(started.status).toBe(201);
    expect(started.json).toEqual({ id: expect.stringMatching(GUID), definitionId: 'TestScheme', status: 'Idled' });
    expect(started.headers.get('location')).toBe(`/api/approvals/instances/${(started.json as Started).id}`);
    expect(started.headers.get('content-type')).toBe('application/json');
    const read = await stack.get(started.headers.get('location') ?? '');
    expect(read.json).toMatchObject({
      Id: (started.json as Started).id,
      SchemeCode: 'TestScheme',
      ProcessParameters: { customer_name: 'Ada' },
    });
  });

  it('is called Initialized when the process can be created but not read', async () => {
    answerOnce('getinstanceinfo', 503, '');
    const started = await stack.post('/api/approvals/definitions/TestScheme/instances', '{}');
    expect(started.json).toMatchObject({ definitionId: 'TestScheme', status: 'Initialized' });
    expect(started.status).toBe(201);
  });

  it('needs a body, an object or an array of parameters', async () => {
    const path = '/api/approvals/definitions/TestScheme/instances';
    expect((await stack.post(path, '[{"name":"a","value":1,"persist":true}]')).status).toBe(201);
    for (const body of ['', '5', '"a"', 'null', '[1]', '{"a":1,"a":2}'])
      expect([body, (await stack.post(path, body)).json]).toMatchObject([body, { status: 400, code: 'invalid-body' }]);
    expect(calls()).toMatchObject({ createinstance: 1 });
  });

  it('of a scheme that is not there is definition-not-found', async () => {
    const refused = await stack.post('/api/approvals/definitions/TestSchema/instances', '{}');
    expect(refused.json).toMatchObject({ status: 404, code: 'definition-not-found', service: 'approvals' });
    expect(refused.json).toMatchObject({ detail: expect.stringContaining('TestSchema') });
    expect(refused.text).not.toContain('InnerException');
  });

  it('that fails for another reason is upstream-failed, its text withheld', async () => {
    answerOnce('createinstance', 200, '{"data":null,"success":false,"error":"secret stack trace","message":""}');
    const refused = await stack.post('/api/approvals/definitions/TestScheme/instances', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'upstream-failed', retryable: false });
    expect(refused.text).not.toContain('secret stack trace');
  });

  it('whose answer is lost is looked up by the id of its process: found done it is a 201, and sent once', async () => {
    stack.sandbox.control.resetConnection({
      upstream: 'workflowServer',
      path: '/workflowapi/createinstance',
      when: 'after-body',
      times: 1,
    });
    const started = await stack.post('/api/approvals/definitions/TestScheme/instances', '{}');
    expect(started.status).toBe(201);
    expect(calls()).toEqual({ createinstance: 1, isexistprocess: 1, getinstanceinfo: 1 });
    expect(
      (await stack.get(`/api/approvals/instances?take=0&search=${(started.json as Started).id}`)).json,
    ).toHaveLength(1);
  });

  it('that was lost on its way is outcome-unknown, for its process is not there', async () => {
    stack.sandbox.control.resetConnection({
      upstream: 'workflowServer',
      path: '/workflowapi/createinstance',
      when: 'before-body',
      times: 1,
    });
    const started = await stack.post('/api/approvals/definitions/TestScheme/instances', '{}');
    expect(started.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
    expect(calls()).toMatchObject({ isexistprocess: 1 });
  });
});

describe('reading', () => {
  it('lists the schemes, all or those with a tag', async () => {
    expect((await stack.get('/api/approvals/definitions')).text).toBe('["TestScheme","Leave Request"]');
    expect((await stack.get('/api/approvals/definitions?tags=hr')).json).toEqual(['Leave Request']);
  });

  it('passes data on byte for byte', async () => {
    const order = '{ "n":9007199254740993, "price":1.0, "big":1e400 }';
    const id = await start(`{"order":${order}}`);
    const read = await stack.get(`/api/approvals/instances/${id}`);
    expect(read.text).toContain(`"ProcessParameters":{"order":${order}}`);
    expect(read.text).not.toContain('"success"');
  });

  it('answers HEAD as it answers GET, without a body', async () => {
    const head = await stack.send('HEAD', '/api/approvals/definitions');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it('sends the filters of the list under their names', async () => {
    const list = await stack.get(
      '/api/approvals/instances?take=2&skip=1&status=idled&search=x&sort=CreationDate%20asc' +
        '&fromCreationDate=2026-01-31T09:00:00%2B01:00&schemeCode=TestScheme&stateName=Draft&activityName=a',
    );
    expect(list.json).toEqual([]);
    const { query, rawBody } = stack.sandbox.control.lastRequest('workflowServer') ?? { query: '', rawBody: '' };
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      take: '2',
      skip: '1',
      status: 'Idled',
      search: 'x',
      sort: 'CreationDate asc',
      fromCreationDate: '2026-01-31T08:00:00.000Z',
      schemeCode: 'TestScheme',
      stateName: 'Draft',
      activityName: 'a',
    });
    expect(rawBody.toString()).toBe('{}');
  });

  it.each([
    'instances?colour=red',
    'instances?status=',
    'instances?status=DONE',
    'instances?take=-1',
    'instances?take=1&take=2',
    'instances?sort=CreationDate;drop',
    'instances?fromCreationDate=yesterday',
    'instances?tenantId=x',
    'instances?token=x',
    'instances?identityId=boss',
    'tasks?identityId=boss',
    'tasks?processId=4711',
    'definitions?take=1',
    `instances/${randomUUID()}?identityId=boss`,
    `instances/${randomUUID()}/commands?identityId=boss`,
  ])('refuses %s and sends nothing', async (path) => {
    expect((await stack.get(`/api/approvals/${path}`)).json).toMatchObject({ status: 400, code: 'invalid-parameter' });
    expect(calls()).toEqual({});
  });

  it.each(['4711', 'f54104f0-5de2-ea7b-e3be-47c9199a396', '{f54104f0-5de2-ea7b-e3be-47c9199a3967}', 'a%2Fb'])(
    'refuses the id %s, which is no GUID, and sends nothing',
    async (id) => {
      const refused = await stack.get(`/api/approvals/instances/${id}`);
      expect(refused.json).toMatchObject({ status: 400, code: 'invalid-parameter', source: 'caller' });
      expect(refused.json).toMatchObject({ hint: expect.stringContaining('GUID') });
      expect(calls()).toEqual({});
    },
  );

  it.each(['', '/commands', '/states'])('of an unknown process%s is instance-not-found', async (path) => {
    const refused = await stack.get(`/api/approvals/instances/${randomUUID()}${path}`);
    expect(refused.json).toMatchObject({ status: 404, code: 'instance-not-found', retryable: false });
  });

  it('of a process that is null is instance-not-found', async () => {
    answerOnce('getinstanceinfo', 200, '{"data":null,"success":true,"error":"","message":""}');
    const refused = await stack.get(`/api/approvals/instances/${randomUUID()}`);
    expect(refused.json).toMatchObject({ status: 404, code: 'instance-not-found' });
  });

  it('that fails for another reason is upstream-failed and may be tried again', async () => {
    const id = await start();
    answerOnce('getinstanceinfo', 200, '{"data":null,"success":false,"error":"secret text","message":""}');
    const refused = await stack.get(`/api/approvals/instances/${id}`);
    expect(refused.json).toMatchObject({ status: 502, code: 'upstream-failed', retryable: true });
    expect(refused.text).not.toContain('secret text');
  });
});

describe('commands', () => {
  it('are listed and executed, with parameters and in the name of the caller', async () => {
    const id = await start();
    const commands = await stack.get(`/api/approvals/instances/${id}/commands?culture=de-DE`);
    expect(commands.json).toEqual([expect.objectContaining({ CommandName: 'submit' })]);
    const executed = await stack.post(`/api/approvals/instances/${id}/commands/submit`, '{"comment":"n=1.0"}');
    expect(executed.status).toBe(200);
    expect(executed.json).toMatchObject({ WasExecuted: true, ProcessInstance: { Id: id, StateName: 'Review' } });
    expect(JSON.parse(stack.sandbox.control.lastRequest('workflowServer')?.rawBody.toString() ?? '')).toEqual({
      command: 'submit',
      parameters: [{ name: 'comment', value: 'n=1.0', persist: true }],
      identityId: 'tester',
    });
  });

  it('need no body', async () => {
    const id = await start();
    expect((await stack.post(`/api/approvals/instances/${id}/commands/submit`)).status).toBe(200);
  });

  it('may have names of several words, and are for whom the scheme says', async () => {
    const id = await start('{}', 'Leave Request');
    const path = `/api/approvals/instances/${id}/commands/Grant%20leave`;
    expect((await stack.post(path, '{}')).json).toMatchObject({ status: 409, code: 'upstream-conflict' });
    expect((await stack.post(path, '{"identityId":"manager"}')).json).toMatchObject({ code: 'upstream-conflict' });
    expect(calls()).not.toHaveProperty('executecommand');
    const tasks = await stack.get(`/api/approvals/tasks?processId=${id}`, asManager);
    expect(tasks.json).toEqual([{ ProcessId: id, IdentityId: 'manager' }]);
    expect((await stack.post(path, '{}', asManager)).json).toMatchObject({ WasExecuted: true });
  });

  it.each(['approve', 'submitt', 'Submit'])(
    'that the process does not offer are a conflict which names what it offers, and are not sent: %s',
    async (command) => {
      const id = await start();
      const refused = await stack.post(`/api/approvals/instances/${id}/commands/${command}`, '{}');
      expect(refused.json).toMatchObject({ status: 409, code: 'upstream-conflict', source: 'upstream' });
      expect(refused.json).toMatchObject({ service: 'approvals', retryable: false });
      expect(refused.json).toMatchObject({ detail: expect.stringContaining(`"${command}"`) });
      expect(refused.json).toMatchObject({ hint: expect.stringContaining('"submit"') });
      expect(calls()).toEqual({ createinstance: 1, getinstanceinfo: 1, getavailablecommands: 1 });
    },
  );

  it('that are not offered do not tell what is to a caller that may not list it', async () => {
    const path = `/api/approvals/instances/${await start()}/commands`;
    const refused = await stack.post(`${path}/approve`, '{}', { 'x-api-key': CLERK_KEY });
    expect(refused.json).toMatchObject({ status: 409, code: 'upstream-conflict' });
    expect(refused.json).toMatchObject({ hint: expect.stringContaining(`GET ${path}`) });
    expect(refused.text).not.toContain('submit');
  });

  it('to a process that has ended are a conflict, and are not sent', async () => {
    const path = `/api/approvals/instances/${await start()}/commands`;
    await stack.post(`${path}/submit`, '{}');
    await stack.post(`${path}/approve`, '{}');
    const refused = await stack.post(`${path}/submit`, '{}');
    expect(refused.json).toMatchObject({ status: 409, hint: expect.stringContaining('no command') });
    expect(calls()).toMatchObject({ executecommand: 2 });
  });

  it('that are offered, and no more possible when they arrive, are a conflict as well', async () => {
    const id = await start();
    answerOnce('getavailablecommands', 200, '{"data":[{"CommandName":"approve"}],"success":true,"error":""}');
    const refused = await stack.post(`/api/approvals/instances/${id}/commands/approve`, '{}');
    expect(refused.json).toMatchObject({ status: 409, code: 'upstream-conflict', retryable: false });
    expect(refused.json).toMatchObject({ hint: expect.stringContaining('/commands') });
    expect(calls()).toMatchObject({ executecommand: 1 });
  });

  it.each(['null', '{}', '["submit"]'])('are sent where the answer %s does not tell what is offered', async (data) => {
    const id = await start();
    answerOnce('getavailablecommands', 200, `{"data":${data},"success":true,"error":""}`);
    const executed = await stack.post(`/api/approvals/instances/${id}/commands/submit`, '{}');
    expect(executed.json).toMatchObject({ WasExecuted: true });
  });

  it('to an unknown process are instance-not-found, and are not sent', async () => {
    const refused = await stack.post(`/api/approvals/instances/${randomUUID()}/commands/submit`, '{}');
    expect(refused.json).toMatchObject({ status: 404, code: 'instance-not-found' });
    expect(calls()).toEqual({ getavailablecommands: 1, isexistprocess: 1 });
  });

  it.each(['[1]', '{"a":1,"a":2}'])('with the body %s are refused before anything is asked', async (body) => {
    const refused = await stack.post(`/api/approvals/instances/${randomUUID()}/commands/submit`, body);
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-body' });
    expect(calls()).toEqual({});
  });

  it('are not sent when what is offered cannot be read, so trying again is safe', async () => {
    const id = await start();
    answerOnce('getavailablecommands', 200, '{"data":null,"success":false,"error":"secret text"}');
    const refused = await stack.post(`/api/approvals/instances/${id}/commands/submit`, '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'upstream-failed', retryable: true });
    expect(refused.text).not.toContain('secret text');
    expect(calls()).not.toHaveProperty('executecommand');
  });

  it('are sent once after a broken connection of the read, which is repeated', async () => {
    const id = await start();
    const path = '/workflowapi/getavailablecommands';
    stack.sandbox.control.resetConnection({ upstream: 'workflowServer', path, when: 'after-body', times: 1 });
    const executed = await stack.post(`/api/approvals/instances/${id}/commands/submit`, '{}');
    expect(executed.json).toMatchObject({ WasExecuted: true });
    expect(calls()).toMatchObject({ getavailablecommands: 2, executecommand: 1 });
  });

  it('are not sent where the client may not read what is offered: the missing permission is named', async () => {
    const id = await start();
    stack.sandbox.control.denyOperations({ operations: ['getavailablecommands'] });
    const refused = await stack.post(`/api/executing/instances/${id}/commands/submit`, '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'authority-missing' });
    expect(refused.json).toMatchObject({ detail: expect.stringContaining('getavailablecommands.') });
    expect(calls()).not.toHaveProperty('executecommand');
  });

  it.each([
    { case: 'that ends the execution', slowness: 600, code: 'outcome-unknown', retryable: false, executed: 1 },
    { case: 'that ends the read', slowness: 1_300, code: 'upstream-timeout', retryable: true, executed: 0 },
  ])('have one deadline, together with the read: one $case', async ({ slowness, code, retryable, executed }) => {
    const id = await start();
    stack.sandbox.control.slow({ upstream: 'workflowServer', ms: slowness });
    const path = `/api/approvals/instances/${id}/commands/submit`;
    const late = await stack.post(path, '{}', { prefer: 'wait=1' });
    expect(late.json).toMatchObject({ status: 504, code, retryable });
    expect(calls()['executecommand'] ?? 0).toBe(executed);
  });
});

describe('administration', () => {
  it('lists states, sets one, and deletes', async () => {
    const id = await start();
    expect((await stack.get(`/api/approvals/instances/${id}/states`)).json).toContainEqual(
      expect.objectContaining({ Name: 'Review' }),
    );
    const set = await stack.post(`/api/approvals/instances/${id}/state`, '{"state":"Review"}');
    expect([set.status, set.text]).toEqual([204, '']);
    expect((await stack.get(`/api/approvals/instances/${id}`)).json).toMatchObject({ StateName: 'Review' });
    const deleted = await stack.send('DELETE', `/api/approvals/instances/${id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await stack.send('DELETE', `/api/approvals/instances/${id}`)).json).toMatchObject({
      status: 404,
      code: 'instance-not-found',
    });
  });

  it.each(['{}', '{"state":""}', '{"state":5}', '{"state":"Review","identityId":"boss"}', '["Review"]'])(
    'refuses the state %s and sends nothing',
    async (body) => {
      const refused = await stack.post(`/api/approvals/instances/${randomUUID()}/state`, body);
      expect(refused.json).toMatchObject({ status: 400, code: 'invalid-body' });
      expect(calls()).toEqual({});
    },
  );

  it('does not exist where it was not asked for, no more than the inbox without an identity', async () => {
    const id = await start();
    const plain = `/api/plain/instances/${id}`;
    expect((await stack.get(`${plain}/states`)).json).toMatchObject({ status: 404, code: 'not-found' });
    expect((await stack.post(`${plain}/state`, '{"state":"Review"}')).json).toMatchObject({ code: 'not-found' });
    expect((await stack.get('/api/plain/tasks')).json).toMatchObject({ status: 404, code: 'not-found' });
    const deleted = await stack.send('DELETE', plain);
    expect(deleted.json).toMatchObject({ status: 405, code: 'method-not-allowed' });
    expect(deleted.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('what is about the whole server', () => {
  it.each([
    'users',
    'createuser',
    'roles',
    'start',
    'stop',
    'isactive',
    'loginfo',
    'outbox',
    'workflowapi/getusers',
    'instances/deleteinstances/x',
    `instances/${ID}/resume`,
    `instances/${ID}/activity`,
    `instances/${ID}/parameters`,
  ])('is no route: %s', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const refused = await stack.send(method, `/api/approvals/${path}`, method === 'GET' ? undefined : '{}');
      expect([method, refused.json]).toMatchObject([method, { status: 404, code: 'not-found', source: 'caller' }]);
    }
    expect(calls()).toEqual({});
  });

  it.each(['operation=getusers', 'operation=stop', 'processId=x'])('is not reached by the query %s', async (query) => {
    const refused = await stack.get(`/api/approvals/instances?${query}`);
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-parameter' });
    expect(calls()).toEqual({});
  });
});

describe('without an identity', () => {
  it('nobody is named upstream', async () => {
    const id = await start();
    await stack.post(`/api/plain/instances/${id}/commands/submit`, '{}');
    expect(stack.sandbox.control.lastRequest('workflowServer')?.rawBody.toString()).toBe('{"command":"submit"}');
  });
});

describe('the token', () => {
  it('is found by discovery, and never asked for where it is static', async () => {
    const list = await stack.get('/api/old/definitions');
    expect(list.status).toBe(200);
    const seen = stack.sandbox.control.lastRequest('workflowServer');
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(seen?.query).toBe('');
    expect(tokenRequests()).toBe(0);
  });

  it('that a restart of the server has voided is replaced, and the start sent again: one process', async () => {
    await stack.get('/api/restarted/definitions');
    await stack.sandbox.control.restartWorkflowServer();
    const started = await stack.post('/api/restarted/definitions/TestScheme/instances', '{}');
    expect(started.status).toBe(201);
    expect(calls()).toEqual({ getschemelist: 1, createinstance: 2, getinstanceinfo: 1 });
  });

  it('that is refused when it is fresh is token-rejected, without a word of the stack trace', async () => {
    answerOnce('getschemelist', 500, SIGNATURE, 2);
    const refused = await stack.get('/api/refusing/definitions');
    expect(refused.json).toMatchObject({ status: 502, code: 'token-rejected', source: 'upstream', retryable: false });
    expect(refused.json).toMatchObject({ hint: expect.stringContaining('`token.clientSecret` must equal') });
    expect(refused.text).not.toMatch(/Exception|OpenId Connect auth|C:/);
    expect(calls()).toEqual({ getschemelist: 2 });
  });

  it('that lacks a permission is replaced once, for the permission may be new', async () => {
    stack.sandbox.control.denyOperations({ operations: ['getschemelist'] });
    await stack.get('/api/granting/instances');
    stack.sandbox.control.denyOperations({ operations: [] });
    expect((await stack.get('/api/granting/definitions')).status).toBe(200);
    expect(tokenRequests()).toBe(2);
  });

  it('that lacks a permission when it is fresh is authority-missing', async () => {
    stack.sandbox.control.denyOperations({ operations: ['getschemelist'] });
    const refused = await stack.get('/api/denying/definitions');
    expect(refused.json).toMatchObject({ status: 502, code: 'authority-missing', retryable: false });
    expect(refused.json).toMatchObject({ detail: expect.stringContaining('WorkflowApiPermissions:getschemelist') });
    expect(refused.text).not.toMatch(/Exception|OpenId Connect auth/);
  });

  it('that is static and wrong is token-rejected, with the setting that must be mended', async () => {
    const refused = await stack.get('/api/old-wrong/definitions');
    expect(refused.json).toMatchObject({ status: 502, code: 'token-rejected' });
    expect(refused.json).toMatchObject({ hint: expect.stringContaining('`accessToken` must equal') });
    expect(refused.text).not.toContain('wrong-access-token');
    expect(calls()).toEqual({ getschemelist: 1 });
  });

  it('is not to be had with a wrong secret: credentials-rejected, and nothing is sent', async () => {
    const refused = await stack.get('/api/wrong/definitions');
    expect(refused.json).toMatchObject({ status: 502, code: 'credentials-rejected', source: 'token' });
    expect(calls()).toEqual({});
  });
});

describe('what is not an answer of the Workflow API', () => {
  it.each([
    [500, 'Exception System.Exception:Method POST is not supported:   at internal text', 'upstream-failed', 502],
    [500, '', 'upstream-failed', 502],
    [503, 'internal text', 'upstream-unavailable', 503],
    [429, 'internal text', 'upstream-rate-limited', 429],
    [404, '<html>internal text</html>', 'upstream-protocol-error', 502],
    [200, '<html>internal text</html>', 'upstream-protocol-error', 502],
    [200, '["internal text"]', 'upstream-protocol-error', 502],
    [200, '{"success":"true","data":"internal text"}', 'upstream-protocol-error', 502],
    [302, 'internal text', 'upstream-redirected', 502],
    [413, 'internal text', 'upstream-invalid-request', 413],
    [400, 'internal text', 'upstream-invalid-request', 400],
  ])('a %i with %j is %s', async (status, body, code, answered) => {
    answerOnce('getinstances', status, body);
    const refused = await stack.get('/api/approvals/instances');
    expect(refused.json).toMatchObject({ status: answered, code });
    expect(refused.text).not.toContain('internal text');
  });

  it('a list that is too long to be held', async () => {
    const long = `{"data":["${'x'.repeat(9 * 1024 * 1024)}"],"success":true,"error":"","message":""}`;
    answerOnce('getinstances', 200, long);
    const refused = await stack.get('/api/approvals/instances?take=0');
    expect(refused.json).toMatchObject({ status: 502, code: 'upstream-protocol-error' });
    expect(refused.json).toMatchObject({ hint: expect.stringContaining('Ask for less') });
  });
});
