import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import { Secret } from '../../src/config/secret.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
import { workflowService } from '../support/config-sources.ts';
import { makeCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { problemOf, tokenClient } from '../support/token-fixtures.ts';

const serverPair = makeCertificate();
const clientPair = makeCertificate();
const strangerPair = makeCertificate();
const trustedBefore = tls.getCACertificates('default');

let server: Server;
let bodies: string[] = [];
let certificatesSeen: string[] = [];

beforeAll(async () => {
  server = createServer(
    {
      cert: serverPair.cert,
      key: serverPair.key,
      ca: clientPair.cert,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      certificatesSeen.push((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.end(JSON.stringify({ access_token: 'by-certificate', token_type: 'bearer' })));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

beforeEach(() => {
  bodies = [];
  certificatesSeen = [];
  tls.setDefaultCACertificates([...trustedBefore, serverPair.cert]);
});

afterAll(async () => {
  tls.setDefaultCACertificates(trustedBefore);
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

function certificateClient(pair: TestCertificate) {
  return tokenClient({
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`,
    auth: 'tls_client_auth',
    clientSecret: undefined,
    certificate: new Secret(pair.cert),
    key: new Secret(pair.key),
  });
}

describe('tls_client_auth', () => {
  it('authenticates by its certificate and sends the id, no secret (RFC 8705)', async () => {
    expect((await requestToken(certificateClient(clientPair))).value).toBe('by-certificate');
    expect(certificatesSeen).toEqual([new X509Certificate(clientPair.cert).fingerprint256]);
    expect(bodies).toEqual(['grant_type=client_credentials&client_id=sb-test%21b1%7Cworkflow%21b2']);
  });

  it('does not use the certificate of one client for another', async () => {
    await requestToken(certificateClient(clientPair));
    const problem = await problemOf(() => requestToken(certificateClient(strangerPair)));
    expect(problem.code).toBe('token-unavailable');
    expect(certificatesSeen).toEqual([new X509Certificate(clientPair.cert).fingerprint256]);
  });

  it('is credentials-rejected when key and certificate are no pair', async () => {
    const mixed = { cert: clientPair.cert, key: strangerPair.key };
    const problem = await problemOf(() => requestToken(certificateClient(mixed)));
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
  });
});

describe('a certificate in files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowgate-mtls-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The client of a configuration that names the two files. */
  function fileClient() {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`;
    const token = { url, clientId: 'id', auth: 'tls_client_auth', certificate: 'tls.crt', key: 'tls.key' };
    const service = { kind: 'sap-workflow', url: 'https://api.example.com/rest', token };
    const file = join(folder, 'flowgate.yaml');
    const text = JSON.stringify({ services: { wf: service } });
    const readFile = (path: string): string => (path === file ? text : readFileSync(path, 'utf8'));
    const env = { API_KEYS: 'tester=key-of-the-tests-0123456789', FLOWGATE_CONFIG: file };
    return workflowService(loadConfig({ env, readFile, cwd: folder }), 'wf').token;
  }

  async function write(pair: TestCertificate): Promise<void> {
    await writeFile(join(folder, 'tls.crt'), pair.cert);
    await writeFile(join(folder, 'tls.key'), pair.key);
  }

  it('is renewed without a restart', async () => {
    await write(strangerPair);
    const client = fileClient();
    expect((await problemOf(() => requestToken(client))).code).toBe('token-unavailable');
    await write(clientPair);
    expect((await requestToken(client)).value).toBe('by-certificate');
    expect(certificatesSeen).toEqual([new X509Certificate(clientPair.cert).fingerprint256]);
  });

  it('is used on while its files are gone', async () => {
    await write(clientPair);
    const client = fileClient();
    await rm(join(folder, 'tls.crt'));
    await rm(join(folder, 'tls.key'));
    expect((await requestToken(client)).value).toBe('by-certificate');
  });

  it('is not shown with a key that is renewed already, and used again when both are', async () => {
    await write(clientPair);
    const client = fileClient();
    await writeFile(join(folder, 'tls.key'), strangerPair.key);
    const problem = await problemOf(() => requestToken(client));
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
    expect(certificatesSeen).toEqual([]);
    await write(clientPair);
    expect((await requestToken(client)).value).toBe('by-certificate');
  });
});

describe('a server certificate that is not to be trusted', () => {
  it('ends the request before the secret is sent, and is not called a passing fault', async () => {
    tls.setDefaultCACertificates(trustedBefore);
    const problem = await problemOf(() => requestToken(certificateClient(clientPair)));
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: false, cause: { reason: 'certificate' } });
    expect(bodies).toEqual([]);
  });
});
