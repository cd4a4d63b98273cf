import { describe, expect, it } from '@jest/globals';
import type { WorkflowServerConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { BufferedAnswer } from '../../src/forward/upstream-request.ts';
import type { ForwardOperation, OperationInput } from '../../src/services/operation.ts';
import { parseJsonObjectOrArray } from '../../src/services/json-bytes.ts';
import { workflowServer } from '../../src/services/workflow-server.ts';
import { problemOf } from '../support/token-fixtures.ts';

const ID = 'f54104f0-5de2-ea7b-e3be-47c9199a3967';
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function offer(changes: Partial<WorkflowServerConfig> = {}) {
  return workflowServer({
    kind: 'workflow-server',
    name: 'approvals',
    source: 'a test',
    url: 'https://wfs.example.com',
    token: undefined,
    accessToken: undefined,
    administration: false,
    identity: undefined,
    ...changes,
  });
}

function operation(id: string, changes: Partial<WorkflowServerConfig> = {}): ForwardOperation {
  const found = offer({ administration: true, identity: { claim: undefined }, ...changes }).operations.find(
    (candidate) => candidate.id === id,
  );
  if (found?.kind !== 'forward') throw new Error(`no operation ${id}`);
  return found;
}

function input(body?: string, changes: Partial<OperationInput> = {}): OperationInput {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const parsed = bytes && parseJsonObjectOrArray(bytes);
  return {
    method: 'POST',
    params: {},
    query: [],
    body: bytes,
    json: Array.isArray(parsed) ? undefined : parsed,
    headers: {},
    caller: 'tester',
    idempotencyKey: undefined,
    freshId: ID,
    identity: undefined,
    mayCall: () => true,
    ...changes,
  };
}

function sent(id: string, given: OperationInput, changes: Partial<WorkflowServerConfig> = {}) {
  const { method, path, headers, body } = operation(id, changes).toRequest(given);
  return { method, path, headers, body: body?.toString() };
}

describe('what is offered', () => {
  it('is what concerns single processes, and no inbox without an identity', () => {
    expect(offer().operations.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /definitions',
      'POST /definitions/:id/instances',
      'GET /instances',
      'GET /instances/:id',
      'GET /instances/:id/commands',
      'POST /instances/:id/commands/:command',
    ]);
  });

  it('is more with an identity and with administration', () => {
    const few = new Set(offer().operations.map(({ id }) => id));
    const all = offer({ administration: true, identity: { claim: 'email' } }).operations.map(({ id }) => id);
    expect(all.filter((id) => !few.has(id))).toEqual(['list-states', 'set-state', 'delete-instance', 'list-tasks']);
  });
});

describe('every request upstream', () => {
  const requests = offer({ administration: true, identity: { claim: undefined } })
    .operations.filter((found) => found.kind === 'forward')
    .map((found) => found.toRequest(input('{}', { params: { id: ID, command: 'submit' }, identity: 'ada' })));

  it('is a POST of a JSON object, below /workflowapi', () => {
    for (const { method, path, headers, body } of requests) {
      expect([method, headers['content-type']]).toEqual(['POST', 'application/json']);
      expect(path).toMatch(/^\/workflowapi\/[a-z]+(\/[0-9a-f-]{36})?$/);
      expect(JSON.parse(body?.toString() ?? '')).toBeInstanceOf(Object);
    }
  });

  it('names one of ten operations and none that is about the whole server, users or the log', () => {
    const names = requests.map(({ path }) => path.split('/')[2]);
    expect(names).toEqual([
      'getschemelist',
      'createinstance',
      'getinstances',
      'getinstanceinfo',
      'getavailablecommands',
      'executecommand',
      'getavailablestatetoset',
      'setstate',
      'deleteinstance',
      'inbox',
    ]);
  });
});

describe('the body of a start', () => {
  const start = (body: string) => sent('start-definition', input(body, { params: { id: 'TestScheme' } }));

  it('names the scheme, and has no parameters where there are none', () => {
    expect(start('{}')).toMatchObject({
      path: `/workflowapi/createinstance/${ID}`,
      body: '{"schemeCode":"TestScheme"}',
    });
    expect(start('[]').body).toBe('{"schemeCode":"TestScheme"}');
  });

  it('makes parameters of names and values, each value byte for byte', () => {
    expect(start('{ "n" : 9007199254740993, "price":1.0, "o": {"a":1,"a":2} }').body).toBe(
      '{"schemeCode":"TestScheme","parameters":[{"name":"n","value":9007199254740993,"persist":true},' +
        '{"name":"price","value":1.0,"persist":true},{"name":"o","value":{"a":1,"a":2},"persist":true}]}',
    );
  });

  it('takes an array of parameters as it is', () => {
    const array = '[{"name":"n","value":1.0,"persist":false}, {"value":null,"name":"m"}]';
    expect(start(`\uFEFF${array}`).body).toBe(`{"schemeCode":"TestScheme","parameters":${array}}`);
  });

  it("keeps the caller's names out of the API's own parameters", () => {
    const body = '{"identityId":"boss","schemeCode":"Other","token":"t","tenantId":"x","processId":"y"}';
    const parsed = JSON.parse(start(body).body ?? '') as Record<string, unknown>;
    expect(Object.keys(parsed)).toEqual(['schemeCode', 'parameters']);
    expect(parsed['schemeCode']).toBe('TestScheme');
  });

  it.each([
    '{"a":1,"a":2}',
    '{"":1}',
    '["a"]',
    '[{"name":"a"}]',
    '[{"value":1}]',
    '[{"name":5,"value":1}]',
    '[{"name":"a","value":1,"identityId":"boss"}]',
    '[{"name":"a","value":1,"persist":"yes"}]',
    '[{"name":"a","value":1},{"name":"a","value":2}]',
  ])('refuses %s', async (body) => {
    expect(await problemOf(() => start(body))).toMatchObject({ code: 'invalid-body', status: 400 });
  });
});

describe('who acts', () => {
  const acting = ['start-definition', 'list-commands', 'execute-command', 'set-state', 'list-tasks'];

  it.each(acting)('is told to %s, which needs to know it', (id) => {
    const given = input('{"state":"Review"}', { params: { id: ID, command: 'submit' }, identity: 'ada "the boss"' });
    expect(JSON.parse(sent(id, given).body ?? '')).toMatchObject({ identityId: 'ada "the boss"' });
    expect(operation(id).needsIdentity).toBe(true);
  });

  it('is told to nothing else', () => {
    const others = offer({ administration: true, identity: { claim: undefined } }).operations.filter(
      ({ id }) => !acting.includes(id),
    );
    for (const { id, needsIdentity } of others) {
      const given = input(undefined, { params: { id: ID }, identity: 'ada' });
      expect([id, needsIdentity, sent(id, given).body]).toEqual([id, false, '{}']);
    }
  });

  it('is nobody where the service has no identity', () => {
    const given = input('{}', { params: { id: ID, command: 'submit' } });
    expect(sent('execute-command', given, { identity: undefined }).body).toBe('{"command":"submit"}');
    expect(operation('execute-command', { identity: undefined }).needsIdentity).toBe(false);
  });
});

it('the static token travels in the body, never in the URL', () => {
  const request = sent('list-definitions', input(), { accessToken: new Secret('static-token') });
  expect(request).toMatchObject({ path: '/workflowapi/getschemelist', body: '{"token":"static-token"}' });
});

describe('the id of a new process', () => {
  const idOf = (changes: Partial<OperationInput>): string => {
    const given = input('{}', { params: { id: 'TestScheme' }, ...changes });
    return sent('start-definition', given).path.split('/').at(-1) ?? '';
  };

  it('is one of its own without an Idempotency-Key', () => {
    expect(idOf({ freshId: ID })).toBe(ID);
  });

  it('is always the same under the same key', () => {
    const key = { idempotencyKey: 'order-1' };
    expect(idOf({ ...key, freshId: ID })).toBe(idOf({ ...key, freshId: 'another' }));
    expect(idOf(key)).toMatch(GUID);
  });

  it('is another for another key, caller, person or scheme', () => {
    const ids = [
      { idempotencyKey: 'a' },
      { idempotencyKey: 'b' },
      { idempotencyKey: 'a', caller: 'other' },
      { idempotencyKey: 'a', identity: 'ada' },
      { idempotencyKey: 'a', params: { id: 'Other' } },
    ].map(idOf);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('what tells a refused token', () => {
  const { refusesToken, lacksAuthority } = offer();
  const answer = (status: number, text: string): BufferedAnswer => ({
    kind: 'buffered',
    status,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(text),
    truncated: false,
  });

  it.each([
    'Exception System.Exception:OpenId Connect authentication for Workflow API failed:   at X',
    "Exception System.Exception:AccessToken is not valid! Check 'token' parameter in the query.:   at X",
    "Exception System.Exception:AccessToken is on. Add 'token' parameter for each workflowapi request!:   at X",
  ])('is a 500 with the text %s', (text) => {
    expect(refusesToken?.(answer(500, text))).toBe(true);
    expect(lacksAuthority?.(answer(500, text))).toBe(false);
  });

  it('is not the text of a missing permission, which tells that the token is good', () => {
    const text = 'Exception System.Exception:OpenId Connect authorization for Workflow API failed:   at X';
    expect(refusesToken?.(answer(500, text))).toBe(false);
    expect(lacksAuthority?.(answer(500, text))).toBe(true);
  });

  it.each([
    [200, 'OpenId Connect authentication for Workflow API failed'],
    [500, '{"success":false,"error":"OpenId Connect authentication for Workflow API failed"}'],
    [500, 'Exception System.Exception:Method PUT is not supported:   at X'],
    [500, `${'x'.repeat(5000)}OpenId Connect authentication for Workflow API failed`],
  ])('is not a %i with the text %s', (status, text) => {
    expect(refusesToken?.(answer(status, text))).toBe(false);
  });
});
