import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
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

describe('a server certificate that is not to be trusted', () => {
  it('ends the request before the secret is sent, and is not called a passing fault', async () => {
    tls.setDefaultCACertificates(trustedBefore);
    const problem = await problemOf(() => requestToken(certificateClient(clientPair)));
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: false, cause: { reason: 'certificate' } });
    expect(bodies).toEqual([]);
  });
});
