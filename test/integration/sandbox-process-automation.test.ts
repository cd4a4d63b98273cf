import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { caller, jsonOf, start, tokenOf } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

const shared = 'eu10.sandbox.purchasing.approval';

let sandbox: Sandbox;
let call: Call;

beforeAll(async () => {
  sandbox = await startSandbox();
  call = await apiCaller('/workflow/rest/v1');
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

async function apiCaller(prefix: string): Promise<Call> {
  const { api } = sandbox.serviceKeys.processAutomation.endpoints;
  return caller(`${api}${prefix}`, await tokenOf(sandbox, 'processAutomation'));
}

describe('process automation', () => {
  it.each(['/workflow/rest/v1', '/public/workflow/rest/v1'])(
    'answers below %s, without subject and key',
    async (prefix) => {
      const prefixed = await apiCaller(prefix);
      const body = '{"definitionId":"eu10.sandbox.hr.onboarding","context":{}}';
      const response = await prefixed('POST /workflow-instances', { body });
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ status: 'RUNNING', subject: null, businessKey: null });
    },
  );

  it('has instances of its own', async () => {
    const id = await start(call, 'eu10.sandbox.hr.onboarding');
    expect((await call(`GET /workflow-instances/${id}`)).status).toBe(200);
    const base = `${sandbox.workflow.url}/workflow-service/rest/v1`;
    const ofWorkflow = caller(base, await tokenOf(sandbox, 'workflow'));
    expect((await ofWorkflow(`GET /workflow-instances/${id}`)).status).toBe(404);
  });

  it('shows a shared environment only to who names it and has its API key', async () => {
    const { environmentId, apiKey } = sandbox.sharedEnvironment;
    const body = `{"definitionId":"${shared}","context":{}}`;
    const inEnvironment = `POST /workflow-instances?environmentId=${environmentId}`;
    expect((await call('POST /workflow-instances', { body })).status).toBe(404);
    expect((await call(inEnvironment, { body })).status).toBe(404);
    expect((await call(inEnvironment, { body, headers: { 'irpa-api-key': 'wrong' } })).status).toBe(404);
    const opened = await call(inEnvironment, { body, headers: { 'irpa-api-key': apiKey } });
    expect(opened.status).toBe(201);
    const { id } = await jsonOf<{ id: string }>(opened);
    expect((await call(`GET /workflow-instances/${id}`)).status).toBe(404);
    const query = `?environmentId=${environmentId}`;
    const seen = await call(`GET /workflow-instances/${id}${query}`, { headers: { 'irpa-api-key': apiKey } });
    expect(seen.status).toBe(200);
    const listed = await call(`GET /workflow-definitions${query}`, { headers: { 'irpa-api-key': apiKey } });
    expect(await listed.json()).toMatchObject([{ id: shared }]);
  });

  it('answers 403 with a code', async () => {
    sandbox.control.setAuthorities({ client: 'processAutomation', authorities: [] });
    const response = await (await apiCaller('/workflow/rest/v1'))('GET /workflow-instances');
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: {
        code: 'bpm.workflowruntime.rest.user.not.sufficient.privileges',
        message: 'User does not have sufficient privileges.',
      },
    });
  });

  it('takes a decision with a completed task', async () => {
    const id = await start(call, 'eu10.sandbox.hr.onboarding');
    const [task] = await jsonOf<{ id: string }[]>(await call(`GET /task-instances?workflowInstanceId=${id}`));
    const body = '{"status":"COMPLETED","decision":"approve"}';
    expect((await call(`PATCH /task-instances/${task?.id}`, { body })).status).toBe(204);
  });
});
