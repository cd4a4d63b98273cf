import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import Provider, { type ClientMetadata } from 'oidc-provider';
import { Secret } from '../../src/config/secret.ts';
import type { ClientAuthentication } from '../../src/config/config.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

// Every kind of sign that ids and secrets of real providers hold.
const CLIENT_ID = 'sb-clone-1!b2|workflow!b3';
const SECRET = 'a1b2$+%/= ~*()\'"&';

let server: Server;
let url = '';

function client(method: 'client_secret_post' | 'client_secret_basic'): ClientMetadata {
  return {
    client_id: `${CLIENT_ID}-${method}`,
    client_secret: SECRET,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'flows',
  };
}

beforeAll(async () => {
  // It warns of its development keys and of its store in memory, which are right for a test.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [client('client_secret_post'), client('client_secret_basic')],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    scopes: ['flows', 'administration'],
    ttl: { ClientCredentials: 300 },
  });
  const answer = provider.callback();
  server.on('request', (incoming, response) => void answer(incoming, response));
  url = `${issuer}/token`;
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

function request(auth: ClientAuthentication, registered = auth, secret = SECRET, scope = 'flows') {
  const clientId = `${CLIENT_ID}-${registered}`;
  return requestToken(tokenClient({ url, auth, clientId, clientSecret: new Secret(secret), params: { scope } }));
}

describe('a certified authorization server', () => {
  it.each(['client_secret_post', 'client_secret_basic'] as const)('gives a token for %s', async (auth) => {
    const token = await request(auth);
    expect(token.value.length).toBeGreaterThan(20);
    expect(token).toMatchObject({ lifeSeconds: 300, scopes: ['flows'] });
  });

  it.each(['client_secret_post', 'client_secret_basic'] as const)('refuses a wrong secret by %s', async (auth) => {
    const problem = await problemOf(() => request(auth, auth, 'wrong'));
    expect(problem).toMatchObject({ code: 'credentials-rejected', status: 502 });
    expect(problem.details.detail).toBe('The authorization server refused the OAuth client: 401 invalid_client.');
  });

  it('refuses a client that it does not know', async () => {
    const problem = await problemOf(() => request('client_secret_post', 'tls_client_auth'));
    expect(problem.details.detail).toBe('The authorization server refused the OAuth client: 401 invalid_client.');
  });

  it('refuses a scope that the client was not given', async () => {
    const problem = await problemOf(() =>
      request('client_secret_post', 'client_secret_post', SECRET, 'administration'),
    );
    expect(problem.details.detail).toBe('The authorization server refused the OAuth client: 400 invalid_scope.');
    expect(problem.details.hint).toContain('`token.params`');
  });
});
