import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { jsonOf } from './sandbox-calls.ts';

interface Envelope {
  readonly data: unknown;
  readonly success: boolean;
  readonly error: string;
  readonly message: string;
}

let sandbox: Sandbox;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  token = await fetchToken();
});
afterEach(async () => {
  await sandbox.control.reset();
});
afterAll(() => sandbox.close());

function requestToken(form: Record<string, string> = {}): Promise<Response> {
  const { url, clientId, clientSecret } = sandbox.workflowServer;
  const body = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    ...form,
  });
  return fetch(`${url}/connect/token`, { method: 'POST', body });
}

async function fetchToken(): Promise<string> {
  return (await jsonOf<{ access_token: string }>(await requestToken())).access_token;
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${sandbox.workflowServer.url}/workflowapi${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body,
  });
}

async function call(path: string, body: object = {}): Promise<Envelope> {
  const response = await post(path, JSON.stringify(body));
  expect(response.status).toBe(200);
  return jsonOf<Envelope>(response);
}

async function created(body: object = { schemeCode: 'TestScheme' }): Promise<string> {
  const id = randomUUID();
  expect(await call(`/createinstance/${id}`, body)).toEqual({ data: null, success: true, error: '', message: '' });
  return id;
}

describe('its OpenID Connect server', () => {
  it('names the token endpoint in its configuration', async () => {
    const { url } = sandbox.workflowServer;
    const response = await fetch(`${url}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({ issuer: url, token_endpoint: `${url}/connect/token` });
  });

  it('gives the tokens of the documentation: at+jwt, an hour, one audience, scopes as a list', async () => {
    expect(await (await requestToken()).json()).toMatchObject({ expires_in: 3600, token_type: 'Bearer' });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ aud: 'WorkflowApi', client_id: 'workflowapi', scope: ['WorkflowApi'] });
    expect(Number(claims.exp) - Number(claims.nbf)).toBe(3600);
  });

  it('takes the credentials in a Basic header as well, as its configuration says', async () => {
    const { url, clientId, clientSecret } = sandbox.workflowServer;
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    expect((await fetch(`${url}/connect/token`, { method: 'POST', headers: { authorization }, body })).status).toBe(
      200,
    );
  });

  it('signs with the key that it publishes', async () => {
    const keys = createRemoteJWKSet(new URL(`${sandbox.workflowServer.url}/.well-known/openid-configuration/jwks`));
    const { payload } = await jwtVerify(await fetchToken(), keys, { audience: 'WorkflowApi' });
    expect(payload.iss).toBe(sandbox.workflowServer.url);
  });

  it('refuses absent credentials like wrong ones', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const response = await fetch(`${sandbox.workflowServer.url}/connect/token`, { method: 'POST', body });
    expect([response.status, await response.json()]).toEqual([400, { error: 'invalid_client' }]);
  });

  it('refuses another secret and another grant', async () => {
    expect(await (await requestToken({ client_secret: 'wrong' })).json()).toEqual({ error: 'invalid_client' });
    expect((await requestToken({ grant_type: 'password' })).status).toBe(400);
  });
});

describe('a call that does not come as far as an operation', () => {
  it.each([
    ['has no token', { authorization: '' }],
    ['has another token', { authorization: 'Bearer eyJ.eyJ.x' }],
  ])('because it %s gets 500 and a stack trace in plain text', async (_name, headers) => {
    const refused = await post('/getschemelist', '{}', headers);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([500, 'text/plain']);
    expect(await refused.text()).toMatch(
      /^Exception System\.Exception:OpenId Connect authentication for Workflow API failed: {3}at /,
    );
  });

  it('has a token from before a restart', async () => {
    await sandbox.control.restartWorkflowServer();
    expect((await post('/getschemelist', '{}')).status).toBe(500);
    token = await fetchToken();
    expect((await post('/getschemelist', '{}')).status).toBe(200);
  });

  it('has a token that does not allow the operation', async () => {
    sandbox.control.denyOperations({ operations: ['getschemelist'] });
    const authorization = `Bearer ${await fetchToken()}`;
    const refused = await post('/getschemelist', '{}', { authorization });
    expect(await refused.text()).toContain('OpenId Connect authorization for Workflow API failed');
    expect((await post('/getinstances', '{}', { authorization })).status).toBe(200);
  });

  it('has another method or another content type', async () => {
    const put = await fetch(`${sandbox.workflowServer.url}/workflowapi/getschemelist`, { method: 'PUT' });
    expect([put.status, await put.text()]).toEqual([500, expect.stringContaining('Method PUT is not supported')]);
    const text = await post('/getschemelist', '{}', { 'content-type': 'text/plain' });
    expect(await text.text()).toContain('Content type text/plain is not supported');
  });
});

it('takes the static token of old servers in the parameter `token`', async () => {
  const { url, accessToken } = sandbox.workflowServer;
  const right = await fetch(`${url}/workflowapi/getschemelist?token=${accessToken}`);
  expect(right.status).toBe(200);
  const wrong = await fetch(`${url}/workflowapi/getschemelist?token=wrong`);
  expect([wrong.status, await wrong.text()]).toEqual([500, expect.stringContaining('AccessToken is not valid!')]);
});

describe('the grammar of its URLs', () => {
  it('takes operation and id in the path or in the query, in any case, by GET as well', async () => {
    const id = await created();
    const { url } = sandbox.workflowServer;
    const headers = { authorization: `Bearer ${token}` };
    for (const path of [
      `/isExistProcess/${id}`,
      `/isexistprocess?processId=${id}`,
      `?Operation=isexistprocess&PROCESSID=${id}`,
    ]) {
      const answer = await jsonOf<Envelope>(await fetch(`${url}/workflowapi${path}`, { headers }));
      expect([path, answer.data]).toEqual([path, true]);
    }
  });

  it('lets a key of the body override what stands in the URL', async () => {
    const id = await created();
    expect((await call(`/isexistprocess/${randomUUID()}`, { PROCESSID: id })).data).toBe(true);
  });
});

describe('processes', () => {
  it('keep their parameters byte for byte', async () => {
    const id = randomUUID();
    const value = '{ "n":9007199254740993, "price":1.0 }';
    await post(
      `/createinstance/${id}`,
      `{"schemeCode":"TestScheme","parameters":[{"name":"order","value":${value},"persist":true}]}`,
    );
    expect(await (await post(`/getinstanceinfo/${id}`, '{}')).text()).toContain(
      `"ProcessParameters":{"order":${value}}`,
    );
  });

  it('go through their states by commands', async () => {
    const id = await created();
    const commands = await call(`/getavailablecommands/${id}`, { identityId: 'ada' });
    expect(commands.data).toEqual([
      expect.objectContaining({ CommandName: 'submit', Classifier: 'Direct', ProcessId: id }),
    ]);
    const executed = await call(`/executecommand/${id}`, { command: 'submit', identityId: 'ada' });
    expect(executed.data).toMatchObject({ WasExecuted: true, ProcessInstance: { Id: id, StateName: 'Review' } });
    const again = await call(`/executecommand/${id}`, { command: 'submit' });
    expect(again).toMatchObject({ success: true, data: { WasExecuted: false } });
    await call(`/executecommand/${id}`, { command: 'approve' });
    const info = await call(`/getinstanceinfo/${id}`);
    expect(info.data).toMatchObject({ StateName: 'Approved', InstanceStatus: 3, SchemeCode: 'TestScheme' });
  });

  it('let only those execute a command whom it is for, and have it in their inbox', async () => {
    const id = await created({ schemeCode: 'Leave Request' });
    const command = { command: 'Grant leave' };
    expect((await call(`/executecommand/${id}`, { ...command, identityId: 'ada' })).data).toMatchObject({
      WasExecuted: false,
    });
    expect((await call('/inbox', { identityId: 'manager', processId: id })).data).toEqual([
      { ProcessId: id, IdentityId: 'manager' },
    ]);
    expect((await call('/inbox', { identityId: 'ada', processId: id })).data).toEqual([]);
    expect((await call(`/executecommand/${id}`, { ...command, identityId: 'manager' })).data).toMatchObject({
      WasExecuted: true,
    });
  });

  it('are listed, the newest first, by page and by filter', async () => {
    const ids = [await created(), await created(), await created()];
    expect((await call('/getinstances', { take: 2 })).data).toHaveLength(2);
    const oldestFirst = await call('/getinstances', { take: 0, sort: 'CreationDate asc', search: ids[0] });
    expect(oldestFirst.data).toEqual([expect.objectContaining({ Id: ids[0] })]);
    expect((await call('/getinstances', { status: 'Finalized', search: ids[0] })).data).toEqual([]);
    expect((await call('/getinstances', { status: 2, search: ids[0] })).data).toHaveLength(1);
  });

  it('are set to a state and deleted', async () => {
    const id = await created();
    expect((await call(`/getavailablestatetoset/${id}`)).data).toContainEqual(
      expect.objectContaining({ Name: 'Review' }),
    );
    expect((await call(`/setstate/${id}`, { state: 'Review' })).success).toBe(true);
    expect((await call(`/getinstanceinfo/${id}`)).data).toMatchObject({ StateName: 'Review' });
    expect((await call(`/deleteinstance/${id}`)).success).toBe(true);
    expect((await call(`/isexistprocess/${id}`)).data).toBe(false);
  });
});

describe('an operation that fails is told within a 200', () => {
  it.each([
    ['an id that is no GUID', '/getinstanceinfo/4711', {}, "Parameter 'processid' is required and must be GUID!"],
    ['an unknown process', `/getinstanceinfo/${randomUUID()}`, {}, 'is not found'],
    ['an unknown scheme', `/createinstance/${randomUUID()}`, { schemeCode: 'None' }, 'InnerException'],
    ['an unknown state', '/setstate', {}, 'processid'],
    ['an unknown operation', '/getcurrentstate', {}, 'not supported'],
  ])('%s', async (_name, path, body, text) => {
    expect(await call(path, body)).toMatchObject({ data: null, success: false, error: expect.stringContaining(text) });
  });

  it('a second process of one id', async () => {
    const id = await created();
    expect(await call(`/createinstance/${id}`, { schemeCode: 'TestScheme' })).toMatchObject({ success: false });
  });

  it('a body that is no JSON object', async () => {
    const answer = await jsonOf<Envelope>(await post('/getschemelist', '['));
    expect(answer).toMatchObject({ success: false, error: 'Invalid request body type' });
  });
});
