import { describe, expect, it } from '@jest/globals';
import { graphqlRequests, lastGraphql, useWorkflowgen } from '../support/workflowgen-stack.ts';

const stack = useWorkflowgen();

const START = '/api/requests/definitions/SIMPLE_REQUEST/instances';

async function started(body = '{"SUBJECT":"Laptop"}'): Promise<number> {
  const answer = await stack.post(START, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return Number(answer.json.id);
}

/** WorkflowGen answers this, so often. */
function answers(body: object | string, status = 200, times = 1): void {
  stack.sandbox.control.answer({
    upstream: 'workflowgen',
    path: '/wfgen/graphql',
    status,
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    times,
  });
}

describe('starting a request', () => {
  it('answers 201 with its number as id, its process and its status', async () => {
    const answer = await stack.post(START, '{"SUBJECT":"Laptop","AMOUNT":12.50,"DUE_DATE":"2026-01-31T08:00:00Z"}');
    expect([answer.status, answer.json]).toEqual([
      201,
      { id: expect.stringMatching(/^[1-9]\d*$/), definitionId: 'SIMPLE_REQUEST', status: 'OPEN' },
    ]);
    expect(answer.headers.get('location')).toBe(`/api/requests/instances/${answer.json.id}`);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('fills the dataset of the request with the parameters, by their types', async () => {
    const id = await started('{"SUBJECT":"Größe","AMOUNT":12.50,"DUE_DATE":"2026-01-31"}');
    const { json } = await stack.get(`/api/requests/instances/${id}/context`);
    const values = json.request.dataset.items.map(({ name, textValue }: Record<string, unknown>) => [name, textValue]);
    expect(values).toEqual([
      ['SUBJECT', 'Größe'],
      ['AMOUNT', '12.5'],
      ['DUE_DATE', '2026-01-31'],
    ]);
  });

  it('sends the digits of a number as they were written', async () => {
    await stack.post(START, '{"AMOUNT":9007199254740993}');
    expect(lastGraphql(stack).text).toContain('9007199254740993');
  });

  it('takes the name of a process with blanks', async () => {
    const answer = await stack.post('/api/requests/definitions/HOLIDAY%20REQUEST/instances', '{"DAYS":3}');
    expect([answer.status, answer.json.definitionId]).toEqual([201, 'HOLIDAY REQUEST']);
  });

  it('sends what callers write as variables, never as part of the document', async () => {
    await stack.post(START, '{"SUBJECT":"\\" }] }) { x } #","} evil {":"x"}');
    const { query, variables } = lastGraphql(stack);
    expect(query).not.toContain('evil');
    expect(Object.values(variables)).toContain('" }] }) { x } #');
  });

  it.each([
    ['{"FLAG":true}', 'FLAG'],
    ['{"LIST":[1]}', 'LIST'],
    ['{"NOTHING":null}', 'NOTHING'],
  ])('refuses %s and names the member', async (body, name) => {
    const answer = await stack.post(START, body);
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid-body', source: 'caller' });
    expect(answer.json.detail).toContain(`"${name}"`);
    expect(graphqlRequests(stack)).toBe(0);
  });

  it.each(['', '[]', '[{"SUBJECT":"x"}]'])('refuses %j: a start is one JSON object', async (body) => {
    expect((await stack.post(START, body)).json).toMatchObject({ status: 400, code: 'invalid-body' });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it.each(['..%2f..%2fadmin', 'a%5cb', 'a%00b', 'a%0d%0ab', 'a%252f', 'a%22b', 'A%20', '%7B'])(
    'refuses the process %s',
    async (process) => {
      const answer = await stack.post(`/api/requests/definitions/${process}/instances`, '{}');
      expect([400, 404]).toContain(answer.status);
      expect(graphqlRequests(stack)).toBe(0);
    },
  );

  it('says that there is no such process', async () => {
    const answer = await stack.post('/api/requests/definitions/NO_SUCH/instances', '{}');
    expect(answer.json).toMatchObject({
      status: 404,
      code: 'definition-not-found',
      source: 'upstream',
      retryable: false,
    });
  });

  it('says that a parameter does not fit, and withholds the text of the error', async () => {
    const answer = await stack.post(START, '{"COLOUR":"red"}');
    expect(answer.json).toMatchObject({ status: 502, code: 'upstream-failed', retryable: false });
    expect(answer.text).not.toContain('not found in process');
  });

  it("passes WorkflowGen's words about a value that its type does not take", async () => {
    const answer = await stack.post(START, '{"AMOUNT":1e400}');
    expect(answer.json).toMatchObject({ status: 400, code: 'upstream-invalid-request', retryable: false });
    expect(answer.json.upstream.error.message).toMatch(/^Variable "\$v0" /);
  });

  it('is a 201 where the number came, whatever else failed', async () => {
    answers({ data: { createRequest: { request: { number: 77, status: null } } }, errors: [{ message: 'x' }] });
    const answer = await stack.post(START, '{}');
    expect([answer.status, answer.json]).toEqual([201, { id: '77', definitionId: 'SIMPLE_REQUEST', status: 'OPEN' }]);
  });

  it('is of unknown outcome where a request was made but its number did not come', async () => {
    answers({ data: { createRequest: { request: null } }, errors: [{ message: 'timeout' }] });
    const answer = await stack.post(START, '{}');
    expect(answer.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
  });

  it('is of unknown outcome when the answer is lost, and not sent again', async () => {
    stack.sandbox.control.resetConnection({
      upstream: 'workflowgen',
      path: '/wfgen/graphql',
      when: 'after-body',
      times: 1,
    });
    const answer = await stack.post(START, '{}');
    expect(answer.json).toMatchObject({ status: 502, code: 'outcome-unknown', retryable: false });
    expect(graphqlRequests(stack)).toBe(1);
  });
});

describe('reading', () => {
  it('gives the data of the GraphQL answer, byte for byte', async () => {
    const data = '{"requests" : {"totalCount":1.0,"hasNextPage":false,"items":[{"number":9007199254740993}]}}';
    answers(`{"extensions":{},"data":${data}}`);
    const answer = await stack.get('/api/requests/instances');
    expect([answer.status, answer.text]).toEqual([200, data]);
  });

  it('pages through requests', async () => {
    await started();
    await started();
    const answer = await stack.get('/api/requests/instances?page=2&size=1');
    expect(answer.json.requests).toMatchObject({ items: [{ status: 'OPEN' }] });
    expect(lastGraphql(stack).variables).toEqual({ number: 2, size: 1 });
  });

  it('filters by the time of their creation', async () => {
    await stack.get('/api/requests/instances?createdSince=2099-01-01T00:00:00%2B01:00');
    expect(lastGraphql(stack).variables).toEqual({ number: 1, size: 50, createdSince: '2098-12-31T23:00:00.000Z' });
  });

  it.each([
    'top=5',
    'page=0',
    'page=x',
    'size=1001',
    'page=1&page=2',
    'size=',
    'createdSince=yesterday',
    'status=open',
  ])('refuses the filter %s', async (filter) => {
    const answer = await stack.get(`/api/requests/instances?${filter}`);
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid-parameter' });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('gives one request by its number', async () => {
    const id = await started();
    const { json } = await stack.get(`/api/requests/instances/${id}`);
    expect(json.request).toMatchObject({ number: id, description: 'SIMPLE_REQUEST', status: 'OPEN', closedAt: null });
  });

  it.each(['', '/context'])('says that there is no such request (%j)', async (below) => {
    const answer = await stack.get(`/api/requests/instances/999999${below}`);
    expect(answer.json).toMatchObject({ status: 404, code: 'instance-not-found', source: 'upstream' });
  });

  it.each(['abc', '0', '-1', '1.5', '01', '12345678901'])('refuses %s as a number', async (id) => {
    expect((await stack.get(`/api/requests/instances/${id}`)).json).toMatchObject({ code: 'invalid-parameter' });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('lists the open actions of the user for whom it acts', async () => {
    await started();
    const { json } = await stack.get('/api/requests/tasks?size=1');
    expect(json.viewer.actions.items).toMatchObject([
      {
        initiator: { userName: 'flowgate_service' },
        activity: { name: 'APPROVE', process: { name: 'SIMPLE_REQUEST' } },
      },
    ]);
  });

  it.each(['definitions', 'definitions/SIMPLE_REQUEST', 'messages', 'tasks/1', 'graphql'])(
    'does not exist for %s',
    async (path) => {
      expect((await stack.get(`/api/requests/${path}`)).json).toMatchObject({ code: 'not-found' });
    },
  );
});

describe('the configured documents', () => {
  it('are listed with their variables, for who may run them', async () => {
    const { json } = await stack.get('/api/requests/operations');
    expect(json.map(({ name }: { name: string }) => name)).toContain('start-file');
    expect(json[0]).toEqual({
      name: 'open-requests',
      path: '/api/requests/operations/open-requests',
      type: 'query',
      variables: [
        { name: 'size', type: 'Int!', required: true, upload: false },
        { name: 'since', type: 'DateTime', required: false, upload: false },
      ],
      document: expect.stringContaining('query ($size: Int!'),
    });
    const limited = await stack.get('/api/requests/operations', { 'x-api-key': 'reader-key-0123456789' });
    expect(limited.json.map(({ name }: { name: string }) => name)).toEqual(['open-requests']);
  });

  it('are run with the variables as they were written, and answer their data', async () => {
    const answer = await stack.post('/api/requests/operations/open-requests', '{ "size" : 1.0 }');
    expect(answer.json).toEqual({ requests: { totalCount: expect.any(Number), items: expect.any(Array) } });
    expect(lastGraphql(stack).text).toContain('"variables":{ "size" : 1.0 }');
  });

  it.each([
    ['{}', 'The variable "size" is missing.'],
    ['{"size":"1"}', 'The variable "size" is not a whole number.'],
    ['{"size":1,"query":"{ viewer { id } }"}', 'The body has a variable that the document does not declare.'],
  ])('are not run with %s', async (body, detail) => {
    const answer = await stack.post('/api/requests/operations/open-requests', body);
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid-body', detail });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('cannot be replaced: a document of the caller is nowhere taken', async () => {
    const introspection = '{"query":"{ __schema { types { name } } }"}';
    for (const path of ['operations/open-requests', 'definitions/SIMPLE_REQUEST/instances', 'operations', 'graphql'])
      await stack.post(`/api/requests/${path}`, introspection);
    const sent = graphqlRequests(stack) === 0 ? '' : lastGraphql(stack).query;
    expect(sent).not.toContain('__schema');
  });

  it('that are not there are a 404', async () => {
    expect((await stack.post('/api/requests/operations/nothing', '{}')).json).toMatchObject({ code: 'not-found' });
  });

  it('that change something are never sent twice', async () => {
    stack.sandbox.control.resetConnection({
      upstream: 'workflowgen',
      path: '/wfgen/graphql',
      when: 'after-body',
      times: 1,
    });
    const answer = await stack.post('/api/requests/operations/update-dataset', '{"number":1001,"subject":"x"}');
    expect(answer.json).toMatchObject({ code: 'outcome-unknown' });
    expect(graphqlRequests(stack)).toBe(1);
  });

  it('that read are sent again after a broken connection', async () => {
    stack.sandbox.control.resetConnection({
      upstream: 'workflowgen',
      path: '/wfgen/graphql',
      when: 'after-body',
      times: 1,
    });
    expect((await stack.post('/api/requests/operations/open-requests', '{"size":1}')).status).toBe(200);
    expect(graphqlRequests(stack)).toBe(2);
  });

  it('pass a partial answer with null where its errors struck', async () => {
    answers({ data: { a: { number: 1 }, b: null }, errors: [{ message: 'b failed', path: ['b'] }] });
    const answer = await stack.post('/api/requests/operations/two-requests', '{"one":1,"other":2}');
    expect([answer.status, answer.json]).toEqual([200, { a: { number: 1 }, b: null }]);
  });

  it('answer a problem where all is null', async () => {
    answers({ data: { a: null, b: null }, errors: [{ message: 'secret internals' }] });
    const answer = await stack.post('/api/requests/operations/two-requests', '{"one":1,"other":2}');
    expect(answer.json).toMatchObject({ status: 502, code: 'upstream-failed', retryable: true });
    expect(answer.text).not.toContain('secret internals');
  });

  it('that do not fit the schema are the operator’s to mend', async () => {
    const answer = await stack.post('/api/requests/operations/wrong-names', '{}');
    expect(answer.json).toMatchObject({ status: 502, code: 'upstream-failed' });
    expect(answer.json.hint).toContain('/wfgen/graphql/schema');
  });

  it.each([
    ['wrong-names', 'a read that failed, which may be tried again', true],
    ['wrong-change', 'a change that failed, which may not', false],
  ])('that do not fit the schema, such as %s, are %s', async (name, _what, retryable) => {
    const answer = await stack.post(`/api/requests/operations/${name}`, '{}');
    expect(answer.json).toMatchObject({ status: 502, code: 'upstream-failed', source: 'upstream', retryable });
    expect(answer.text).not.toContain('Cannot query field');
    expect(graphqlRequests(stack)).toBe(1);
  });
});

describe('a refused token', () => {
  it('is replaced once, for a start as well: authentication comes before everything', async () => {
    await started();
    stack.sandbox.control.expireTokens();
    expect((await stack.post(START, '{}')).status).toBe(201);
  });

  it('is known by a text in a 200 without data', async () => {
    answers({ errors: [{ message: 'jwt expired' }], data: null });
    expect((await stack.post('/api/impersonated/definitions/SIMPLE_REQUEST/instances', '{}')).status).toBe(201);
    expect(graphqlRequests(stack)).toBe(2);
  });

  it('that is refused again is a problem', async () => {
    stack.sandbox.control.answer({ upstream: 'workflowgen', path: '/wfgen/graphql', status: 401, times: 2 });
    const answer = await stack.get('/api/requests/instances');
    expect(answer.json).toMatchObject({ status: 502, code: 'token-rejected', source: 'upstream', retryable: false });
    expect(answer.json.hint).toContain('Non-interactive Client');
  });
});

describe('a refusal', () => {
  it('without audience is explained', async () => {
    const answer = await stack.get('/api/no-audience/instances');
    expect(answer.json).toMatchObject({ status: 502, code: 'credentials-rejected', source: 'token' });
  });

  it('for lack of a right names the user behind the client', async () => {
    const answer = await stack.post('/api/impersonated/definitions/SIMPLE_REQUEST/instances', '{}', {
      'x-api-key': 'guest-key-0123456789',
    });
    expect(answer.json).toMatchObject({ status: 502, code: 'authority-missing', source: 'upstream' });
    expect(answer.json.hint).toContain('Impersonate username');
  });

  it.each([
    [403, 'text/html', '<html>', 'authority-missing', 502],
    [404, 'text/html', '<html><h2>404 - File or directory not found.</h2></html>', 'upstream-protocol-error', 502],
    [404, 'text/html', '<h2>404.13 - Not Found</h2>', 'upstream-invalid-request', 413],
    [413, 'text/html', '<html>', 'upstream-invalid-request', 413],
    [429, 'text/plain', '', 'upstream-rate-limited', 429],
    [500, 'text/html', '<pre>at Object.<anonymous> (D:\\iis\\server.js)</pre>', 'upstream-failed', 502],
    [503, 'text/html', '<html>', 'upstream-unavailable', 503],
    [200, 'text/html', '<html>', 'upstream-protocol-error', 502],
    [200, 'application/json', '[]', 'upstream-protocol-error', 502],
    [200, 'application/json', '{"data":', 'upstream-protocol-error', 502],
    [200, 'application/json', '{"data":null}', 'upstream-protocol-error', 502],
    [400, 'application/json', '{"errors":[{"message":"Syntax Error"}]}', 'upstream-failed', 502],
    [
      500,
      'application/json',
      '{"errors":[{"message":"Variable \\"$v0\\" got invalid value 1"}]}',
      'upstream-invalid-request',
      400,
    ],
  ])('with %s %s %j is %s', async (status, type, body, code, shown) => {
    stack.sandbox.control.answer({
      upstream: 'workflowgen',
      path: '/wfgen/graphql',
      status,
      headers: { 'Content-Type': type },
      body,
    });
    const answer = await stack.get('/api/requests/instances');
    expect(answer.json).toMatchObject({ status: shown, code, source: 'upstream' });
    expect(answer.text).not.toMatch(/iis|<h2>|Syntax Error|got invalid value/);
  });

  it('by redirect to a login page is not followed', async () => {
    stack.sandbox.control.redirect({ upstream: 'workflowgen', path: '/wfgen/graphql' });
    expect((await stack.get('/api/requests/instances')).json).toMatchObject({ code: 'upstream-redirected' });
  });

  it('of a gateway after a start leaves its outcome unknown, whatever its JSON says', async () => {
    answers({ errors: [{ message: 'gateway timeout' }] }, 504);
    expect((await stack.post(START, '{}')).json).toMatchObject({ status: 504, code: 'outcome-unknown' });
  });
});

describe('what reaches WorkflowGen', () => {
  it('of the headers is ours: token and second key, no impersonation by callers', async () => {
    await stack.post(START, '{}', {
      'x-wfgen-impersonate-username': 'admin',
      'x-wfgen-graphql-api-key': 'forged',
      'x-wfgen-hooktoken': 'forged',
      cookie: 'session=1',
      'accept-language': 'de',
    });
    const { headers } = lastGraphql(stack);
    expect(Object.keys(headers).sort()).toEqual(
      [
        'accept',
        'accept-language',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'traceparent',
        'user-agent',
        'via',
        'x-correlation-id',
        'x-wfgen-graphql-api-key',
      ].sort(),
    );
    expect(headers['x-wfgen-graphql-api-key']).toBe(stack.sandbox.workflowgen.apiKey);
  });

  it('is who acts, from the authenticated caller, where the service says so', async () => {
    await stack.get('/api/impersonated/tasks', { 'x-wfgen-impersonate-username': 'admin' });
    expect(lastGraphql(stack).headers['x-wfgen-impersonate-username']).toBe('tester');
  });
});
