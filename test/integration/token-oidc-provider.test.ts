import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ClientAuthentication, TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
import { CLIENT_ID, OidcTokenServer, SECRET, type Registered } from '../support/oidc-token-server.ts';
import { makeCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

let server: OidcTokenServer;

beforeAll(async () => {
  // It warns of its development keys, of its store in memory and of the JSON that we read for it: right for a test.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  server = await OidcTokenServer.start();
});
afterAll(() => server.stop());

function request(auth: ClientAuthentication, registered: Registered, changes: Partial<TokenClient> = {}) {
  const clientId = `${CLIENT_ID}-${registered}`;
  return requestToken(tokenClient({ url: server.url, auth, clientId, params: { scope: 'flows' }, ...changes }));
}

function secret(value = SECRET): Partial<TokenClient> {
  return { clientSecret: new Secret(value) };
}

function keys({ cert, key }: TestCertificate = server.pair): Partial<TokenClient> {
  return { clientSecret: undefined, certificate: new Secret(cert), key: new Secret(key) };
}

const refused = (error: string) => `The authorization server refused the OAuth client: ${error}.`;

describe('a certified authorization server gives a token for', () => {
  it.each<[ClientAuthentication, Registered, () => Partial<TokenClient>]>([
    ['client_secret_post', 'client_secret_post', secret],
    ['client_secret_basic', 'client_secret_basic', secret],
    ['client_secret_json', 'client_secret_post', secret],
    ['private_key_jwt', 'private_key_jwt', keys],
    ['tls_client_auth', 'tls_client_auth', keys],
    ['tls_client_auth', 'self_signed_tls_client_auth', keys],
  ])('%s, registered as %s', async (auth, registered, credentials) => {
    const token = await request(auth, registered, credentials());
    expect(token.value.length).toBeGreaterThan(20);
    expect(token).toMatchObject({ lifeSeconds: 300, scopes: ['flows'] });
  });

  it('private_key_jwt without a certificate: the server finds the key itself', async () => {
    await expect(
      request('private_key_jwt', 'private_key_jwt', { ...keys(), certificate: undefined }),
    ).resolves.toMatchObject({ lifeSeconds: 300 });
  });

  it('private_key_jwt with the audience that was configured', async () => {
    const client = { ...keys(), assertionAudience: server.issuer };
    await expect(request('private_key_jwt', 'private_key_jwt', client)).resolves.toMatchObject({ lifeSeconds: 300 });
  });

  it('private_key_jwt as often as it is asked: no assertion is used twice', async () => {
    for (let i = 0; i < 3; i += 1) await request('private_key_jwt', 'private_key_jwt', keys());
  });
});

describe('a certified authorization server refuses', () => {
  const stranger = makeCertificate();

  it.each<[string, ClientAuthentication, Registered, () => Partial<TokenClient>, string]>([
    ['a wrong secret in the form', 'client_secret_post', 'client_secret_post', () => secret('x'), 'secret'],
    ['a wrong secret in Basic', 'client_secret_basic', 'client_secret_basic', () => secret('x'), 'secret'],
    ['a wrong secret in JSON', 'client_secret_json', 'client_secret_post', () => secret('x'), 'secret'],
    ['an assertion of another key', 'private_key_jwt', 'private_key_jwt', () => keys(stranger), 'assertion'],
    [
      'an assertion for somebody else',
      'private_key_jwt',
      'private_key_jwt',
      () => ({ ...keys(), assertionAudience: 'https://other.example/' }),
      'assertion',
    ],
    [
      'a certificate that nobody vouches for',
      'tls_client_auth',
      'tls_client_auth',
      () => keys(stranger),
      'certificate',
    ],
    [
      'a certificate that is not registered',
      'tls_client_auth',
      'self_signed_tls_client_auth',
      () => keys(stranger),
      'certificate',
    ],
    ['another way than the registered one', 'client_secret_post', 'private_key_jwt', secret, 'secret'],
  ])('%s', async (_name, auth, registered, credentials, word) => {
    const problem = await problemOf(() => request(auth, registered, credentials()));
    expect(problem).toMatchObject({ code: 'credentials-rejected', status: 502, source: 'token', retryable: false });
    expect(problem.details.detail).toBe(refused('401 invalid_client'));
    expect(problem.details.hint).toContain(`The client or its ${word} is not accepted`);
  });

  it('a client that it does not know', async () => {
    const problem = await problemOf(() => request('client_secret_post', 'client_secret_post', { clientId: 'other' }));
    expect(problem.details.detail).toBe(refused('401 invalid_client'));
  });

  it('a raw Basic header whose secret is no valid encoding', async () => {
    const client = { ...secret(), basicEncoding: 'raw' as const };
    const problem = await problemOf(() => request('client_secret_basic', 'client_secret_basic', client));
    expect(problem.code).toBe('credentials-rejected');
  });

  it('a scope that the client was not given', async () => {
    const client = { ...secret(), params: { scope: 'administration' } };
    const problem = await problemOf(() => request('client_secret_post', 'client_secret_post', client));
    expect(problem.details.detail).toBe(refused('400 invalid_scope'));
    expect(problem.details.hint).toContain('`token.params`');
  });
});

describe('a second secret, at a certified authorization server', () => {
  it('is tried by nobody but the source of tokens', async () => {
    const client = { ...secret('old'), nextClientSecret: new Secret(SECRET) };
    expect((await problemOf(() => request('client_secret_post', 'client_secret_post', client))).code).toBe(
      'credentials-rejected',
    );
  });
});
