import { describe, expect, it } from '@jest/globals';
import type { TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { authenticate as authenticateAt, basicCredentials } from '../../src/tokens/client-authentication.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

const NOW_MS = Date.UTC(2030, 0, 1);
const pair = makeCertificate();
const PAIR = { certificate: new Secret(pair.cert), key: new Secret(pair.key) };

function authenticate(client: TokenClient) {
  return authenticateAt(client, NOW_MS);
}

const clientId = 'sb-xx!b1|it!b2';
const clientSecret = new Secret('a+b%c$d=é f');

function decoded(credentials: string): string {
  return Buffer.from(credentials, 'base64').toString('utf8');
}

describe('client_secret_post', () => {
  it('puts id and secret into the form and sends no Authorization', async () => {
    const { headers, body } = await authenticate(tokenClient({ clientId, clientSecret }));
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: 'a+b%c$d=é f',
    });
    expect(headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
  });

  it('adds the configured parameters', async () => {
    const { body } = await authenticate(tokenClient({ params: { audience: 'https://a.example/x', scope: 'a b' } }));
    const form = new URLSearchParams(body);
    expect([form.get('audience'), form.get('scope')]).toEqual(['https://a.example/x', 'a b']);
  });
});

describe('client_secret_basic', () => {
  it('encodes id and secret strictly before joining them (RFC 6749, section 2.3.1)', () => {
    expect(decoded(basicCredentials(clientId, 's'))).toBe('sb%2Dxx%21b1%7Cit%21b2:s');
  });

  it('encodes every sign, a blank as plus, and letters beyond ASCII as UTF-8', () => {
    expect(decoded(basicCredentials('a:b', "-_.!~*'() +%é"))).toBe('a%3Ab:%2D%5F%2E%21%7E%2A%27%28%29+%2B%25%C3%A9');
  });

  it('sends no credential in the body, and tells UAA about the encoding', async () => {
    const { headers, body } = await authenticate(
      tokenClient({ auth: 'client_secret_basic', params: { client_id: 'x', client_secret: 'y', scope: 'z' } }),
    );
    expect(body).toBe('grant_type=client_credentials&scope=z');
    expect(headers['authorization']).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
    expect(headers['x-cf-encoded-credentials']).toBe('true');
  });
});

describe('client_secret_basic with basicEncoding raw', () => {
  const raw = { auth: 'client_secret_basic', basicEncoding: 'raw', clientId, clientSecret } as const;

  it('joins id and secret as they are (RFC 7617), in UTF-8', async () => {
    const { headers, body } = await authenticate(tokenClient(raw));
    expect(decoded(String(headers['authorization']).replace('Basic ', ''))).toBe(`${clientId}:a+b%c$d=é f`);
    expect(body).toBe('grant_type=client_credentials');
  });

  it('does not tell UAA that they are encoded', async () => {
    const { headers } = await authenticate(tokenClient(raw));
    expect(headers).not.toHaveProperty('x-cf-encoded-credentials');
  });
});

describe('client_secret_json', () => {
  it('sends the same fields as JSON', async () => {
    const { headers, body } = await authenticate(
      tokenClient({ auth: 'client_secret_json', clientId, clientSecret, params: { audience: 'urn:a' } }),
    );
    expect(headers).toEqual({ 'content-type': 'application/json' });
    expect(JSON.parse(body)).toEqual({
      grant_type: 'client_credentials',
      audience: 'urn:a',
      client_id: clientId,
      client_secret: 'a+b%c$d=é f',
    });
  });
});

describe('tls_client_auth', () => {
  it('sends the id and no secret, and gives certificate and key to TLS (RFC 8705)', async () => {
    const request = await authenticate(tokenClient({ auth: 'tls_client_auth', ...PAIR }));
    expect(request.body).toBe('grant_type=client_credentials&client_id=sb-test%21b1%7Cworkflow%21b2');
    expect(request.headers['authorization']).toBeUndefined();
    expect(request.tls).toEqual({ certificate: pair.cert, key: pair.key });
  });
});

describe('any way', () => {
  it('does not let a parameter replace the grant', async () => {
    const { body } = await authenticate(tokenClient({ params: { grant_type: 'password' } }));
    expect(new URLSearchParams(body).getAll('grant_type')).toEqual(['client_credentials']);
  });

  it.each([
    ['client_secret_post without a secret', { clientSecret: undefined }, '`clientSecret`'],
    ['tls_client_auth without a certificate', { auth: 'tls_client_auth', key: PAIR.key }, '`certificate`'],
    ['tls_client_auth without a key', { auth: 'tls_client_auth', certificate: PAIR.certificate }, '`key`'],
    ['private_key_jwt without a key', { auth: 'private_key_jwt' }, '`key`'],
  ] as const)('is credentials-rejected for %s', async (_name, changes, word) => {
    const problem = await problemOf(() => authenticate(tokenClient(changes)));
    expect(problem).toMatchObject({ code: 'credentials-rejected', retryable: false });
    expect(problem.details.detail).toContain(word);
  });

  it.each(['tls_client_auth', 'private_key_jwt'] as const)(
    'is credentials-rejected for %s with no pair',
    async (auth) => {
      const stranger = new Secret(makeCertificate().key);
      const problem = await problemOf(() => authenticate(tokenClient({ auth, ...PAIR, key: stranger })));
      expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
      expect(problem.details.detail).toBe('The client certificate or its key cannot be used.');
    },
  );
});
