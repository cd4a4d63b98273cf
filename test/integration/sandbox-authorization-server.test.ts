import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { credentialsOf, jsonOf, requestToken, tokenOf } from './sandbox-calls.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

function post(init: RequestInit, query = ''): Promise<Response> {
  return fetch(`${sandbox.authorizationServer.tokenUrl}${query}`, { method: 'POST', ...init });
}

function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

const form = (fields: Record<string, string>): { body: URLSearchParams } => ({ body: new URLSearchParams(fields) });

describe('a token request', () => {
  it('with id and secret in the form body gets a token in the shape of XSUAA', async () => {
    const response = await requestToken(sandbox, 'workflow');
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^eyJ/),
      token_type: 'bearer',
      expires_in: 43_199,
      scope: expect.stringContaining('workflow!b10150.WORKFLOW_INSTANCE_START'),
      jti: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('with Basic and only the grant type in the body gets a token', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const headers = { authorization: basic(id, secret) };
    const response = await post({ headers, ...form({ grant_type: 'client_credentials' }) });
    expect(response.status).toBe(200);
  });

  it('with Basic and the grant type in the query, without a body, gets a token', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const response = await post({ headers: { authorization: basic(id, secret) } }, '?grant_type=client_credentials');
    expect(response.status).toBe(200);
  });

  it('with encoded Basic credentials that are announced gets a token', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const authorization = basic(encodeURIComponent(id), encodeURIComponent(secret));
    const announced = { authorization, 'x-cf-encoded-credentials': 'true' };
    expect((await post({ headers: announced }, '?grant_type=client_credentials')).status).toBe(200);
    expect((await post({ headers: { authorization } }, '?grant_type=client_credentials')).status).toBe(401);
  });

  it('with a wrong secret gets 401 in the older form, or the newer one', async () => {
    const { id } = credentialsOf(sandbox, 'workflow');
    const wrong = form({ grant_type: 'client_credentials', client_id: id, client_secret: 'wrong' });
    const older = await post(wrong);
    expect(older.status).toBe(401);
    expect(await older.json()).toEqual({ error: 'unauthorized', error_description: 'Bad credentials' });
    sandbox.control.badCredentialsForm({ form: 'invalid_client' });
    const newer = await post(wrong);
    expect(newer.status).toBe(401);
    expect(await newer.json()).toEqual({ error: 'invalid_client', error_description: 'Bad credentials' });
  });

  it('of an unknown client, or without any credentials, gets 401', async () => {
    const unknown = form({ grant_type: 'client_credentials', client_id: 'sb-nobody!t1', client_secret: 'x' });
    expect((await post(unknown)).status).toBe(401);
    expect((await post(form({ grant_type: 'client_credentials' }))).status).toBe(401);
  });

  it('without a grant type gets 400', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const response = await post(form({ client_id: id, client_secret: secret }));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'invalid_request', error_description: 'Missing grant type' });
  });

  it('for another grant gets 400', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const response = await post(form({ grant_type: 'password', client_id: id, client_secret: secret }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });

  it('by GET gets 405', async () => {
    const response = await fetch(`${sandbox.authorizationServer.tokenUrl}?grant_type=client_credentials`);
    expect(response.status).toBe(405);
  });

  it('for another zone is told that the subdomain is unknown', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const fields = form({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
    const own = await post({ ...fields, headers: { 'x-zid': sandbox.authorizationServer.zoneId } });
    expect(own.status).toBe(200);
    const foreign = await post({ ...fields, headers: { 'x-zid': '0bc7e5e4-0000-4000-8000-000000000000' } });
    expect(foreign.status).toBe(404);
    expect(await foreign.text()).toContain('The subdomain does not map to a valid identity zone');
  });

  it('that asks for a scope gets what of it the client has', async () => {
    const { id, secret } = credentialsOf(sandbox, 'workflow');
    const credentials = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    const response = await post(form({ ...credentials, scope: 'workflow!b10150.TASK_GET workflow!b10150.NOTHING' }));
    expect(await response.json()).toMatchObject({ scope: 'workflow!b10150.TASK_GET' });
  });
});

describe('a token', () => {
  it('holds the claims of XSUAA and is signed with the published key', async () => {
    const { id } = credentialsOf(sandbox, 'workflow');
    const keys = await jsonOf<JSONWebKeySet>(await fetch(`${sandbox.authorizationServer.url}/token_keys`));
    const { payload } = await jwtVerify(await tokenOf(sandbox, 'workflow'), createLocalJWKSet(keys), {
      issuer: sandbox.authorizationServer.tokenUrl,
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({
      sub: id,
      client_id: id,
      cid: id,
      azp: id,
      grant_type: 'client_credentials',
      zid: sandbox.authorizationServer.zoneId,
      aud: expect.arrayContaining(['uaa', 'workflow!b10150', id]),
      scope: expect.arrayContaining(['workflow!b10150.WORKFLOW_INSTANCE_START']),
      ext_attr: expect.any(Object),
    });
    expect(payload['authorities']).toEqual(payload['scope']);
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(43_199);
  });

  it('of the integration runtime lives an hour and holds its role', async () => {
    const body = await jsonOf(await requestToken(sandbox, 'integration'));
    expect(body).toMatchObject({ expires_in: 3599, scope: 'it-rt-sandbox!b12000.ESBMessaging.send' });
  });

  it('lives as long as the sandbox was told', async () => {
    const short = await startSandbox({ tokenLifeSeconds: 5, secrets: { workflow: 'fixed$secret=' } });
    try {
      expect(short.serviceKeys.workflow.uaa.clientsecret).toBe('fixed$secret=');
      expect(await jsonOf(await requestToken(short, 'workflow'))).toMatchObject({ expires_in: 5 });
    } finally {
      await short.close();
    }
  });

  it('gets other authorities only when it is fetched anew', async () => {
    const before = await tokenOf(sandbox, 'workflow');
    sandbox.control.setAuthorities({ authorities: 'fresh' });
    const after = await tokenOf(sandbox, 'workflow');
    expect(decodeJwt(before)['scope']).toContain('workflow!b10150.WORKFLOW_INSTANCE_START');
    expect(decodeJwt(after)['scope']).toEqual([
      'workflow!b10150.TASK_GET',
      'workflow!b10150.PROCESS_TEMPLATE_DEPLOY',
      'workflow!b10150.PROCESS_VARIANT_DEPLOY',
      'uaa.resource',
      'workflow!b10150.FORM_DEFINITION_DEPLOY',
      'workflow!b10150.TASK_DEFINITION_GET',
      'workflow!b10150.WORKFLOW_DEFINITION_DEPLOY',
    ]);
  });
});

describe('the credentials', () => {
  it('look like real ones: ! and | in ids, $ and = in secrets', () => {
    expect(credentialsOf(sandbox, 'workflow')).toEqual({
      id: expect.stringMatching(/^sb-clone-[0-9a-f-]{36}!b12345\|workflow!b10150$/),
      secret: expect.stringMatching(/^[0-9a-f-]{36}\$.+=$/),
    });
    expect(credentialsOf(sandbox, 'integration').id).toMatch(/^sb-[0-9a-f-]{36}!b12345\|it-rt-sandbox!b12000$/);
    expect(credentialsOf(sandbox, 'integrationApiPlan').id).toMatch(/\|it!b12000$/);
  });

  it('are refused after a rotation, and the new ones accepted', async () => {
    const secret = sandbox.control.rotateSecret({ client: 'workflow' });
    expect((await requestToken(sandbox, 'workflow')).status).toBe(401);
    const { id } = credentialsOf(sandbox, 'workflow');
    const rotated = await post(form({ grant_type: 'client_credentials', client_id: id, client_secret: secret }));
    expect(rotated.status).toBe(200);
  });

  it('stand in keys with the addresses as SAP writes them', () => {
    const { workflow, processAutomation, integration } = sandbox.serviceKeys;
    expect(workflow.uaa.url).not.toContain('/oauth/token');
    expect(workflow.endpoints.workflow_rest_url).toBe(`${sandbox.workflow.url}/workflow-service/rest`);
    expect(processAutomation.endpoints.api).toBe(sandbox.workflow.url);
    expect(integration.oauth.tokenurl).toBe(`${workflow.uaa.url}/oauth/token`);
    expect(sandbox.vcapServices).toMatchObject({
      workflow: [{ label: 'workflow', plan: 'lite', credentials: workflow }],
      'it-rt': [{ label: 'it-rt', plan: 'integration-flow', credentials: integration }],
    });
  });
});

describe('faults of the token endpoint', () => {
  it('429 is HTML with Retry-After', async () => {
    sandbox.control.rateLimit({ upstream: 'authorizationServer', retryAfter: 7, times: 1 });
    const response = await requestToken(sandbox, 'workflow');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<head><title>429 Too Many Requests</title></head>');
    expect((await requestToken(sandbox, 'workflow')).status).toBe(200);
  });

  it('500, HTML under 200, garbage, an unknown zone and an unknown host can be had', async () => {
    const { control } = sandbox;
    const upstream = 'authorizationServer';
    control.fail({ upstream, times: 1 });
    control.html({ upstream, times: 1 });
    control.garbage({ upstream, times: 1 });
    control.unknownZone({ times: 1 });
    control.unknownRoute({ upstream, times: 1 });
    expect((await requestToken(sandbox, 'workflow')).status).toBe(500);
    const html = await requestToken(sandbox, 'workflow');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    await expect((await requestToken(sandbox, 'workflow')).json()).rejects.toThrow(/JSON/);
    expect(await (await requestToken(sandbox, 'workflow')).text()).toContain('valid identity zone');
    const lost = await requestToken(sandbox, 'workflow');
    expect(lost.status).toBe(404);
    expect(lost.headers.get('x-cf-routererror')).toBe('unknown_route');
    expect(await lost.text()).toMatch(/^404 Not Found: Requested route \('.+'\) does not exist\./);
  });
});
