import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { jsonOf } from './sandbox-calls.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

interface Graphql {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string }[];
}

function requestToken(fields: Record<string, string | undefined> = {}, json = false): Promise<Response> {
  const { tokenUrl, clientId, clientSecret, graphqlUrl } = sandbox.workflowgen;
  const all = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    audience: graphqlUrl,
    ...fields,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return json
    ? fetch(tokenUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(given) })
    : fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(given) });
}

async function credentials(): Promise<Record<string, string>> {
  const { access_token: token } = await jsonOf<{ access_token: string }>(await requestToken());
  return { authorization: `Bearer ${token}`, 'x-wfgen-graphql-api-key': sandbox.workflowgen.apiKey };
}

async function graphql(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(sandbox.workflowgen.graphqlUrl, {
    method: 'POST',
    headers: { ...(await credentials()), 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
}

async function multipart(parts: readonly (readonly [name: string, content: string | Blob])[]): Promise<Response> {
  const form = new FormData();
  for (const [name, content] of parts) {
    if (typeof content === 'string') {
      form.append(name, content);
    } else {
      form.append(name, content, `${name}.txt`);
    }
  }
  return fetch(sandbox.workflowgen.graphqlUrl, { method: 'POST', headers: await credentials(), body: form });
}

const upload =
  'mutation ($f: Upload) { createRequest(input: { processName: "SIMPLE_REQUEST_FILE", parameters: [{ name: "REQUEST_FILE", fileValue: { upload: $f } }] }) ' +
  '{ request { number dataset(filter: { names: ["REQUEST_FILE"] }) { items { file { name size } } } } } }';

describe('the Auth0 tenant', () => {
  it.each([false, true])('gives a token for the audience (JSON: %s)', async (json) => {
    const answer = await jsonOf<{ access_token: string; expires_in: number }>(await requestToken({}, json));
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
    expect(decodeJwt(answer.access_token)).toMatchObject({ aud: sandbox.workflowgen.graphqlUrl });
  });

  it.each([
    [{ client_secret: 'wrong' }, 401, 'access_denied', /^Unauthorized$/],
    [{ audience: 'https://other.example.com' }, 403, 'access_denied', /^Client is not authorized to access "https:/],
    [{ audience: undefined }, 403, 'access_denied', /audience/],
    [{ grant_type: 'password' }, 403, 'unauthorized_client', /^Grant type 'password' not allowed/],
  ])('refuses %j', async (fields, status, error, text) => {
    const response = await requestToken(fields);
    expect(response.status).toBe(status);
    expect(await jsonOf(response)).toEqual({ error, error_description: expect.stringMatching(text) });
  });
});

describe('the GraphQL API', () => {
  it('runs a mutation and a query', async () => {
    const start =
      'mutation { createRequest(input: { processName: "SIMPLE_REQUEST" }) { request { id number status } } }';
    const { data } = await jsonOf<Graphql>(await graphql(start));
    const { number } = (data as { createRequest: { request: { number: number } } }).createRequest.request;
    const read = await jsonOf<Graphql>(
      await graphql(`{ request(number: ${number}) { status requester { userName } } }`),
    );
    expect(read.data).toEqual({ request: { status: 'OPEN', requester: { userName: 'flowgate_service' } } });
  });

  it('acts as the user that the header names', async () => {
    const answer = await graphql('{ viewer { userName } }', {}, { 'x-wfgen-impersonate-username': 'ada' });
    expect((await jsonOf<Graphql>(answer)).data).toEqual({ viewer: { userName: 'ada' } });
  });

  it.each([
    ['mutation { createRequest(input: { processName: "NO" }) { clientMutationId } }', 'does not exist'],
    ['mutation { updateRequestDataset(input: { number: 1, parameters: [] }) { clientMutationId } }', 'not found'],
  ])('reports errors within a 200: %s', async (query, text) => {
    const response = await graphql(query);
    expect(response.status).toBe(200);
    expect((await jsonOf<Graphql>(response)).errors?.[0]?.message).toContain(text);
  });

  it.each(['{', '{ nothing }'])('answers 400 to the document %j', async (query) => {
    expect((await graphql(query)).status).toBe(400);
  });

  it('wants the token and the second key', async () => {
    expect((await graphql('{ viewer { id } }', {}, { 'x-wfgen-graphql-api-key': 'wrong' })).status).toBe(401);
    expect((await graphql('{ viewer { id } }', {}, { authorization: 'Bearer x' })).status).toBe(401);
    const old = await credentials();
    sandbox.control.expireTokens();
    expect((await graphql('{ viewer { id } }', {}, old)).status).toBe(401);
  });

  it('shows its schema', async () => {
    expect(await (await fetch(`${sandbox.workflowgen.graphqlUrl}/schema`)).text()).toContain(
      'input createRequestInput',
    );
  });
});

describe('an upload', () => {
  const operations = JSON.stringify({ query: upload, variables: { f: null } });
  const file = new Blob(['hello']);

  it('is a GraphQL multipart request', async () => {
    const response = await multipart([
      ['operations', operations],
      ['map', '{"0":["variables.f"]}'],
      ['0', file],
    ]);
    expect((await jsonOf<Graphql>(response)).data).toMatchObject({
      createRequest: { request: { dataset: { items: [{ file: { name: '0.txt', size: 5 } }] } } },
    });
  });

  it.each([
    [
      'without its file',
      [
        ['operations', operations],
        ['map', '{"0":["variables.f"]}'],
      ],
    ],
    [
      'with the file first',
      [
        ['0', file],
        ['operations', operations],
        ['map', '{"0":["variables.f"]}'],
      ],
    ],
    ['without map', [['operations', operations]]],
  ] as const)('is refused %s', async (_, parts) => {
    expect((await multipart(parts)).status).toBe(400);
  });
});
