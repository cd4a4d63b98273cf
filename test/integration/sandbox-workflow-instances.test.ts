import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { caller, credentialsOf, jsonOf, start, tokenOf, workflowCaller } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

let sandbox: Sandbox;
let call: Call;

beforeAll(async () => {
  sandbox = await startSandbox({ settleMs: 400 });
  call = await workflowCaller(sandbox);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

/** Reads an instance until it has the status, or the attempts are used up. */
async function statusBecomes(id: string, status: string): Promise<void> {
  let actual: unknown;
  for (let attempt = 0; attempt < 60 && actual !== status; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    ({ status: actual } = await jsonOf(await call(`GET /workflow-instances/${id}`)));
  }
  expect(actual).toBe(status);
}

describe('starting', () => {
  it('answers 201 with the instance, started by the OAuth client', async () => {
    const body = '{"definitionId":"workflow","context":{"product":"Camera","price":100}}';
    const response = await call('POST /workflow-instances', { body });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.get('x-vcap-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      definitionId: 'workflow',
      definitionVersion: '1',
      subject: 'workflow',
      status: 'RUNNING',
      businessKey: '',
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      startedBy: credentialsOf(sandbox, 'workflow').id,
      completedAt: null,
    });
  });

  it.each(['{"definitionId":"nothing","context":{}}', '{"context":{}}'])('answers 404 to %s', async (body) => {
    const response = await call('POST /workflow-instances', { body });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'bpm.workflowruntime.definition.not.found', message: expect.any(String) },
    });
  });

  it('answers 422 with details when the context does not fit the declared inputs', async () => {
    const body = '{"definitionId":"orderprocess","context":{"orderId":4711}}';
    const response = await call('POST /workflow-instances', { body });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: { details: [{ severity: 'ERROR', message: expect.stringContaining('orderId') }, expect.any(Object)] },
    });
  });

  it('answers 415 without a content type and 400 to a malformed body', async () => {
    const untyped = await fetch(`${sandbox.workflow.url}/workflow-service/rest/v1/workflow-instances`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokenOf(sandbox, 'workflow')}` },
      body: Buffer.from('{"definitionId":"workflow"}'),
    });
    expect(untyped.status).toBe(415);
    expect((await call('POST /workflow-instances', { body: '{"definitionId":' })).status).toBe(400);
    expect((await call('POST /workflow-instances', { body: '[]' })).status).toBe(400);
  });

  it('takes a trailing slash, as users write it', async () => {
    const body = '{"definitionId":"workflow"}';
    expect((await call('POST /workflow-instances/', { body })).status).toBe(201);
  });
});

describe('the context', () => {
  const exact = '{ "big":9007199254740993, "one":1.0, "twice":1, "twice":2, "text":"ü\\u00e9\\"}{" }';

  it('comes back byte for byte', async () => {
    const id = await start(call, 'workflow', exact);
    const response = await call(`GET /workflow-instances/${id}/context`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(exact);
  });

  it('is replaced by PUT, byte for byte', async () => {
    const id = await start(call);
    expect((await call(`PUT /workflow-instances/${id}/context`, { body: exact })).status).toBe(204);
    expect(await (await call(`GET /workflow-instances/${id}/context`)).text()).toBe(exact);
  });

  it('is merged on the first level by PATCH, the bytes of the rest untouched', async () => {
    const id = await start(call, 'workflow', '{"keep":1.0,"replace":{"a":1}}');
    const patched = await call(`PATCH /workflow-instances/${id}/context`, { body: '{"replace":{"b":2.00}}' });
    expect(patched.status).toBe(204);
    expect(await (await call(`GET /workflow-instances/${id}/context`)).text()).toBe(
      '{"keep":1.0,"replace":{"b":2.00}}',
    );
  });

  it('answers 409 without a code while the engine is busy', async () => {
    const id = await start(call);
    sandbox.control.busy({ times: 1 });
    const busy = await call(`PATCH /workflow-instances/${id}/context`, { body: '{}' });
    expect(busy.status).toBe(409);
    expect(await busy.json()).toEqual({ error: { message: expect.any(String), logId: expect.any(String) } });
    expect((await call(`PATCH /workflow-instances/${id}/context`, { body: '{}' })).status).toBe(204);
  });

  it('answers 422 when it does not fit the declared inputs', async () => {
    const id = await start(call, 'orderprocess', '{"orderId":"1","amount":2}');
    expect((await call(`PATCH /workflow-instances/${id}/context`, { body: '{"amount":"much"}' })).status).toBe(422);
  });
});

describe('changing the status', () => {
  it('answers 202, shows the old status for a moment, and cancels', async () => {
    const id = await start(call);
    const response = await call(`PATCH /workflow-instances/${id}`, { body: '{"status":"CANCELED","cascade":true}' });
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(await jsonOf(await call(`GET /workflow-instances/${id}`))).toMatchObject({ status: 'RUNNING' });
    expect((await call(`PUT /workflow-instances/${id}/context`, { body: '{}' })).status).toBe(409);
    await statusBecomes(id, 'CANCELED');
    expect((await call(`PATCH /workflow-instances/${id}`, { body: '{"status":"RUNNING"}' })).status).toBe(409);
  });

  it('suspends and resumes', async () => {
    const id = await start(call);
    await call(`PATCH /workflow-instances/${id}`, { body: '{"status":"SUSPENDED"}' });
    await statusBecomes(id, 'SUSPENDED');
    await call(`PATCH /workflow-instances/${id}`, { body: '{"status":"RUNNING"}' });
    await statusBecomes(id, 'RUNNING');
  });

  it('answers 400 to any other status', async () => {
    const id = await start(call);
    expect((await call(`PATCH /workflow-instances/${id}`, { body: '{"status":"COMPLETED"}' })).status).toBe(400);
  });

  it.each([
    ['CANCELED', 'WORKFLOW_INSTANCE_CANCEL'],
    ['RUNNING', 'WORKFLOW_INSTANCE_RETRY_RESUME'],
    ['SUSPENDED', 'WORKFLOW_INSTANCE_SUSPEND'],
  ])('to %s needs %s', async (status, authority) => {
    const others = ['WORKFLOW_INSTANCE_CANCEL', 'WORKFLOW_INSTANCE_RETRY_RESUME', 'WORKFLOW_INSTANCE_SUSPEND'];
    const id = await start(call);
    sandbox.control.setAuthorities({ authorities: others.filter((name) => name !== authority) });
    const without = await workflowCaller(sandbox);
    expect((await without(`PATCH /workflow-instances/${id}`, { body: `{"status":"${status}"}` })).status).toBe(403);
    sandbox.control.setAuthorities({ authorities: [authority] });
    const withIt = await workflowCaller(sandbox);
    expect((await withIt(`PATCH /workflow-instances/${id}`, { body: `{"status":"${status}"}` })).status).toBe(202);
  });
});

describe('looking at one instance', () => {
  it('shows its custom attributes, alone or expanded', async () => {
    const id = await start(call, 'onboarding', '{"employee":"Ada","department":"Research"}');
    const attributes = [
      { id: 'employee', label: 'Employee', type: 'string', value: 'Ada' },
      { id: 'department', label: 'Department', type: 'string', value: 'Research' },
    ];
    expect(await (await call(`GET /workflow-instances/${id}/attributes`)).json()).toEqual(attributes);
    expect(await jsonOf(await call(`GET /workflow-instances/${id}?$expand=attributes`))).toMatchObject({ attributes });
    expect(await jsonOf(await call(`GET /workflow-instances/${id}`))).not.toHaveProperty('attributes');
  });

  it('logs what happened', async () => {
    const id = await start(call);
    const logs = await jsonOf<Record<string, unknown>[]>(await call(`GET /workflow-instances/${id}/execution-logs`));
    expect(logs.map(({ type }) => type)).toEqual(['WORKFLOW_STARTED', 'USERTASK_CREATED']);
    expect(logs[0]).toMatchObject({ id: expect.any(String), timestamp: expect.any(String), referenceInstanceId: id });
  });

  it('shows the error messages of an erroneous one', async () => {
    const id = await start(call);
    expect(await (await call(`GET /workflow-instances/${id}/error-messages`)).json()).toEqual([]);
    expect(sandbox.control.setInstanceStatus({ instanceId: id, status: 'ERRONEOUS' })).toBe(true);
    expect(await (await call(`GET /workflow-instances/${id}/error-messages`)).json()).toEqual([
      {
        activityId: expect.any(String),
        activityName: expect.any(String),
        errorCode: expect.any(String),
        logId: expect.any(String),
        message: expect.any(String),
        timestamp: expect.any(String),
      },
    ]);
  });

  it.each(['', '/context', '/attributes', '/error-messages', '/execution-logs'])(
    'answers 404 where there is none: %s',
    async (below) => {
      const response = await call(`GET /workflow-instances/11111111-0000-4000-8000-000000000000${below}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { code: 'bpm.workflowruntime.rest.instance.not.found', logId: expect.any(String) },
      });
    },
  );
});

describe('messages', () => {
  it('are consumed once by the instance that waits', async () => {
    const id = await start(call);
    const body = `{"definitionId":"equipment-delivered","context":{"laptop":1.0},"workflowInstanceId":"${id}"}`;
    const consumed = await call('POST /messages', { body });
    expect(consumed.status).toBe(200);
    expect(await consumed.json()).toEqual([{ id }]);
    expect(await (await call(`GET /workflow-instances/${id}/context`)).text()).toBe('{"laptop":1.0}');
    const again = await call('POST /messages', { body });
    expect(again.status).toBe(422);
    expect(await again.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.rest.message.no.match' } });
  });

  it('find an instance by definition and business key', async () => {
    const id = await start(call, 'onboarding', '{"businessKey":"E-1815"}');
    const body = '{"definitionId":"equipment-delivered","workflowDefinitionId":"onboarding","businessKey":"E-1815"}';
    expect(await (await call('POST /messages', { body })).json()).toEqual([{ id }]);
  });

  it('must be addressed in one way, not in both', async () => {
    const both = '{"definitionId":"m","workflowInstanceId":"1","workflowDefinitionId":"onboarding","businessKey":"k"}';
    expect((await call('POST /messages', { body: both })).status).toBe(400);
    expect((await call('POST /messages', { body: '{"definitionId":"m"}' })).status).toBe(400);
  });
});

describe('tokens and authorities', () => {
  const target = 'GET /workflow-instances';

  it('answers 403 without a code when the authority is missing', async () => {
    sandbox.control.setAuthorities({ authorities: 'fresh' });
    const fresh = await workflowCaller(sandbox);
    const response = await fresh('POST /workflow-instances', { body: '{"definitionId":"workflow"}' });
    expect(response.status).toBe(403);
    expect(await response.text()).toBe('{"error":{"message":"User does not have sufficient privileges."}}');
  });

  it.each([
    ['GET /workflow-definitions', 'WORKFLOW_DEFINITION_GET'],
    ['GET /workflow-definitions/onboarding', 'WORKFLOW_DEFINITION_GET'],
    ['GET /workflow-definitions/onboarding/versions', 'WORKFLOW_DEFINITION_GET'],
    [
      'GET /workflow-definitions/onboarding/sample-contexts/default-start-context',
      'WORKFLOW_DEFINITION_GET_SAMPLE_CONTEXT',
    ],
    ['GET /workflow-instances', 'WORKFLOW_INSTANCE_GET'],
    ['GET /workflow-instances/ID', 'WORKFLOW_INSTANCE_GET'],
    ['GET /workflow-instances/ID/attributes', 'WORKFLOW_INSTANCE_GET_ATTRIBUTES'],
    ['GET /workflow-instances/ID/context', 'WORKFLOW_INSTANCE_GET_CONTEXT'],
    ['GET /workflow-instances/ID/error-messages', 'WORKFLOW_INSTANCE_GET_ERROR_MESSAGES'],
    ['GET /workflow-instances/ID/execution-logs', 'WORKFLOW_INSTANCE_GET_EXECUTION_LOGS'],
    ['GET /task-instances', 'TASK_GET'],
  ])('%s needs %s and nothing else', async (request, authority) => {
    const address = request.replace('ID', await start(call));
    sandbox.control.setAuthorities({ authorities: [authority] });
    expect((await (await workflowCaller(sandbox))(address)).status).toBe(200);
    sandbox.control.setAuthorities({ authorities: ['MESSAGE_SEND'] });
    expect((await (await workflowCaller(sandbox))(address)).status).toBe(403);
  });

  it('answers 401 in the flat shape without a token', async () => {
    const response = await fetch(`${sandbox.workflow.url}/workflow-service/rest/v1/workflow-instances`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: expect.any(String), error_description: expect.any(String) });
    expect(response.headers.get('x-vcap-request-id')).not.toBeNull();
  });

  it('answers 401 to tokens that were expired or revoked, and takes the next', async () => {
    const first = await workflowCaller(sandbox);
    sandbox.control.expireTokens();
    expect((await first(target)).status).toBe(401);
    const second = await workflowCaller(sandbox);
    expect((await second(target)).status).toBe(200);
    sandbox.control.revokeTokens();
    expect((await second(target)).status).toBe(401);
    call = await workflowCaller(sandbox);
    expect((await call(target)).status).toBe(200);
  });

  it('answers 401 to a token whose time is over', async () => {
    const short = await startSandbox({ tokenLifeSeconds: 1 });
    try {
      const brief = await workflowCaller(short);
      let status = 200;
      for (let attempt = 0; attempt < 40 && status === 200; attempt += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ({ status } = await brief(target));
      }
      expect(status).toBe(401);
    } finally {
      await short.close();
    }
  });

  it('answers 401 to a token of another service or another sandbox', async () => {
    const base = `${sandbox.workflow.url}/workflow-service/rest/v1`;
    const ofIntegration = caller(base, await tokenOf(sandbox, 'integration'));
    expect((await ofIntegration(target)).status).toBe(401);
    const other = await startSandbox();
    try {
      const foreign = caller(base, await tokenOf(other, 'workflow'));
      expect((await foreign(target)).status).toBe(401);
    } finally {
      await other.close();
    }
  });
});
