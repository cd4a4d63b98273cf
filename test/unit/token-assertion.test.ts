import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import type { TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { authenticate } from '../../src/tokens/client-authentication.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

const NOW_MS = Date.UTC(2030, 0, 1);
const NOW_S = NOW_MS / 1000;
const pair = makeCertificate();

function pem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): Secret {
  return new Secret(key.export({ type, format: 'pem' }).toString());
}

async function assertionOf(changes: Partial<TokenClient> = {}): Promise<string> {
  const client = tokenClient({
    auth: 'private_key_jwt',
    clientSecret: undefined,
    key: new Secret(pair.key),
    ...changes,
  });
  const { body } = await authenticate(client, NOW_MS);
  return new URLSearchParams(body).get('client_assertion') ?? '';
}

function verified(assertion: string, key: KeyObject) {
  return jwtVerify(assertion, key, { currentDate: new Date(NOW_MS) });
}

describe('private_key_jwt', () => {
  it('sends the assertion, its type and the id, and no secret (RFC 7523, section 2.2)', async () => {
    const client = tokenClient({ auth: 'private_key_jwt', key: new Secret(pair.key), params: { scope: 'a' } });
    const { body, headers } = await authenticate(client, NOW_MS);
    expect(headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a',
      client_id: client.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
  });

  it('is issued by the client about itself (RFC 7523, section 3)', async () => {
    const { payload } = await verified(await assertionOf(), createPublicKey(pair.key));
    const { clientId } = tokenClient();
    expect(payload).toMatchObject({ iss: clientId, sub: clientId });
  });

  it('lives for a minute at most, and is valid already for a server whose clock is a little behind', async () => {
    const { payload } = await verified(await assertionOf(), createPublicKey(pair.key));
    const { iat = 0, nbf = 0, exp = 0 } = payload;
    expect(exp - iat).toBeLessThanOrEqual(60);
    expect(exp).toBeGreaterThan(NOW_S + 30);
    expect([iat, nbf]).toEqual([NOW_S - 5, NOW_S - 5]);
  });

  it('is never the same twice', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await verified(await assertionOf(), createPublicKey(pair.key))).payload.jti),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it('is for the token endpoint, unless the configuration says otherwise', async () => {
    const own = await verified(await assertionOf(), createPublicKey(pair.key));
    expect(own.payload.aud).toBe('http://127.0.0.1:9/oauth/token');
    const assertion = await assertionOf({ assertionAudience: 'https://tenant.eu.auth0.com/' });
    expect((await verified(assertion, createPublicKey(pair.key))).payload.aud).toBe('https://tenant.eu.auth0.com/');
  });
});

describe('the algorithm of an assertion', () => {
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it.each([
    ['RS256', 'an RSA key', rsa],
    ['ES256', 'P-256', curve('P-256')],
    ['ES384', 'P-384', curve('P-384')],
    ['ES512', 'P-521', curve('P-521')],
    ['EdDSA', 'Ed25519', generateKeyPairSync('ed25519')],
  ])('is %s for %s', async (alg, _name, { privateKey, publicKey }) => {
    const { protectedHeader } = await verified(await assertionOf({ key: pem(privateKey) }), publicKey);
    expect(protectedHeader).toEqual({ alg, typ: 'JWT' });
  });

  it.each([
    ['PKCS #1, as XSUAA gives it', pem(rsa.privateKey, 'pkcs1'), rsa.publicKey],
    ['SEC 1', pem(createPrivateKey(pair.key), 'sec1'), createPublicKey(pair.key)],
  ])('does not depend on the form of the key: %s', async (_name, key, publicKey) => {
    await expect(verified(await assertionOf({ key }), publicKey)).resolves.toBeDefined();
  });

  it.each([
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['RSA for PSS alone', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey],
    ['X25519, which cannot sign', generateKeyPairSync('x25519').privateKey],
    ['a curve that JWTs do not know', curve('secp224r1').privateKey],
  ])('is none for %s: credentials-rejected', async (_name, key) => {
    const problem = await problemOf(() => assertionOf({ key: pem(key) }));
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
  });
});

describe('the key of an assertion', () => {
  it('is named by the thumbprints of its certificate (RFC 7515, sections 4.1.7 and 4.1.8)', async () => {
    const assertion = await assertionOf({ certificate: new Secret(pair.cert) });
    const { raw } = new X509Certificate(pair.cert);
    expect(decodeProtectedHeader(assertion)).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      x5t: createHash('sha1').update(raw).digest('base64url'),
      'x5t#S256': createHash('sha256').update(raw).digest('base64url'),
    });
  });

  it('must be a key', async () => {
    const problem = await problemOf(() => assertionOf({ key: new Secret('planted') }));
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
    expect(JSON.stringify(problem.details)).not.toContain('planted');
  });
});
