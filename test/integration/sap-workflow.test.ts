import { afterEach, describe, expect, it } from '@jest/globals';
import { useFlowgate } from '../support/flowgate-stack.ts';

const stack = useFlowgate();

async function startInstance(context = '{"employee":"Ada"}', definition = 'onboarding'): Promise<string> {
  const started = await stack.post(`/api/workflow/definitions/${definition}/instances`, context);
  expect(started.status).toBe(201);
  return (started.json as { id: string }).id;
}

function upstreamBody(): string {
  return stack.sandbox.control.lastRequest('workflow')?.rawBody.toString() ?? '';
}

function upstreamQuery(): URLSearchParams {
  return new URLSearchParams(stack.sandbox.control.lastRequest('workflow')?.query);
}

describe('starting by the simple route', () => {
  it('answers 201 with a Location below our own routes and the facts of the instance', async () => {
    const started = await stack.post('/api/workflow/definitions/onboarding/instances', '{"employee":"Ada"}');
    expect(started.status).toBe(201);
    expect(started.json).toMatchObject({ id: expect.any(String), definitionId: 'onboarding', status: 'RUNNING' });
    expect(started.headers.get('location')).toBe(`/api/workflow/instances/${started.json.id}`);
    const read = await stack.get(started.headers.get('location') ?? '');
    expect(read.json).toMatchObject({ id: started.json.id });
  });

  it('sends the bytes of the context as they came: large numbers, fractions and repeated keys survive', async () => {
    const context = '{ "id":9007199254740993, "price":1.0, "e":1e400, "a":1, "a":2, "minus":-0 }';
    await startInstance(context);
    expect(upstreamBody()).toBe(`{"definitionId":"onboarding","context":${context}}`);
  });

  it('leaves out a byte order mark, which may not stand inside a document', async () => {
    await startInstance('\uFEFF{"a":1}');
    expect(upstreamBody()).toBe('{"definitionId":"onboarding","context":{"a":1}}');
  });

  it('keeps a key named __proto__ as the data that it is', async () => {
    await startInstance('{"__proto__":{"polluted":true}}');
    expect(upstreamBody()).toContain('"__proto__":{"polluted":true}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('starting by the full body', () => {
  it("passes the engine's own start body on", async () => {
    const body = '{"definitionId":"workflow","context":{"product":"Camera","price":100}}';
    const started = await stack.post('/api/workflow/instances', body);
    expect(started.status).toBe(201);
    expect(upstreamBody()).toBe(body);
  });

  it('refuses a body without definitionId, which the engine would answer with a misleading 404', async () => {
    const refused = await stack.post('/api/workflow/instances', '{"context":{}}');
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-body' });
    expect(refused.json.detail).toContain('definitionId');
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });
});

describe('bodies that are refused before anything is sent', () => {
  const start = '/api/workflow/definitions/onboarding/instances';
  const rows: [name: string, body: string, type: string, status: number, code: string][] = [
    ['an array', '[]', 'application/json', 400, 'invalid-body'],
    ['a number', '5', 'application/json', 400, 'invalid-body'],
    ['null', 'null', 'application/json', 400, 'invalid-body'],
    ['broken JSON', '{"a":', 'application/json', 400, 'invalid-body'],
    ['nothing', '', 'application/json', 400, 'invalid-body'],
    ['40,000 levels', '{"a":'.repeat(40_000) + '1' + '}'.repeat(40_000), 'application/json', 400, 'invalid-body'],
    ['JSON sent as text', '{}', 'text/plain', 415, 'unsupported-media-type'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'unsupported-media-type'],
    ['another charset', '{}', 'application/json; charset=iso-8859-1', 415, 'unsupported-media-type'],
    ['two types in one', '{}', 'text/plain; application/json', 415, 'unsupported-media-type'],
  ];
  it.each(rows)('%s', async (_name, body, type, status, code) => {
    const refused = await stack.post(start, body, { 'content-type': type });
    expect(refused.json).toMatchObject({ status, code, source: 'caller', retryable: false });
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });

  it('bytes that are not UTF-8', async () => {
    const refused = await stack.post(start, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-body' });
  });

  it('a body beyond the limit', async () => {
    const refused = await stack.post(start, JSON.stringify({ a: 'x'.repeat(1024 * 1024) }));
    expect(refused.json).toMatchObject({ status: 413, code: 'payload-too-large' });
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });
});

describe('lists', () => {
  it('pass filters on under their upstream names', async () => {
    await stack.get(
      '/api/workflow/instances?top=2&$skip=0&orderby=startedAt%20desc&count=true&status=running,completed',
    );
    expect(Object.fromEntries(upstreamQuery())).toEqual({
      $top: '2',
      $skip: '0',
      $orderby: 'startedAt desc',
      $inlinecount: 'allpages',
      status: 'RUNNING,COMPLETED',
    });
  });

  it('take status=all for every status that the list knows', async () => {
    await stack.get('/api/workflow/instances?status=all');
    expect(upstreamQuery().get('status')).toBe('RUNNING,ERRONEOUS,SUSPENDED,CANCELED,COMPLETED');
  });

  it('bring the number of all matches where it is asked for', async () => {
    await startInstance();
    const list = await stack.get('/api/workflow/instances?$inlinecount=allpages&top=1');
    expect(Number(list.headers.get('x-total-count'))).toBeGreaterThan(0);
    expect(list.json).toHaveLength(1);
  });

  it('bring any ISO time into the form that SAP takes', async () => {
    await stack.get('/api/workflow/instances?startedFrom=2026-01-31T09:00:00%2B01:00');
    expect(upstreamQuery().get('startedFrom')).toBe('2026-01-31T08:00:00.000Z');
  });

  it.each([
    ['an unknown filter', 'instances?colour=red'],
    ['an empty filter', 'instances?status='],
    ['a filter given twice', 'instances?top=1&$top=2'],
    ['a number too large', 'instances?top=1001'],
    ['a skip beyond the limit', 'instances?skip=4001'],
    ['an unknown status', 'instances?status=DONE'],
    ['an order by an unknown field', 'instances?orderby=colour%20asc'],
    ['a time that is none', 'instances?startedAt=yesterday'],
    ['an attribute without a name', 'instances?attributes.=1'],
    ['a broken percent-encoding', 'instances?subject=%zz'],
    ['a filter of another list', 'definitions?status=all'],
    ['a filter where there are none', 'instances/1/context?top=1'],
  ])('refuse %s and send nothing', async (_name, path) => {
    const refused = await stack.get(`/api/workflow/${path}`);
    expect(refused.json).toMatchObject({ status: 400, code: 'invalid-parameter' });
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });

  it('take custom attributes by name', async () => {
    const list = await stack.get('/api/workflow/instances?attributes.Team=A&attributes.Team=B');
    expect(list.status).toBe(200);
    expect(upstreamQuery().getAll('attributes.Team')).toEqual(['A', 'B']);
  });
});

describe('every read', () => {
  it('of a definition works: list, one, versions, sample context', async () => {
    for (const path of ['', '/onboarding', '/onboarding/versions', '/onboarding/sample-context']) {
      const read = await stack.get(`/api/workflow/definitions${path}`);
      expect([path, read.status]).toEqual([path, 200]);
    }
  });

  it('of an instance works: one, context, attributes, error messages, execution logs', async () => {
    const id = await startInstance();
    for (const path of ['', '?expand=attributes', '/context', '/attributes', '/error-messages', '/execution-logs']) {
      const read = await stack.get(`/api/workflow/instances/${id}${path}`);
      expect([path, read.status]).toEqual([path, 200]);
    }
  });

  it('answers HEAD as it answers GET, without a body', async () => {
    const head = await stack.send('HEAD', '/api/workflow/definitions');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toContain('application/json');
  });
});

describe('changes', () => {
  it('replace and merge the context, byte for byte', async () => {
    const id = await startInstance();
    expect((await stack.send('PUT', `/api/workflow/instances/${id}/context`, '{"n":1.0}')).status).toBe(204);
    expect(upstreamBody()).toBe('{"n":1.0}');
    expect((await stack.send('PATCH', `/api/workflow/instances/${id}/context`, '{"m":2}')).status).toBe(204);
    expect((await stack.get(`/api/workflow/instances/${id}/context`)).json).toEqual({ n: 1, m: 2 });
  });

  it.each([
    ['cancel', undefined, '{"status":"CANCELED"}'],
    ['cancel', '{"cascade":true}', '{"status":"CANCELED","cascade":true}'],
    ['suspend', '{}', '{"status":"SUSPENDED"}'],
    ['resume', undefined, '{"status":"RUNNING"}'],
  ])('%s with the body %s is a PATCH of the status, answered 202', async (action, body, sent) => {
    const id = await startInstance();
    const accepted = await stack.post(`/api/workflow/instances/${id}/${action}`, body);
    expect(accepted.status).toBe(202);
    expect(upstreamBody()).toBe(sent);
    expect(stack.sandbox.control.lastRequest('workflow')?.method).toBe('PATCH');
  });

  it.each(['{"cascade":"yes"}', '{"status":"RUNNING"}', '{"st\\u0061tus":"RUNNING"}'])(
    'of the status refuse the body %s',
    async (body) => {
      const refused = await stack.post('/api/workflow/instances/1/cancel', body);
      expect(refused.json).toMatchObject({ status: 400, code: 'invalid-body' });
      expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
    },
  );

  it('tell that the engine is busy, and that trying again helps', async () => {
    const id = await startInstance();
    stack.sandbox.control.busy({ client: 'workflow', times: 10 });
    const busy = await stack.send('PUT', `/api/workflow/instances/${id}/context`, '{}');
    expect(busy.json).toMatchObject({ status: 409, code: 'upstream-conflict', retryable: true });
  });
});

describe('tasks', () => {
  async function openTask(): Promise<string> {
    const id = await startInstance();
    const tasks = await stack.get(`/api/workflow/tasks?workflowInstanceId=${id}&status=READY`);
    return tasks.json[0].id as string;
  }

  it('are listed, read and read with their context', async () => {
    const id = await openTask();
    expect((await stack.get(`/api/workflow/tasks/${id}`)).json).toMatchObject({ id, status: 'READY' });
    expect((await stack.get(`/api/workflow/tasks/${id}/context`)).status).toBe(200);
  });

  it('are completed with a context and a decision', async () => {
    const id = await openTask();
    const completed = await stack.post(
      `/api/workflow/tasks/${id}/complete`,
      '{"context":{"n":1.0},"decision":"approve"}',
    );
    expect(completed.status).toBe(204);
    expect(upstreamBody()).toBe('{"status":"COMPLETED","context":{"n":1.0},"decision":"approve"}');
  });

  it('that are done already are a conflict that trying again does not mend', async () => {
    const id = await openTask();
    await stack.post(`/api/workflow/tasks/${id}/complete`, '{}');
    const second = await stack.post(`/api/workflow/tasks/${id}/complete`, '{}');
    expect(second.json).toMatchObject({ status: 409, code: 'upstream-conflict', retryable: false });
  });

  it('are changed by PATCH', async () => {
    const id = await openTask();
    expect((await stack.send('PATCH', `/api/workflow/tasks/${id}`, '{"priority":"HIGH"}')).status).toBe(204);
    expect((await stack.get(`/api/workflow/tasks/${id}`)).json).toMatchObject({ priority: 'HIGH' });
  });
});

describe('messages', () => {
  it('that nobody waits for are told so', async () => {
    const body = '{"definitionId":"approved","workflowDefinitionId":"onboarding","businessKey":"4711","context":{}}';
    const sent = await stack.post('/api/workflow/messages', body);
    expect(sent.json).toMatchObject({ status: 422, code: 'message-not-consumed' });
  });

  it.each([
    '{"workflowInstanceId":"1"}',
    '{"definitionId":"m"}',
    '{"definitionId":"m","workflowInstanceId":"1","workflowDefinitionId":"x","businessKey":"y"}',
    '{"definitionId":"m","businessKey":"y"}',
  ])('refuse the body %s and send nothing', async (body) => {
    expect((await stack.post('/api/workflow/messages', body)).json).toMatchObject({
      status: 400,
      code: 'invalid-body',
    });
    expect(stack.sandbox.control.counters().requests.workflow).toEqual({});
  });
});

describe('refusals that explain themselves', () => {
  // Retry-After of one refusal holds for all that follow.
  afterEach(() => stack.renew());

  it('pass on what the engine says of a context that does not fit', async () => {
    const refused = await stack.post('/api/workflow/definitions/orderprocess/instances', '{"colour":"red"}');
    expect(refused.json).toMatchObject({ status: 422, code: 'context-invalid', upstream: { status: 422 } });
    expect(refused.json.upstream.error.details.length).toBeGreaterThan(0);
  });

  it('tell an unknown definition', async () => {
    const refused = await stack.post('/api/workflow/definitions/onbording/instances', '{}');
    expect(refused.json).toMatchObject({ status: 404, code: 'definition-not-found', upstream: { status: 404 } });
    expect(refused.json.detail).toContain('onbording');
    expect(refused.json.hint).toContain('Did you mean "onboarding"?');
  });

  it('offer no name where nothing is near', async () => {
    const refused = await stack.post('/api/workflow/definitions/zzzzzzzz/instances', '{}');
    expect(refused.json.hint).not.toContain('Did you mean');
  });

  it('tell an unknown instance and an unknown task', async () => {
    expect((await stack.get('/api/workflow/instances/4711')).json).toMatchObject({
      status: 404,
      code: 'instance-not-found',
    });
    expect((await stack.get('/api/workflow/tasks/4711')).json).toMatchObject({ status: 404, code: 'task-not-found' });
  });

  it.each([
    ['upstream-rate-limited', 429, {}, '', 429, true],
    ['upstream-unavailable', 503, { 'retry-after': '7' }, '', 503, true],
    ['upstream-failed', 500, {}, '{"error":{"message":"internal text"}}', 502, true],
    ['upstream-redirected', 302, { location: 'https://login.example.com/' }, '', 502, false],
    ['upstream-protocol-error', 200, { 'content-type': 'text/html' }, '<html>internal text</html>', 502, false],
    ['upstream-unreachable', 404, { 'x-cf-routererror': 'unknown_route' }, '404 Not Found', 502, true],
    ['upstream-protocol-error', 404, { 'content-type': 'text/html' }, '<html>internal text</html>', 502, false],
  ])('become %s when the service answers %i with %j', async (code, status, headers, body, answered, retryable) => {
    stack.sandbox.control.answer({ upstream: 'workflow', status, headers, body });
    const refused = await stack.get('/api/workflow/instances');
    expect(refused.json).toMatchObject({ status: answered, code, retryable });
    expect(refused.text).not.toContain('internal text');
    const mustWait = answered === 429 || answered === 503;
    expect(refused.headers.get('retry-after') !== null).toBe(mustWait);
  });
});

describe('a start whose answer is lost', () => {
  it('is sent once, and said to be unknown', async () => {
    stack.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body', times: 1 });
    const started = await stack.post('/api/workflow/definitions/onboarding/instances', '{}');
    expect(started.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
    expect(stack.sandbox.control.counters().requests.workflow['POST /workflow-instances']).toBe(1);
  });

  it('is unreachable, and may be tried again, when the service is down', async () => {
    await stack.sandbox.control.down({ upstream: 'workflow' });
    const started = await stack.post('/api/workflow/definitions/onboarding/instances', '{}');
    await stack.sandbox.control.up({ upstream: 'workflow' });
    expect(started.json).toMatchObject({ status: 502, code: 'upstream-unreachable', retryable: true });
  });
});

describe('a missing authority', () => {
  const stack = useFlowgate();

  it('name the missing authority, and give the whole JSON that grants it', async () => {
    stack.sandbox.control.setAuthorities({ client: 'workflow', authorities: ['WORKFLOW_INSTANCE_GET', 'TASK_GET'] });
    stack.sandbox.control.revokeTokens();
    const refused = await stack.post('/api/workflow/definitions/onboarding/instances', '{}');
    expect(refused.json).toMatchObject({
      type: '/problems/authority-missing',
      status: 502,
      code: 'authority-missing',
      source: 'upstream',
      service: 'workflow',
      retryable: false,
      upstream: { status: 403, error: { message: 'User does not have sufficient privileges.' } },
    });
    expect(refused.json.detail).toContain('the client has no WORKFLOW_INSTANCE_START');
    expect(refused.json.hint).toContain(
      '{"authorities":["WORKFLOW_INSTANCE_GET","TASK_GET","WORKFLOW_INSTANCE_START"],"defaultCollectionQueryFilter":"own"}',
    );
    expect(refused.json.hint).toContain('cf update-service');
  });
});

describe('an authority that was granted meanwhile', () => {
  const stack = useFlowgate();

  it('is found at once: the token with the old scopes is replaced, and the start sent again', async () => {
    stack.sandbox.control.setAuthorities({ client: 'workflow', authorities: ['WORKFLOW_INSTANCE_GET'] });
    expect((await stack.get('/api/workflow/instances')).status).toBe(200);
    stack.sandbox.control.setAuthorities({ client: 'workflow', authorities: 'all' });
    const started = await stack.post('/api/workflow/definitions/onboarding/instances', '{}');
    expect(started.status).toBe(201);
    expect(stack.sandbox.control.counters().tokenRequests).toBe(2);
  });
});
