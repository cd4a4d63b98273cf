import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import type { Problem } from '../../src/problems/problem.ts';
import { basicCredentials } from '../../src/tokens/client-authentication.ts';
import { TokenFailure } from '../../src/tokens/token-failure.ts';
import { requestToken } from '../../src/tokens/token-request.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { PLANTED_SECRET, problemOf, tokenClient } from '../support/token-fixtures.ts';

let server: FakeTokenServer;
let elsewhere: FakeTokenServer;
beforeEach(async () => {
  server = await FakeTokenServer.start();
  elsewhere = await FakeTokenServer.start();
});
afterEach(async () => {
  await server.stop();
  await elsewhere.stop();
});

const request = (changes = {}, timeoutMs = 400) =>
  requestToken(tokenClient({ url: server.url, ...changes }), { timeoutMs });
const failure = (changes = {}) => problemOf(() => request(changes));

describe('what is sent', () => {
  it('is one POST of a form, without cookies or Authorization', async () => {
    expect((await request({ params: { scope: 'a b' }, headers: { 'X-Zid': 'zone' } })).value).toBe('token-1');
    expect(server.requests).toHaveLength(1);
    const [sent] = server.requests;
    expect(sent).toMatchObject({ method: 'POST', path: '/oauth/token' });
    expect(Object.fromEntries(sent?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      client_id: 'sb-test!b1|workflow!b2',
      client_secret: PLANTED_SECRET,
    });
    expect(sent?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'x-zid': 'zone',
    });
    expect(sent?.headers).not.toHaveProperty('authorization');
    expect(sent?.headers).not.toHaveProperty('cookie');
  });

  it('is a Basic header that a configured header cannot replace', async () => {
    await request({ auth: 'client_secret_basic', headers: { Authorization: 'Bearer other' } });
    const [sent] = server.requests;
    expect(sent?.headers.authorization).toBe(`Basic ${basicCredentials('sb-test!b1|workflow!b2', PLANTED_SECRET)}`);
    expect(sent?.headers['x-cf-encoded-credentials']).toBe('true');
    expect(sent?.body).toBe('grant_type=client_credentials');
  });

  it('is a Basic header with id and secret as they are, where the server does not decode them', async () => {
    await request({ auth: 'client_secret_basic', basicEncoding: 'raw' });
    const [sent] = server.requests;
    const raw = Buffer.from(`sb-test!b1|workflow!b2:${PLANTED_SECRET}`).toString('base64');
    expect(sent?.headers.authorization).toBe(`Basic ${raw}`);
    expect(sent?.headers).not.toHaveProperty('x-cf-encoded-credentials');
  });

  it('is an assertion, and no secret, for a client with a key', async () => {
    await request({ auth: 'private_key_jwt', key: new Secret(makeCertificate().key) });
    const [sent] = server.requests;
    expect([...(sent?.form.keys() ?? [])]).toEqual([
      'grant_type',
      'client_id',
      'client_assertion_type',
      'client_assertion',
    ]);
    expect(sent?.body).not.toContain(encodeURIComponent(PLANTED_SECRET));
  });

  it('is JSON for Auth0', async () => {
    await request({ auth: 'client_secret_json', params: { audience: 'urn:a' } });
    const [sent] = server.requests;
    expect(sent?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ audience: 'urn:a', client_secret: PLANTED_SECRET });
  });
});

describe('what is read', () => {
  it('is the token with the moment of its request', async () => {
    const before = Date.now();
    const token = await request();
    expect(token).toMatchObject({ value: 'token-1', lifeSeconds: 3600 });
    expect(token.requestedAtMs).toBeGreaterThanOrEqual(before);
  });

  it('may be compressed', async () => {
    const body = gzipSync(JSON.stringify({ access_token: 'zipped', token_type: 'bearer' })).toString('latin1');
    const raw = createServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`);
        socket.end(body, 'latin1');
      });
    });
    await withServer(raw, async (url) => {
      expect((await requestToken(tokenClient({ url }))).value).toBe('zipped');
    });
  });
});

describe('what goes wrong', () => {
  it('never follows a redirect, so the secret is sent once', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      server.redirectOnceTo(elsewhere.url, status);
      expect(await failure()).toMatchObject({ code: 'token-unavailable', retryable: false });
    }
    expect([server.requests.length, elsewhere.requests.length]).toEqual([5, 0]);
  });

  it('never follows a redirect to the same address either', async () => {
    server.redirectOnceTo(server.url);
    await failure();
    expect(server.requests).toHaveLength(1);
  });

  it('stops reading at 64 kB', async () => {
    const sent = server.floodOnce();
    const problem = await problemOf(() => request({}, 5000));
    expect(problem).toMatchObject({ code: 'token-unavailable', details: { detail: expect.stringContaining('64 kB') } });
    expect(await sent).toBeLessThan(32 * 1024 * 1024); // what fits into the buffers of two sockets
  });

  it('counts what comes out of a compressed body', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    const raw = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
          socket.write(bomb);
        });
    });
    await withServer(raw, async (url) => {
      expect((await problemOf(() => requestToken(tokenClient({ url })))).details.detail).toContain('64 kB');
    });
  });

  it('gives up on a server that never answers, and says where', async () => {
    server.hangOnce();
    const problem = await failure();
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: true });
    expect(problem.cause).toEqual(new TokenFailure('timeout', 'answer', 'ETIMEDOUT'));
    expect(problem.details.detail).toMatch(/while waiting for the answer, after 0\.\d s/);
  });

  it('gives up on a body that does not end', async () => {
    server.stallOnceInBody();
    expect((await failure()).cause).toEqual(new TokenFailure('timeout', 'answer', 'ETIMEDOUT'));
  });

  it('gives up on a TLS handshake that nobody answers', async () => {
    const silent = createServer(() => undefined);
    await withServer(silent, async (url) => {
      const tls = tokenClient({ url: url.replace('http:', 'https:') });
      const problem = await problemOf(() => requestToken(tls, { timeoutMs: 300 }));
      expect(problem.cause).toEqual(new TokenFailure('timeout', 'tls', 'ETIMEDOUT'));
    });
  });

  it('is told apart: nobody listens', async () => {
    const problem = await failure({ url: await closedPort() });
    expect(problem.cause).toEqual(new TokenFailure('connection', 'connect', 'ECONNREFUSED'));
    expect(problem.details.detail).toContain('it refused the connection');
  });

  it('is told apart: no such host', async () => {
    const problem = await problemOf(() => request({ url: 'http://no-such-host.invalid/oauth/token' }, 4000));
    expect(problem).toMatchObject({ code: 'token-unavailable', cause: { reason: 'connection', phase: 'connect' } });
  });

  it('is told apart: the connection breaks', async () => {
    server.resetOnce();
    expect((await failure()).cause).toEqual(new TokenFailure('connection', 'answer', 'ECONNRESET'));
  });

  it('is told apart: the answer is cut off', async () => {
    server.cutOnceInBody();
    expect((await failure()).cause).toMatchObject({ reason: 'connection', phase: 'answer' });
  });

  it('is told apart: no HTTP', async () => {
    const raw = createServer((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n\r\n')));
    await withServer(raw, async (url) => {
      expect((await problemOf(() => requestToken(tokenClient({ url })))).cause).toMatchObject({ reason: 'answer' });
    });
  });

  it('is told apart: TLS to a server that has none', async () => {
    const problem = await failure({ url: server.url.replace('http:', 'https:') });
    expect(problem).toMatchObject({ code: 'token-unavailable', cause: { reason: 'connection', phase: 'tls' } });
  });

  it('is told apart: a header that cannot be sent', async () => {
    const problem = await failure({ headers: { 'x-zid': 'a\r\nb' } });
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
    expect(server.requests).toHaveLength(0);
  });

  it('is told apart: a certificate that is no PEM', async () => {
    const pem = { auth: 'tls_client_auth', certificate: new Secret(PLANTED_SECRET), key: new Secret(PLANTED_SECRET) };
    const problem = await failure({ ...pem, url: server.url.replace('http:', 'https:') });
    expect(problem).toMatchObject({ code: 'credentials-rejected', cause: { reason: 'configuration' } });
    expect(problem.details.detail).toContain('certificate');
  });

  it('is a refusal', async () => {
    server.respondOnceWithUnauthorized();
    expect(await failure()).toMatchObject({ code: 'credentials-rejected', status: 502 });
  });
});

describe('no problem holds a key or an assertion', () => {
  it.each<[string, (fake: FakeTokenServer) => unknown]>([
    ['refused', (fake) => fake.respondOnceWithUnauthorized()],
    ['reset', (fake) => fake.resetOnce()],
    ['silence', (fake) => fake.hangOnce()],
  ])('%s', async (_name, prepare) => {
    prepare(server);
    const { cert, key } = makeCertificate();
    const changes = { auth: 'private_key_jwt', key: new Secret(key), certificate: new Secret(cert) };
    const trace = everythingIn(await failure(changes));
    expect(trace).not.toMatch(/-----BEGIN|eyJ[\w-]{10}|client_assertion=/);
  });
});

describe('no problem holds a secret, a host name or a port', () => {
  const traces: string[] = [];

  const ways: [string, (fake: FakeTokenServer) => unknown, Record<string, unknown>?][] = [
    ['refused client', (fake) => fake.respondOnceWithUnauthorized()],
    [
      'echoing server',
      (fake) => fake.respondOnceWithJson(400, { error: PLANTED_SECRET, error_description: PLANTED_SECRET }),
    ],
    ['HTML', (fake) => fake.respondOnceWithHtml(200)],
    ['HTML 500', (fake) => fake.respondOnceWithHtml(500)],
    ['redirect', (fake) => fake.redirectOnceTo(`https://evil.example/?${PLANTED_SECRET}`)],
    ['bad token', (fake) => fake.respondOnceWithToken({ access_token: `${PLANTED_SECRET} ` })],
    ['reset', (fake) => fake.resetOnce()],
    ['cut off', (fake) => fake.cutOnceInBody()],
    ['silence', (fake) => fake.hangOnce()],
    ['stall', (fake) => fake.stallOnceInBody()],
    ['flood', (fake) => fake.floodOnce()],
    ['Basic refused', (fake) => fake.respondOnceWithUnauthorized(), { auth: 'client_secret_basic' }],
    ['Basic reset', (fake) => fake.resetOnce(), { auth: 'client_secret_basic' }],
    ['JSON reset', (fake) => fake.resetOnce(), { auth: 'client_secret_json' }],
    ['no host', () => undefined, { url: 'http://no-such-host.invalid/oauth/token' }],
    ['no TLS', () => undefined, { url: 'https' }],
    [
      'bad PEM',
      () => undefined,
      {
        url: 'https',
        auth: 'tls_client_auth',
        certificate: new Secret(PLANTED_SECRET),
        key: new Secret(PLANTED_SECRET),
      },
    ],
  ];

  it.each(ways)('%s', async (_name, prepare, changes = {}) => {
    prepare(server);
    const url = changes['url'] === 'https' ? server.url.replace('http:', 'https:') : (changes['url'] ?? server.url);
    const problem = await failure({ ...changes, url });
    const trace = everythingIn(problem);
    traces.push(trace);
    expectNoSecretIn(trace);
    const { hostname, port } = new URL(server.url);
    const shown = JSON.stringify(problem.toDocument('c'));
    for (const part of [hostname, `:${port}`, 'no-such-host', 'evil.example', 'got', 'node_modules']) {
      expect(shown).not.toContain(part);
    }
  });

  afterAll(() => expect(traces).toHaveLength(ways.length));
});

/** All that a careless log line could show of a problem. */
function everythingIn(problem: Problem): string {
  const causes: unknown[] = [];
  for (let cause: unknown = problem; cause !== undefined && causes.length < 20;) {
    causes.push(cause);
    cause = (cause as { cause?: unknown }).cause;
  }
  const own = causes.map((cause) => JSON.stringify(cause, Object.getOwnPropertyNames(cause)));
  return [
    inspect(problem, { depth: 10, showHidden: true }),
    JSON.stringify(problem),
    JSON.stringify(causes),
    ...own,
    String(problem),
    problem.stack,
  ].join('\n');
}

function expectNoSecretIn(text: string): void {
  const encoded = new URLSearchParams({ s: PLANTED_SECRET }).toString().slice(2);
  const base64 = Buffer.from(PLANTED_SECRET).toString('base64');
  const basic = basicCredentials('sb-test!b1|workflow!b2', PLANTED_SECRET);
  for (const form of [
    PLANTED_SECRET,
    PLANTED_SECRET.slice(0, 12),
    encoded,
    encodeURIComponent(PLANTED_SECRET),
    base64,
    basic,
  ]) {
    expect(text).not.toContain(form);
  }
}

/** An address where nobody listens. */
async function closedPort(): Promise<string> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return `http://127.0.0.1:${port}/oauth/token`;
}

/** Runs `use` with the address of a raw server, and ends what is left of it. */
async function withServer(raw: Server, use: (url: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  raw.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  try {
    await use(`http://127.0.0.1:${(raw.address() as AddressInfo).port}/oauth/token`);
  } finally {
    for (const socket of sockets) socket.destroy();
    raw.close();
  }
}
