import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Caller } from '../../src/callers/caller.ts';
import { Callers } from '../../src/callers/callers.ts';
import type { CallerConfig, JwtConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { sourcesOf, workflowKey } from '../support/config-sources.ts';
import { FakeIssuer, sendJson } from '../support/fake-issuer.ts';
import { problemOf } from '../support/token-fixtures.ts';

const DISCOVERY = '/.well-known/openid-configuration';

let issuer: FakeIssuer;
beforeEach(async () => {
  issuer = await FakeIssuer.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await issuer.stop();
});

function callersWith(jwt: Partial<JwtConfig> = {}): Callers {
  const config: JwtConfig = {
    issuer: issuer.url,
    jwksUrl: undefined,
    audiences: ['flowgate'],
    claims: {},
    scopes: [],
    scopePrefix: undefined,
    ...jwt,
  };
  const caller: CallerConfig = { name: 'intranet', apiKeyDigests: [], allow: [], jwt: config };
  return new Callers({ callers: [caller], services: [], allowAnonymous: false });
}

function authenticate(callers: Callers, token: string): Promise<Caller> {
  return callers.authenticate({ authorization: `Bearer ${token}` }, '192.0.2.1');
}

function passTime(seconds: number): void {
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + seconds * 1000);
}

describe('an issuer that cannot be asked', () => {
  it('makes the answer a 503 that may be tried again, not a 401: the token may well be good', async () => {
    issuer.answers.set(DISCOVERY, (request) => request.socket.destroy());
    const token = await issuer.token();
    const problem = await problemOf(() => authenticate(callersWith(), token));
    expect(problem).toMatchObject({ code: 'token-unavailable', status: 503, source: 'token', retryable: true });
    expect(problem.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(problem.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('is named neither to the caller nor in the log', async () => {
    issuer.answers.set(DISCOVERY, (_request, response) => response.writeHead(500).end('secret stack trace'));
    const token = await issuer.token();
    const problem = await problemOf(() => authenticate(callersWith(), token));
    const shown = JSON.stringify(problem.toDocument('c')) + String(problem.cause) + String(problem.stack);
    expect(shown).not.toContain(new URL(issuer.url).port);
    expect(shown).not.toContain('stack trace');
    expect(problem.cause).toMatchObject({ code: 'STATUS_500' });
  });

  it('is left alone for a while, whatever comes', async () => {
    issuer.answers.set(DISCOVERY, (request) => request.socket.destroy());
    const callers = callersWith();
    for (let attempt = 0; attempt < 10; attempt++) {
      const token = await issuer.token({ claims: { jti: String(attempt) } });
      expect(await problemOf(() => authenticate(callers, token))).toMatchObject({ code: 'token-unavailable' });
    }
    expect(issuer.requests.get(DISCOVERY)).toBe(1);
  });

  it('is asked again after the pause', async () => {
    issuer.answers.set(DISCOVERY, (request) => request.socket.destroy());
    const callers = callersWith();
    const token = await issuer.token();
    await problemOf(() => authenticate(callers, token));
    issuer.answers.clear();
    passTime(6);
    expect((await authenticate(callers, token)).name).toBe('intranet');
  });

  it('does not have its token counted as a guess', async () => {
    issuer.answers.set(DISCOVERY, (request) => request.socket.destroy());
    const callers = callersWith();
    const token = await issuer.token();
    for (let attempt = 0; attempt < 40; attempt++)
      expect(await problemOf(() => authenticate(callers, token))).toMatchObject({ code: 'token-unavailable' });
  });

  it('leaves open whether a key id is unknown, when its keys cannot be fetched anew', async () => {
    const callers = callersWith();
    await authenticate(callers, await issuer.token());
    passTime(31);
    issuer.answers.set('/jwks', (_request, response) => response.writeHead(503).end());
    const token = await issuer.token({ header: { kid: 'new' } });
    expect(await problemOf(() => authenticate(callers, token))).toMatchObject({ code: 'token-unavailable' });
  });

  it('does not have its keys used for more than a day without it', async () => {
    const callers = callersWith();
    await authenticate(callers, await issuer.token());
    passTime(25 * 3600);
    issuer.answers.set('/jwks', (request) => request.socket.destroy());
    const token = await issuer.token({ claims: { jti: 'next day' } });
    expect(await problemOf(() => authenticate(callers, token))).toMatchObject({ code: 'token-unavailable' });
  });
});

describe('what an issuer publishes', () => {
  it('is fetched once for all who wait for it', async () => {
    const callers = callersWith();
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, n) => issuer.token({ claims: { jti: String(n) } })),
    );
    await Promise.all(tokens.map((token) => authenticate(callers, token)));
    expect(issuer.jwksRequests).toBe(1);
    expect(issuer.requests.get(DISCOVERY)).toBe(1);
  });

  it('is fetched anew in the background when it is ten minutes old', async () => {
    const callers = callersWith();
    await authenticate(callers, await issuer.token());
    passTime(601);
    await authenticate(callers, await issuer.token({ claims: { jti: 'later' } }));
    for (let wait = 0; wait < 50 && issuer.jwksRequests < 2; wait++) await new Promise((done) => setTimeout(done, 10));
    expect(issuer.jwksRequests).toBe(2);
  });

  it.each([
    ['another issuer', { issuer: 'https://other.example.com', jwks_uri: 'JWKS' }],
    ['keys over plain http beyond loopback', { issuer: 'ISSUER', jwks_uri: 'http://keys.example.com/jwks' }],
    ['keys at a metadata address', { issuer: 'ISSUER', jwks_uri: 'https://169.254.169.254/jwks' }],
    ['no address of keys', { issuer: 'ISSUER' }],
    ['keys that are a file', { issuer: 'ISSUER', jwks_uri: 'file:///etc/passwd' }],
    ['a list', []],
    ['nothing', null],
  ])('is not believed when its discovery document names %s', async (_, document) => {
    const text = JSON.stringify(document).replace('ISSUER', issuer.url).replace('JWKS', `${issuer.url}/jwks`);
    issuer.answers.set(DISCOVERY, (_request, response) => response.writeHead(200).end(text));
    const token = await issuer.token();
    expect(await problemOf(() => authenticate(callersWith(), token))).toMatchObject({ code: 'token-unavailable' });
    expect(issuer.jwksRequests).toBe(0);
  });

  it('is not fetched from where a redirect leads', async () => {
    let hits = 0;
    const evil = createServer((_request, response) => {
      hits += 1;
      sendJson(response, { keys: issuer.publicKeys });
    }).listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const location = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/jwks`;
    issuer.answers.set('/jwks', (_request, response) => response.writeHead(302, { location }).end());
    const token = await issuer.token();
    expect(await problemOf(() => authenticate(callersWith(), token))).toMatchObject({ code: 'token-unavailable' });
    expect(hits).toBe(0);
    evil.close();
    evil.closeAllConnections();
  });

  it.each([
    ['no JSON', 'keys'],
    ['no key set', '{"keys":{}}'],
    ['an endless list', `{"keys":[${' '.repeat(300 * 1024)}]}`],
  ])('is of no use when its keys are %s', async (_, text) => {
    issuer.answers.set('/jwks', (_request, response) => response.writeHead(200).end(text));
    const token = await issuer.token();
    expect(await problemOf(() => authenticate(callersWith(), token))).toMatchObject({ code: 'token-unavailable' });
  });

  it('is not looked for where the configuration says where the keys are', async () => {
    const callers = callersWith({ jwksUrl: `${issuer.url}/token_keys` });
    expect((await authenticate(callers, await issuer.token())).name).toBe('intranet');
    expect([...issuer.requests.keys()]).toEqual(['/token_keys']);
  });
});

describe('a bound xsuaa', () => {
  function callers(scopes: string): Callers {
    const credentials = { clientid: 'sb-portal!t1', url: issuer.url, xsappname: 'portal!t1' };
    const bindings = { xsuaa: [{ name: 'my-xsuaa', label: 'xsuaa', plan: 'application', credentials }] };
    const config = loadConfig(
      sourcesOf({
        env: { WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey), VCAP_SERVICES: JSON.stringify(bindings) },
        file: `callers: { people: { jwt: { binding: my-xsuaa, scopes: ${scopes} }, allow: ["* /api/**"] } }`,
      }),
    );
    return new Callers(config);
  }

  function token(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return issuer.token({ claims: { iss: `${issuer.url}/oauth/token`, aud: ['sb-portal!t1', 'uaa'], ...claims } });
  }

  it('lets in who has the scopes, named without the application', async () => {
    const caller = await authenticate(callers('[Start]'), await token({ scope: ['openid', 'portal!t1.Start'] }));
    expect(caller.name).toBe('people');
    expect([...issuer.requests.keys()]).toEqual(['/token_keys']);
  });

  it('takes a scope that is written in full', async () => {
    const caller = await authenticate(callers('["portal!t1.Start"]'), await token({ scope: ['portal!t1.Start'] }));
    expect(caller.name).toBe('people');
  });

  it.each([
    ['of another application', ['other!t2.Start']],
    ['with a longer name', ['portal!t1.Start.All', 'portal!t1.StartAll']],
    ['of an application whose name ends alike', ['my-portal!t1.Start']],
    ['that are none', []],
  ])('keeps out scopes %s', async (_, scope) => {
    const problem = await problemOf(async () => authenticate(callers('[Start]'), await token({ scope })));
    expect(problem.code).toBe('unauthenticated');
  });

  it('takes an audience with the name of a scope behind it', async () => {
    const claims = { aud: ['portal!t1.Start'], scope: ['portal!t1.Start'] };
    expect((await authenticate(callers('[Start]'), await token(claims))).name).toBe('people');
  });

  it('keeps out tokens for other applications', async () => {
    const claims = { aud: ['other!t2', 'portal!t10.x'], scope: ['portal!t1.Start'] };
    const problem = await problemOf(async () => authenticate(callers('[Start]'), await token(claims)));
    expect(problem.code).toBe('unauthenticated');
  });
});
