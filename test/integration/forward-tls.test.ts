import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { Deadline } from '../../src/forward/deadline.ts';
import { TransportFailure } from '../../src/forward/transport-failure.ts';
import { Transport, type TransportOptions } from '../../src/forward/transport.ts';
import type { UpstreamRequest } from '../../src/forward/upstream-request.ts';
import { RawUpstream } from '../support/raw-upstream.ts';
import { makeCertificate, type TestCertificate } from '../support/test-certificate.ts';

const request: UpstreamRequest = { method: 'POST', path: '/x', headers: {}, body: Buffer.from('x') };
const cleanups: (() => Promise<void>)[] = [];
let good: TestCertificate;
let client: TestCertificate;

beforeAll(() => {
  good = makeCertificate();
  client = makeCertificate();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: Parameters<typeof RawUpstream.startTls>[0]): Promise<RawUpstream> {
  const upstream = await RawUpstream.startTls(options);
  cleanups.push(() => upstream.close());
  return upstream;
}

async function send(origin: string, tls: NonNullable<TransportOptions['tls']>): Promise<unknown> {
  const transport = new Transport(origin, { tls });
  cleanups.push(() => transport.close());
  return transport.send(request, { deadline: new Deadline(5_000, 'limits.timeout') }).catch((error: unknown) => error);
}

describe('a TLS upstream', () => {
  it('is trusted when its certificate is', async () => {
    const upstream = await serve(good);
    expect(await send(upstream.origin, { ca: good.cert })).toMatchObject({ status: 200 });
  });

  it('is spoken to in HTTP/1.1', async () => {
    const upstream = await serve({ ...good, ALPNProtocols: ['h2', 'http/1.1'] });
    expect(await send(upstream.origin, { ca: good.cert })).toMatchObject({ status: 200 });
  });

  it.each<[string, () => TestCertificate, boolean, string]>([
    ['signed by nobody we trust', () => good, false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['of another host', () => makeCertificate({ names: ['other.example'] }), true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', () => makeCertificate({ notAfter: new Date(Date.now() - 1_000) }), true, 'CERT_HAS_EXPIRED'],
  ])('with a certificate %s gets no byte', async (_name, certificate, trusted, code) => {
    const made = certificate();
    const upstream = await serve(made);
    const failure = await send(upstream.origin, trusted ? { ca: made.cert } : {});
    expect(failure).toBeInstanceOf(TransportFailure);
    expect(failure).toMatchObject({ reason: 'certificate', phase: 'connect', bytesSent: false, code });
    expect(upstream.requests).toHaveLength(0);
  });

  it('is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const upstream = await serve(good);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await send(upstream.origin, {})).toMatchObject({ reason: 'certificate' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('that wants a certificate gets ours', async () => {
    const upstream = await serve({ ...good, requestCert: true, rejectUnauthorized: true, ca: client.cert });
    const tls = { ca: good.cert, cert: new Secret(client.cert), key: new Secret(client.key) };
    expect(await send(upstream.origin, tls)).toMatchObject({ status: 200 });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that wants a certificate gets no request without one (%s)',
    async (version) => {
      const versions = { minVersion: version, maxVersion: version };
      const upstream = await serve({
        ...good,
        ...versions,
        requestCert: true,
        rejectUnauthorized: true,
        ca: client.cert,
      });
      expect(await send(upstream.origin, { ca: good.cert })).toBeInstanceOf(TransportFailure);
      expect(upstream.requests).toHaveLength(0);
    },
  );

  it('that does not speak TLS is refused before anything is sent', async () => {
    const upstream = await RawUpstream.start();
    cleanups.push(() => upstream.close());
    const failure = await send(upstream.origin.replace('http:', 'https:'), {});
    expect(failure).toMatchObject({ reason: 'refused', phase: 'connect', bytesSent: false });
    expect(upstream.requests).toHaveLength(0);
  });
});
