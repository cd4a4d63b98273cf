import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { jsonOf, start, workflowCaller } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

let sandbox: Sandbox;
let call: Call;

beforeAll(async () => {
  sandbox = await startSandbox({ settleMs: 0 });
  call = await workflowCaller(sandbox);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

/** Starts an instance and finds its user task. */
async function startedTask(context = '{}'): Promise<{ instanceId: string; taskId: string }> {
  const instanceId = await start(call, 'onboarding', context);
  const tasks = await jsonOf<{ id: string }[]>(await call(`GET /task-instances?workflowInstanceId=${instanceId}`));
  expect(tasks).toHaveLength(1);
  return { instanceId, taskId: tasks[0]?.id ?? '' };
}

describe('a task', () => {
  it('appears after a start, with its instance and definition', async () => {
    const { instanceId, taskId } = await startedTask('{"employee":"Ada"}');
    expect(await jsonOf(await call(`GET /task-instances/${taskId}?$expand=attributes`))).toMatchObject({
      id: taskId,
      activityId: 'usertask1',
      workflowDefinitionId: 'onboarding',
      workflowInstanceId: instanceId,
      status: 'READY',
      subject: 'Prepare the workplace',
      priority: 'MEDIUM',
      recipientUsers: ['ada@example.com'],
      recipientGroups: [],
      completedAt: null,
      attributes: [{ id: 'employee', value: 'Ada' }],
    });
  });

  it('has the context of its instance', async () => {
    const { taskId } = await startedTask('{"n":1.0}');
    expect(await (await call(`GET /task-instances/${taskId}/context`)).text()).toBe('{"n":1.0}');
  });

  it('completes its instance and merges its context', async () => {
    const { instanceId, taskId } = await startedTask('{"a":1.0}');
    const body = '{"status":"COMPLETED","context":{"approved":true}}';
    const response = await call(`PATCH /task-instances/${taskId}`, { body });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await jsonOf(await call(`GET /workflow-instances/${instanceId}`))).toMatchObject({
      status: 'COMPLETED',
      completedAt: expect.any(String),
    });
    expect(await (await call(`GET /workflow-instances/${instanceId}/context`)).text()).toBe(
      '{"a":1.0,"approved":true}',
    );
    const done = await jsonOf<object[]>(await call(`GET /task-instances?status=COMPLETED&id=${taskId}`));
    expect(done).toHaveLength(1);
  });

  it('cannot be completed twice', async () => {
    const { taskId } = await startedTask();
    await call(`PATCH /task-instances/${taskId}`, { body: '{"status":"COMPLETED"}' });
    const again = await call(`PATCH /task-instances/${taskId}`, { body: '{"status":"COMPLETED"}' });
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.rest.task.final.status' } });
  });

  it('takes other properties, and is claimed by its processor', async () => {
    const { taskId } = await startedTask();
    const body = '{"subject":"New","priority":"HIGH","recipientUsers":"a,b","processor":"grace@example.com"}';
    expect((await call(`PATCH /task-instances/${taskId}`, { body })).status).toBe(204);
    expect(await jsonOf(await call(`GET /task-instances/${taskId}`))).toMatchObject({
      subject: 'New',
      priority: 'HIGH',
      recipientUsers: ['a', 'b'],
      processor: 'grace@example.com',
      status: 'RESERVED',
      claimedAt: expect.any(String),
    });
  });

  it.each(['{"priority":"URGENT"}', `{"subject":"${'x'.repeat(256)}"}`, '{"status":"READY"}', '{"dueDate":"soon"}'])(
    'refuses %.40s and says why in the details',
    async (body) => {
      const { taskId } = await startedTask();
      const response = await call(`PATCH /task-instances/${taskId}`, { body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: {
          code: 'bpm.workflowruntime.task.change.property.invalid',
          details: [{ message: expect.any(String) }],
        },
      });
    },
  );

  it('needs TASK_COMPLETE to be completed and TASK_UPDATE to be changed', async () => {
    const { taskId } = await startedTask();
    const complete = { body: '{"status":"COMPLETED","context":{}}' };
    const change = { body: '{"priority":"LOW"}' };
    sandbox.control.setAuthorities({ authorities: ['TASK_UPDATE'] });
    const updater = await workflowCaller(sandbox);
    expect((await updater(`PATCH /task-instances/${taskId}`, complete)).status).toBe(403);
    expect((await updater(`PATCH /task-instances/${taskId}`, change)).status).toBe(204);
    sandbox.control.setAuthorities({ authorities: ['TASK_COMPLETE'] });
    const completer = await workflowCaller(sandbox);
    expect((await completer(`PATCH /task-instances/${taskId}`, change)).status).toBe(403);
    expect((await completer(`PATCH /task-instances/${taskId}`, complete)).status).toBe(204);
  });

  it('waits while its instance is suspended, and is canceled with it', async () => {
    const { instanceId, taskId } = await startedTask();
    await call(`PATCH /workflow-instances/${instanceId}`, { body: '{"status":"SUSPENDED"}' });
    const refused = await call(`PATCH /task-instances/${taskId}`, { body: '{"status":"COMPLETED"}' });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.task.suspended.status' } });
    await call(`PATCH /workflow-instances/${instanceId}`, { body: '{"status":"CANCELED"}' });
    expect(await jsonOf(await call(`GET /task-instances/${taskId}`))).toMatchObject({ status: 'CANCELED' });
  });

  it.each(['GET', 'PATCH'])('that does not exist gets 404 from %s', async (method) => {
    const body = method === 'PATCH' ? { body: '{"status":"COMPLETED"}' } : {};
    const response = await call(`${method} /task-instances/11111111-0000-4000-8000-000000000000`, body);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.rest.task.not.found' } });
  });
});

describe('the list of tasks', () => {
  it('filters, pages and counts', async () => {
    const { instanceId, taskId } = await startedTask('{"employee":"Katherine"}');
    const found = async (query: string): Promise<boolean> => {
      const tasks = await jsonOf<{ id: string }[]>(await call(`GET /task-instances?$top=1000&${query}`));
      return tasks.some(({ id }) => id === taskId);
    };
    expect(await found('workflowDefinitionId=onboarding')).toBe(true);
    expect(await found('workflowDefinitionId=workflow')).toBe(false);
    expect(await found('recipientUsers=ada@example.com')).toBe(true);
    expect(await found('recipientUsers=grace@example.com')).toBe(false);
    expect(await found('attributes.employee=Katherine')).toBe(true);
    expect(await found('status=READY,RESERVED')).toBe(true);
    expect(await found('status=COMPLETED')).toBe(false);
    expect(await found('priority=MEDIUM')).toBe(true);
    expect(await found('createdUpTo=2020-01-01T00:00:00.000Z')).toBe(false);
    expect(await found('dueDateFrom=2020-01-01T00:00:00.000Z')).toBe(false);
    expect(await found('containsText=workplace')).toBe(true);
    const counted = await call(`GET /task-instances?workflowInstanceId=${instanceId}&$inlinecount=allpages&$top=0`);
    expect([counted.headers.get('x-total-count'), await counted.json()]).toEqual(['1', []]);
  });

  it('is in the order of creation', async () => {
    const first = await startedTask();
    const second = await startedTask();
    const tasks = await jsonOf<{ id: string }[]>(await call('GET /task-instances?$top=1000'));
    const order = tasks.map(({ id }) => id);
    expect(order.indexOf(first.taskId)).toBeLessThan(order.indexOf(second.taskId));
  });

  it.each(['status=DONE', 'priority=URGENT', '$orderby=nothing'])('refuses %s with 400', async (query) => {
    expect((await call(`GET /task-instances?${query}`)).status).toBe(400);
  });
});
