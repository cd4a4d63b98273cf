import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { credentialsOf, jsonOf, start, workflowCaller } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

let sandbox: Sandbox;
let call: Call;
/** Started in this order; the third is completed by force. Their keys hold letters that no id can hold by chance. */
let ids: string[];

beforeAll(async () => {
  sandbox = await startSandbox();
  call = await workflowCaller(sandbox);
  ids = [
    await start(call, 'onboarding', '{"employee":"Ada","department":"Research","businessKey":"KEY-1"}'),
    await start(call, 'onboarding', '{"employee":"Grace","department":"Navy","businessKey":"KEY-2"}'),
    await start(call, 'workflow', '{}'),
    await start(call, 'orderprocess', '{"orderId":"1","amount":2}'),
  ];
  sandbox.control.setInstanceStatus({ instanceId: ids[2] ?? '', status: 'COMPLETED' });
  sandbox.control.setInstanceStatus({ instanceId: ids[3] ?? '', status: 'ERRONEOUS' });
});
afterAll(() => sandbox.close());

/** Which of the four come back, by number, in the order of the answer. */
async function listed(query: string): Promise<number[]> {
  const response = await call(`GET /workflow-instances?${query}`);
  expect(response.status).toBe(200);
  const instances = await jsonOf<{ id: string }[]>(response);
  return instances.map(({ id }) => ids.indexOf(id) + 1);
}

describe('the list of instances', () => {
  it('holds only what runs or failed, newest first', async () => {
    expect(await listed('')).toEqual([4, 2, 1]);
  });

  it.each([
    ['status=completed', [3]],
    ['status=RUNNING,COMPLETED', [3, 2, 1]],
    ['status=RUNNING&status=ERRONEOUS', [4, 2, 1]],
    ['status=', [4, 2, 1]],
    ['definitionId=onboarding', [2, 1]],
    ['definitionId=', [4, 2, 1]],
    ['definitionVersion=2', [4]],
    ['subject=onboarding', [2, 1]],
    ['businessKey=KEY-2', [2]],
    ['containsText=key-2', [2]],
    ['containsText=order', [4]],
    ['parentInstanceId=unknown', []],
    ['attributes.employee=Ada', [1]],
    ['attributes.employee=Ada&attributes.employee=Grace', [2, 1]],
    ['attributes.employee=Ada&attributes.department=Navy', []],
    ['unknownFilter=x', [4, 2, 1]],
    ['$orderby=businessKey desc&definitionId=onboarding', [2, 1]],
    ['$orderby=startedAt asc', [1, 2, 4]],
    ['$top=1', [4]],
    ['$skip=1&$top=1', [2]],
    ['$top=', [4, 2, 1]],
    ['startedFrom=2020-01-01T00:00:00.000Z', [4, 2, 1]],
    ['startedUpTo=2020-01-01T00:00:00.000Z', []],
    ['startedFrom=20200101000000.000', [4, 2, 1]],
    ['completedFrom=2020-01-01T00:00:00.000Z&status=COMPLETED,RUNNING', [3]],
  ])('with %s gives %j', async (query, expected) => {
    expect(await listed(query)).toEqual(expected);
  });

  it('can be asked for one id, one starter, one moment', async () => {
    const first = await jsonOf<{ startedAt: string }>(await call(`GET /workflow-instances/${ids[0]}`));
    expect(await listed(`id=${ids[1]}`)).toEqual([2]);
    expect(await listed(`rootInstanceId=${ids[1]}`)).toEqual([2]);
    expect(await listed(`startedBy=${encodeURIComponent(credentialsOf(sandbox, 'workflow').id)}`)).toHaveLength(3);
    expect(await listed(`startedAt=${first.startedAt}`)).toContain(1);
  });

  it('counts on request only', async () => {
    const counted = await call('GET /workflow-instances?$inlinecount=allpages&$top=1');
    expect(counted.headers.get('x-total-count')).toBe('3');
    expect((await call('GET /workflow-instances?$inlinecount=none')).headers.get('x-total-count')).toBeNull();
  });

  it('expands attributes on request', async () => {
    const query = `id=${ids[0]}&$expand=attributes`;
    const [instance] = await jsonOf<object[]>(await call(`GET /workflow-instances?${query}`));
    expect(instance).toMatchObject({ attributes: [{ id: 'employee', value: 'Ada' }, { id: 'department' }] });
  });

  it.each([
    '$top=1001',
    '$skip=4001',
    '$top=-1',
    '$orderby=startedat desc',
    '$orderby=startedAt DESC',
    '$orderby=unknown',
    '$inlinecount=yes',
    'status=DONE',
    'startedFrom=yesterday',
    'startedFrom=2020-01-01',
  ])('refuses %s with 400', async (query) => {
    const response = await call(`GET /workflow-instances?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } });
  });
});

describe('definitions', () => {
  it('are listed with the latest version', async () => {
    const response = await call('GET /workflow-definitions?$orderby=id desc&$inlinecount=allpages');
    expect(response.headers.get('x-total-count')).toBe('3');
    const definitions = await jsonOf<Record<string, unknown>[]>(response);
    expect(definitions.map(({ id }) => id)).toEqual(['workflow', 'orderprocess', 'onboarding']);
    expect(definitions[1]).toEqual({
      id: 'orderprocess',
      version: '2',
      name: 'orderprocess',
      createdBy: expect.stringContaining('sb-clone-'),
      createdAt: expect.any(String),
      jobs: [],
      applicationScope: 'own',
    });
  });

  it('are shown one by one, with their versions', async () => {
    expect(await jsonOf(await call('GET /workflow-definitions/orderprocess'))).toMatchObject({ version: '2' });
    const versions = await jsonOf<object[]>(await call('GET /workflow-definitions/orderprocess/versions'));
    expect(versions).toMatchObject([{ version: '1' }, { version: '2' }]);
    expect(await jsonOf(await call('GET /workflow-definitions/orderprocess/versions/1'))).toMatchObject({
      version: '1',
    });
  });

  it.each(['', '/versions/1'])('have a sample context%s', async (version) => {
    const path = `/workflow-definitions/onboarding${version}/sample-contexts/default-start-context`;
    const response = await call(`GET ${path}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: expect.any(String),
      content: expect.objectContaining({ employee: 'Ada Lovelace' }),
      modelElementId: expect.any(String),
    });
  });

  it.each(['', '/versions', '/versions/9', '/sample-contexts/default-start-context'])(
    'that do not exist get 404: %s',
    async (below) => {
      const id = below === '/versions/9' ? 'onboarding' : 'nothing';
      const response = await call(`GET /workflow-definitions/${id}${below}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'bpm.workflowruntime.definition.not.found' } });
    },
  );

  it('are one resource among others: what is not there is 404', async () => {
    expect((await call('GET /nothing')).status).toBe(404);
    expect((await call('DELETE /workflow-instances/1')).status).toBe(404);
  });
});
