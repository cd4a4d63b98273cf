import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { authenticate, basicCredentials } from '../../src/tokens/client-authentication.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

const clientId = 'sb-xx!b1|it!b2';
const clientSecret = new Secret('a+b%c$d=é f');

function decoded(credentials: string): string {
  return Buffer.from(credentials, 'base64').toString('utf8');
}

describe('client_secret_post', () => {
  it('puts id and secret into the form and sends no Authorization', () => {
    const { headers, body } = authenticate(tokenClient({ clientId, clientSecret }));
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: 'a+b%c$d=é f',
    });
    expect(headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
  });

  it('adds the configured parameters', () => {
    const { body } = authenticate(tokenClient({ params: { audience: 'https://a.example/x', scope: 'a b' } }));
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

  it('sends no credential in the body, and tells UAA about the encoding', () => {
    const { headers, body } = authenticate(
      tokenClient({ auth: 'client_secret_basic', params: { client_id: 'x', client_secret: 'y', scope: 'z' } }),
    );
    expect(body).toBe('grant_type=client_credentials&scope=z');
    expect(headers['authorization']).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
    expect(headers['x-cf-encoded-credentials']).toBe('true');
  });
});

describe('client_secret_json', () => {
  it('sends the same fields as JSON', () => {
    const { headers, body } = authenticate(
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
  it('sends the id and no secret, and gives certificate and key to TLS (RFC 8705)', () => {
    const request = authenticate(
      tokenClient({ auth: 'tls_client_auth', certificate: new Secret('CERT'), key: new Secret('KEY') }),
    );
    expect(request.body).toBe('grant_type=client_credentials&client_id=sb-test%21b1%7Cworkflow%21b2');
    expect(request.headers['authorization']).toBeUndefined();
    expect(request.tls).toEqual({ certificate: 'CERT', key: 'KEY' });
  });
});

describe('any way', () => {
  it('does not let a parameter replace the grant', () => {
    const { body } = authenticate(tokenClient({ params: { grant_type: 'password' } }));
    expect(new URLSearchParams(body).getAll('grant_type')).toEqual(['client_credentials']);
  });

  it.each([
    ['client_secret_post without a secret', { clientSecret: undefined }, 'clientSecret'],
    ['tls_client_auth without a certificate', { auth: 'tls_client_auth' as const }, 'certificate'],
    ['tls_client_auth without a key', { auth: 'tls_client_auth' as const, certificate: new Secret('CERT') }, 'key'],
    ['private_key_jwt, which is not there yet', { auth: 'private_key_jwt' as const }, 'private_key_jwt'],
  ])('is credentials-rejected for %s', async (_name, changes, word) => {
    const problem = await problemOf(() => authenticate(tokenClient(changes)));
    expect(problem).toMatchObject({ code: 'credentials-rejected', retryable: false });
    expect(problem.details.detail).toContain(word);
  });
});
