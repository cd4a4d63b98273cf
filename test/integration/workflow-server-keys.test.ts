import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { API_KEY, useFlowgate, type Answer } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

/** The id of a process is ours to choose: under a key always the same, so that no start makes two. */

const OTHER_KEY = 'another-key-0123456789abcdef';
const UUID_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function configuration({ workflowServer: { url, clientId, clientSecret } }: Sandbox): string {
  return `
services:
  approvals: { kind: workflow-server, url: ${url}, token: { clientId: ${clientId}, clientSecret: "${clientSecret}" } }
`;
}

const stack = useFlowgate({ file: configuration, env: { API_KEYS: `tester=${API_KEY},other=${OTHER_KEY}` } });

const START = '/api/approvals/definitions/TestScheme/instances';

function start(key: string, headers: Record<string, string> = {}): Promise<Answer> {
  return stack.post(START, '{"customer_name":"Ada"}', { 'idempotency-key': key, ...headers });
}

/** How often an operation arrived upstream. */
function calls(operation: string): number {
  return stack.sandbox.control.counters().requests.workflowServer[`POST /workflowapi/${operation}`] ?? 0;
}

async function processes(id: string): Promise<number> {
  return (await stack.get(`/api/approvals/instances?take=0&search=${id}`)).json.length as number;
}

describe('the id of a process', () => {
  it('is derived from the key and its caller', async () => {
    const key = randomUUID();
    const answers = [await start(key), await start(randomUUID()), await start(key, { 'x-api-key': OTHER_KEY })];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const ids = answers.map(({ json }) => String(json.id));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(UUID_V5);
  });

  it('is a fresh one without a key', async () => {
    const [one, other] = [await stack.post(START, '{}'), await stack.post(START, '{}')];
    expect(one.json.id).not.toBe(other.json.id);
  });
});

describe('a start that is repeated under its key', () => {
  const others: BareFlowgate[] = [];

  /** An instance that remembers nothing of what others did. */
  async function another(): Promise<BareFlowgate> {
    const bare = await BareFlowgate.start({ file: configuration(stack.sandbox) });
    others.push(bare);
    return bare;
  }

  afterEach(async () => {
    await Promise.all(others.splice(0).map((bare) => bare.stop()));
  });

  function startAt({ url }: BareFlowgate, key: string): Promise<PlainAnswer> {
    const headers = { 'x-api-key': BARE_KEY, 'content-type': 'application/json', 'idempotency-key': key };
    return plainRequest(`${url}${START}`, 'POST', headers, '{"customer_name":"Ada"}');
  }

  it('on the same instance gets the first answer again, and nothing is sent', async () => {
    const key = randomUUID();
    const first = await start(key);
    const again = await start(key);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(calls('createinstance')).toBe(1);
  });

  it('on another instance without a common ledger names the same process: there is one', async () => {
    const key = randomUUID();
    const [one, other] = [await startAt(await another(), key), await startAt(await another(), key)];
    expect([one.status, other.status]).toEqual([201, 201]);
    const id = String(one.json.id);
    expect(other.json).toEqual({ id, definitionId: 'TestScheme', status: 'Idled' });
    expect(other.headers['location']).toBe(`/api/approvals/instances/${id}`);
    expect(await processes(id)).toBe(1);
  });

  it('on several such instances at once makes one process', async () => {
    const key = randomUUID();
    const instances = await Promise.all([another(), another(), another()]);
    const answers = await Promise.all(instances.map((instance) => startAt(instance, key)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const ids = new Set(answers.map(({ json }) => String(json.id)));
    expect(ids.size).toBe(1);
    expect(await processes([...ids].join())).toBe(1);
  });

  it('after a restart that lost the ledger finds the process that it made', async () => {
    const key = randomUUID();
    const before = await another();
    const first = await startAt(before, key);
    await before.stop();
    const second = await startAt(await another(), key);
    expect([second.status, second.text]).toEqual([201, first.text]);
  });
});

describe('a start under a key whose answer is lost', () => {
  const CREATE = { upstream: 'workflowServer', path: '/workflowapi/createinstance', times: 1 } as const;
  const LOOK_UP = { upstream: 'workflowServer', path: '/workflowapi/isexistprocess' } as const;

  it('is found done at once, and the answer is kept', async () => {
    const key = randomUUID();
    stack.sandbox.control.resetConnection({ ...CREATE, when: 'after-body' });
    const first = await start(key);
    const again = await start(key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(calls('createinstance')).toBe(1);
  });

  it('is looked up, too, when a gateway answered in its place', async () => {
    stack.sandbox.control.answer({ ...CREATE, status: 502 });
    const key = randomUUID();
    expect((await start(key)).json).toMatchObject({ status: 502, code: 'outcome-unknown' });
    expect(calls('isexistprocess')).toBe(1);
  });

  it('is sent again only after the server has said that there is no such process', async () => {
    const key = randomUUID();
    stack.sandbox.control.resetConnection({ ...CREATE, when: 'before-body' });
    const first = await start(key);
    expect(first.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
    const again = await start(key);
    expect([again.status, again.json.id]).toEqual([201, expect.stringMatching(UUID_V5)]);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect(calls('isexistprocess')).toBe(2);
    expect((await start(key)).text).toBe(again.text);
    expect(await processes(again.json.id as string)).toBe(1);
  });

  it('is not sent again while the server does not say whether there is one', async () => {
    const key = randomUUID();
    stack.sandbox.control.resetConnection({ ...CREATE, when: 'after-body' });
    stack.sandbox.control.fail({ ...LOOK_UP, times: 2 });
    const answers = [await start(key), await start(key), await start(key)];
    expect(answers.map(({ json }) => json.code as string | undefined)).toEqual([
      'outcome-unknown',
      'outcome-unknown',
      undefined,
    ]);
    expect(answers[2]?.status).toBe(201);
    expect(answers[2]?.headers.get('idempotent-replayed')).toBe('true');
    expect(calls('createinstance')).toBe(1);
  });

  it('because the time ran out is found when it is asked for again', async () => {
    const key = randomUUID();
    await stack.get('/api/approvals/definitions'); // so that the time does not go by with a token
    stack.sandbox.control.slow({ ...CREATE, ms: 1500 });
    const first = await start(key, { prefer: 'wait=1' });
    expect(first.json).toMatchObject({ status: 504, code: 'outcome-unknown', retryable: false });
    await new Promise((resolve) => setTimeout(resolve, 800));
    const again = await start(key);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(calls('createinstance')).toBe(1);
  });

  it('in a restart of the server, which voids all tokens, is looked up with a fresh one', async () => {
    await stack.get('/api/approvals/definitions');
    const key = randomUUID();
    stack.sandbox.control.resetConnection({ ...CREATE, when: 'after-body' });
    stack.sandbox.control.answer({
      ...LOOK_UP,
      times: 1,
      status: 500,
      headers: { 'content-type': 'text/plain' },
      body: 'Exception System.Exception:OpenId Connect authentication for Workflow API failed:   at X.Y()',
    });
    expect((await start(key)).status).toBe(201);
    expect([calls('createinstance'), calls('isexistprocess')]).toEqual([1, 2]);
  });
});

describe('a command under a key', () => {
  it('that is not offered is not kept: it is executed under the same key once it is, and then never again', async () => {
    const path = `/api/approvals/instances/${(await start(randomUUID())).json.id}/commands`;
    const approve = () => stack.post(`${path}/approve`, '{}', { 'idempotency-key': 'approve-once' });
    expect((await approve()).json).toMatchObject({ status: 409, code: 'upstream-conflict' });
    expect(calls('executecommand')).toBe(0);
    await stack.post(`${path}/submit`, '{}');
    const executed = await approve();
    expect([executed.status, executed.headers.get('idempotent-replayed')]).toEqual([200, null]);
    const again = await approve();
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([executed.text, 'true']);
    expect([calls('executecommand'), calls('getavailablecommands')]).toEqual([2, 3]);
  });
});
