import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { withDiscovery } from '../../src/tokens/token-endpoint.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
import { TokenSources } from '../../src/tokens/token-sources.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

const CONFIGURATION = '/.well-known/openid-configuration';

let server: FakeTokenServer;
let origin: string;

beforeEach(async () => {
  server = await FakeTokenServer.start();
  ({ origin } = new URL(server.url));
});

afterEach(() => server.stop());

function client(): TokenClient {
  return tokenClient({ url: `${origin}${CONFIGURATION}`, discovery: true });
}

function respondOnceWithEndpoint(endpoint: unknown): void {
  server.respondOnceWithJson(200, { issuer: origin, token_endpoint: endpoint });
}

describe('a client that knows no token endpoint', () => {
  it('looks it up in the OpenID configuration of its server, and asks there', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    const token = await withDiscovery(requestToken)(client());
    expect(token.value).toBe('token-1');
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${CONFIGURATION}`,
      'POST /connect/token',
    ]);
  });

  it('looks it up once for many tokens', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    const request = withDiscovery(requestToken);
    await request(client());
    await request(client());
    expect(server.requests.map(({ path }) => path)).toEqual([CONFIGURATION, '/connect/token', '/connect/token']);
  });

  it('looks it up anew when it brings no more tokens', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    const request = withDiscovery(requestToken);
    await request(client());
    server.respondOnceWith(404, '');
    await problemOf(() => request(client()));
    respondOnceWithEndpoint(`${origin}/moved/token`);
    await request(client());
    expect(server.requests.at(-1)?.path).toBe('/moved/token');
  });

  it('makes its assertions for the endpoint, not for the document', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    const key = new Secret(makeCertificate().key);
    await withDiscovery(requestToken)({ ...client(), auth: 'private_key_jwt', key });
    const assertion = server.requests.at(-1)?.form.get('client_assertion') ?? '';
    expect(decodeJwt(assertion).aud).toBe(`${origin}/connect/token`);
  });

  it('tries its second secret there, too', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    server.respondOnceWithUnauthorized();
    respondOnceWithEndpoint(`${origin}/connect/token`);
    const secrets = { clientSecret: new Secret('old'), nextClientSecret: new Secret('new') };
    expect((await new TokenSources().for({ ...client(), ...secrets }).get()).value).toBe('token-1');
    expect(server.requests.at(-1)?.form.get('client_secret')).toBe('new');
  });

  it('shows nothing of its secret while it looks', async () => {
    respondOnceWithEndpoint(`${origin}/connect/token`);
    await withDiscovery(requestToken)(client());
    const [lookup] = server.requests;
    expect(lookup?.body).toBe('');
    expect(lookup?.headers).not.toHaveProperty('authorization');
  });
});

it('a client that knows its endpoint looks nothing up', async () => {
  await withDiscovery(requestToken)(tokenClient({ url: server.url }));
  expect(server.requests.map(({ path }) => path)).toEqual(['/oauth/token']);
});

describe('no secret is sent when the configuration names', () => {
  it.each([
    ['another host', () => 'https://evil.example/connect/token'],
    ['another port', () => 'http://127.0.0.1:1/connect/token'],
    ['another scheme', () => origin.replace('http:', 'https:')],
    ['the same host by another name', () => origin.replace('127.0.0.1', 'localhost')],
    ['user info', () => origin.replace('//', '//user:password@')],
    ['a path alone', () => '/connect/token'],
    ['no text', () => ['x']],
    ['nothing', () => undefined],
  ])('%s', async (_name, endpoint) => {
    respondOnceWithEndpoint(endpoint());
    const problem = await problemOf(() => withDiscovery(requestToken)(client()));
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: false });
    expect(problem.details.hint).toContain('`token.url`');
    expect(`${problem.details.detail} ${problem.details.hint}`).not.toContain('evil');
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('without a usable configuration', () => {
  it.each([
    ['is not there', 404, '', false, 'no OpenID configuration'],
    ['is a login page', 200, '<html></html>', false, 'names no token endpoint'],
    ['is somewhere else', 302, '', false, 'with a redirect'],
    ['is not for everybody', 401, '', false, 'without a credential'],
    ['is asked for too often', 429, '', true, 'limits the requests'],
    ['cannot be had now', 503, '', true, 'failed to give'],
  ])('because it %s, no token is had', async (_name, status, body, retryable, detail) => {
    server.respondOnceWith(status, body, { location: 'https://login.example/' });
    const problem = await problemOf(() => withDiscovery(requestToken)(client()));
    expect(problem).toMatchObject({ code: 'token-unavailable', status: 503, source: 'token', retryable });
    expect(problem.details.detail).toContain(detail);
    expect(problem.details.hint).toContain('`token.url`');
    expect(server.requests).toHaveLength(1);
  });

  it('because the server does not answer, the time for the token is not exceeded', async () => {
    server.hangOnce();
    const startMs = performance.now();
    const problem = await problemOf(() => withDiscovery(requestToken)(client(), { timeoutMs: 300 }));
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: true });
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
