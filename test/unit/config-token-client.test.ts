import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { TokenClient } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import {
  faultySettings,
  integrationKey,
  integrationService,
  load,
  ONE_CALLER,
  problemWith,
  sourcesOf,
  workflowService,
  type Given,
} from '../support/config-sources.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const CLIENT = 'url: https://idp.example.com/token, clientId: id';
const pair = makeCertificate();
const FILES = { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': pair.key };
const PATHS = 'certificate: tls/tls.crt, key: tls/tls.key';

function withToken(token: string, files: Given['files'] = FILES): Given {
  const file = `services: { wf: { kind: sap-workflow, url: https://api.example.com/rest, token: { ${CLIENT}, ${token} } } }`;
  return { env: ONE_CALLER, file, files };
}

function clientOf(given: Given): TokenClient {
  return workflowService(load(given), 'wf').token;
}

function notices(given: Given): string {
  return load(given).notices.join('\n');
}

describe('the way of authenticating', () => {
  it.each(['client_secret_post', 'client_secret_basic', 'client_secret_json'] as const)('may be %s', (auth) => {
    const client = clientOf(withToken(`auth: ${auth}, clientSecret: s`));
    expect(client).toMatchObject({ auth, certificate: undefined, key: undefined });
    expect(client.clientSecret?.reveal()).toBe('s');
  });

  it.each(['tls_client_auth', 'private_key_jwt'] as const)('may be %s', (auth) => {
    const client = clientOf(withToken(`auth: ${auth}, ${PATHS}`));
    expect(client).toMatchObject({ auth, clientSecret: undefined });
    expect([client.certificate?.reveal(), client.key?.reveal()]).toEqual([pair.cert, pair.key]);
  });

  it('takes a key alone for private_key_jwt', () => {
    const client = clientOf(withToken('auth: private_key_jwt, key: tls/tls.key'));
    expect([client.certificate, client.key?.reveal()]).toEqual([undefined, pair.key]);
  });

  it('takes a certificate and a key as PEM, with real line breaks or those of JSON', () => {
    const given = withToken('auth: tls_client_auth, certificate: "${CERTIFICATE}", key: "${PRIVATE_KEY}"');
    const env = { ...given.env, CERTIFICATE: pair.cert.replaceAll('\n', '\\n'), PRIVATE_KEY: pair.key };
    const client = clientOf({ ...given, env });
    expect([client.certificate?.reveal(), client.key?.reveal()]).toEqual([pair.cert, pair.key]);
  });

  it.each([
    ['auth: none', 'auth'],
    ['auth: client_secret_jwt', 'auth'],
    ['basicEncoding: base64', 'basicEncoding'],
    ['assertionAudience: ""', 'assertionAudience'],
    ['nextClientSecret: "s "', 'nextClientSecret'],
    ['nextClientSecret: 12345', 'nextClientSecret'],
  ])('with %s is a problem', (more, name) => {
    expect(faultySettings(withToken(`clientSecret: s, ${more}`))).toEqual([`services.wf.token.${name}`]);
  });

  it('names all of them where it is none of them', () => {
    expect(problemWith('services.wf.token.auth', withToken('clientSecret: s, auth: none'))).toContain(
      'client_secret_post, client_secret_basic, client_secret_json, private_key_jwt, tls_client_auth',
    );
  });
});

describe('a second secret', () => {
  it('is kept beside the first', () => {
    const { clientSecret, nextClientSecret } = clientOf(withToken('clientSecret: old, nextClientSecret: new'));
    expect([clientSecret?.reveal(), nextClientSecret?.reveal()]).toEqual(['old', 'new']);
  });

  it('may stand beside that of a service key', () => {
    const { token } = integrationService(
      load({
        env: ONE_CALLER,
        file: 'services: { it: { kind: sap-integration, key: it.json, token: { nextClientSecret: new } } }',
        files: { '/app/it.json': JSON.stringify(integrationKey) },
      }),
      'it',
    );
    expect(token.clientSecret?.reveal()).toBe(integrationKey.oauth.clientsecret);
    expect(token.nextClientSecret?.reveal()).toBe('new');
  });

  it('does not stand in for the first', () => {
    expect(faultySettings(withToken('nextClientSecret: new'))).toEqual(['services.wf.token.clientSecret']);
  });
});

describe('basicEncoding and assertionAudience', () => {
  it.each(['rfc6749', 'raw'] as const)('reach the client: basicEncoding %s', (basicEncoding) => {
    const token = `clientSecret: s, auth: client_secret_basic, basicEncoding: ${basicEncoding}`;
    expect(clientOf(withToken(token))).toMatchObject({ basicEncoding });
  });

  it('reach the client: assertionAudience', () => {
    const token = 'auth: private_key_jwt, key: tls/tls.key, assertionAudience: https://tenant.eu.auth0.com/';
    expect(clientOf(withToken(token))).toMatchObject({ assertionAudience: 'https://tenant.eu.auth0.com/' });
  });

  it('raw is a problem where the client id has a colon (RFC 7617, section 2)', () => {
    const given = withToken('clientSecret: s, auth: client_secret_basic, basicEncoding: raw');
    const file = given.file?.replace('clientId: id', 'clientId: "urn:id"') ?? '';
    expect(faultySettings({ ...given, file })).toEqual(['services.wf.token.basicEncoding']);
  });
});

describe('a setting that belongs to another way of authenticating', () => {
  it.each([
    ['clientSecret: s, basicEncoding: raw', 'basicEncoding'],
    ['clientSecret: s, assertionAudience: x', 'assertionAudience'],
    [`clientSecret: s, ${PATHS}`, 'certificate'],
    [`auth: tls_client_auth, ${PATHS}, clientSecret: s`, 'clientSecret'],
    [`auth: tls_client_auth, ${PATHS}, nextClientSecret: s`, 'nextClientSecret'],
  ])('is told as not used: { %s }', (token, name) => {
    expect(notices(withToken(token))).toContain(`token.${name} of the service wf is not used`);
  });

  it('is not told of where all are used', () => {
    expect(notices(withToken('auth: client_secret_basic, clientSecret: s, basicEncoding: raw'))).not.toContain(
      'not used',
    );
  });
});

describe('a certificate or key that cannot work is a problem at start', () => {
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  const weak = rsa(1024).export({ type: 'pkcs8', format: 'pem' });
  const stranger = makeCertificate();

  it.each([
    ['no PEM', 'tls_client_auth', { '/app/tls/tls.crt': 'x', '/app/tls/tls.key': pair.key }, 'certificate'],
    ['not there', 'tls_client_auth', { '/app/tls/tls.key': pair.key }, 'certificate'],
    ['a key', 'tls_client_auth', { '/app/tls/tls.crt': pair.key, '/app/tls/tls.key': pair.key }, 'certificate'],
    ['a certificate', 'tls_client_auth', { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': pair.cert }, 'key'],
    ['of another pair', 'tls_client_auth', { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': stranger.key }, 'key'],
    ['of another pair', 'private_key_jwt', { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': stranger.key }, 'key'],
    ['encrypted', 'tls_client_auth', { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': String(encrypted) }, 'key'],
    ['too weak to sign', 'private_key_jwt', { '/app/tls/tls.crt': pair.cert, '/app/tls/tls.key': String(weak) }, 'key'],
  ])('%s, for %s', (_name, auth, files, name) => {
    expect(faultySettings(withToken(`auth: ${auth}, ${PATHS}`, files))).toEqual([`services.wf.token.${name}`]);
  });

  it.each([
    ['tls_client_auth', 'key: tls/tls.key', 'certificate'],
    ['tls_client_auth', 'certificate: tls/tls.crt', 'key'],
    ['private_key_jwt', 'certificate: tls/tls.crt', 'key'],
  ])('%s with nothing but %s', (auth, given, missing) => {
    expect(faultySettings(withToken(`auth: ${auth}, ${given}`))).toEqual([`services.wf.token.${missing}`]);
  });

  it('but one that has run out is only told: a file may be renewed', () => {
    const old = makeCertificate({ notAfter: new Date(Date.now() - 60_000) });
    const files = { '/app/tls/tls.crt': old.cert, '/app/tls/tls.key': old.key };
    expect(notices(withToken(`auth: tls_client_auth, ${PATHS}`, files))).toContain(
      'The certificate of the service wf is not valid now',
    );
    expect(notices(withToken(`auth: tls_client_auth, ${PATHS}`))).not.toContain('not valid');
  });
});

describe('a certificate given as a path', () => {
  function withFiles(auth: string) {
    const files: Record<string, string> = { ...FILES };
    const given = withToken(`auth: ${auth}, ${PATHS}`, files);
    // As it is when a file is read, not when the configuration was given.
    const readFile = (path: string): string => sourcesOf({ ...given, files }).readFile(path);
    const client = workflowService(loadConfig({ ...sourcesOf(given), readFile }), 'wf').token;
    return { files, client };
  }

  it.each(['tls_client_auth', 'private_key_jwt'])('is read again each time, with its key, for %s', (auth) => {
    const { files, client } = withFiles(auth);
    const renewed = makeCertificate();
    files['/app/tls/tls.crt'] = renewed.cert;
    files['/app/tls/tls.key'] = renewed.key;
    expect([client.certificate?.reveal(), client.key?.reveal()]).toEqual([renewed.cert, renewed.key]);
  });

  it.each([
    ['half written', pair.cert.slice(0, 100)],
    ['empty', ''],
    ['something else', 'not yet'],
  ])('stays as it was while its file is %s', (_name, text) => {
    const { files, client } = withFiles('tls_client_auth');
    files['/app/tls/tls.crt'] = text;
    expect(client.certificate?.reveal()).toBe(pair.cert);
  });

  it('stays as it was while its file is gone', () => {
    const { files, client } = withFiles('tls_client_auth');
    delete files['/app/tls/tls.crt'];
    expect(client.certificate?.reveal()).toBe(pair.cert);
  });

  it('is never shown', () => {
    const { client } = withFiles('tls_client_auth');
    expect(JSON.stringify(client)).not.toContain('-----BEGIN');
    expect([String(client.certificate), String(client.key)]).toEqual(['[secret]', '[secret]']);
  });
});
