import { afterEach, describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Deadline } from '../../src/forward/deadline.ts';
import { TransportFailure } from '../../src/forward/transport-failure.ts';
import { Transport, type SendOptions, type TransportOptions } from '../../src/forward/transport.ts';
import type { BufferedAnswer, UpstreamRequest } from '../../src/forward/upstream-request.ts';
import {
  after,
  answer,
  answerBeforeBody,
  answerWithRawBytes,
  closeAfterRequest,
  largeBody,
  neverAnswer,
  neverRead,
  RawUpstream,
  resetAfterRequest,
  resetBeforeHead,
  slowBody,
  type Behaviour,
} from '../support/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function upstreamWith(...behaviours: Behaviour[]): Promise<RawUpstream> {
  const upstream = await RawUpstream.start(...behaviours);
  cleanups.push(() => upstream.close());
  return upstream;
}

function transportTo(origin: string, options?: TransportOptions): Transport {
  const transport = new Transport(origin, options);
  cleanups.push(() => transport.close());
  return transport;
}

function post(body: UpstreamRequest['body'], more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { method: 'POST', path: '/things', headers: { 'content-type': 'text/plain' }, body, ...more };
}

const get: UpstreamRequest = { method: 'GET', path: '/things?a=1&a=%20', headers: {}, body: undefined };

function within(ms: number, more: Partial<SendOptions> = {}): SendOptions {
  return { deadline: new Deadline(ms, 'limits.timeout'), ...more };
}

async function buffered(transport: Transport, request: UpstreamRequest, options = within(5_000)) {
  const got = await transport.send(request, options);
  if (got.kind !== 'buffered') throw new Error('The answer was not buffered');
  return got satisfies BufferedAnswer;
}

async function failureOf(sending: Promise<unknown>): Promise<TransportFailure> {
  const outcome = await sending.then(
    () => new Error('It did not fail'),
    (error: unknown) => error,
  );
  if (outcome instanceof TransportFailure) return outcome;
  throw outcome;
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const upstream = await RawUpstream.start();
  const { port } = upstream;
  await upstream.close();
  return port;
}

describe('a request that is sent', () => {
  it('arrives with its method, path, query and headers, and the Host of the upstream', async () => {
    const upstream = await upstreamWith();
    await buffered(transportTo(upstream.origin), { ...get, headers: { accept: 'a/b', sap_sender: 'hr' } });
    expect(upstream.last).toMatchObject({ method: 'GET', path: '/things?a=1&a=%20' });
    expect(upstream.last.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: 'keep-alive',
      accept: 'a/b',
      sap_sender: 'hr',
    });
  });

  it('carries a buffer with its length', async () => {
    const upstream = await upstreamWith();
    await buffered(transportTo(upstream.origin), post(Buffer.from('grün')));
    expect(upstream.last.body.toString()).toBe('grün');
    expect(upstream.last.headers['content-length']).toBe('5');
    expect(upstream.last.headers['transfer-encoding']).toBeUndefined();
  });

  it('says of a POST without a body that it is empty', async () => {
    const upstream = await upstreamWith();
    await buffered(transportTo(upstream.origin), post(undefined));
    expect(upstream.last.headers['content-length']).toBe('0');
  });

  it('carries a stream with the length that was declared', async () => {
    const upstream = await upstreamWith();
    const body = Readable.from([Buffer.from('abc'), Buffer.from('def')], { objectMode: false });
    await buffered(transportTo(upstream.origin), post(body, { bodyLength: 6 }));
    expect(upstream.last.body.toString()).toBe('abcdef');
    expect(upstream.last.headers['content-length']).toBe('6');
  });

  it('carries a stream without a length in chunks', async () => {
    const upstream = await upstreamWith();
    const body = new PassThrough();
    const sending = buffered(transportTo(upstream.origin), post(body));
    body.write('abc');
    await delay(20);
    body.end('def');
    await sending;
    expect(upstream.last.body.toString()).toBe('abcdef');
    expect(upstream.last.headers['transfer-encoding']).toBe('chunked');
  });

  it('uses an idle connection again', async () => {
    const upstream = await upstreamWith();
    const transport = transportTo(upstream.origin);
    for (let i = 0; i < 5; i += 1) {
      await buffered(transport, post(Buffer.from('x')));
      await eventually(() => expect(transport.stats()).toMatchObject({ free: 1 }));
    }
    expect(upstream.connections).toBe(1);
  });

  it('goes to the upstream whatever proxy the environment names', async () => {
    const upstream = await upstreamWith();
    const before = { ...process.env };
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      expect((await buffered(transportTo(upstream.origin), get)).status).toBe(200);
    } finally {
      process.env = before;
    }
  });

  it('is refused as our own mistake, and not sent, when a header holds a line break', async () => {
    const upstream = await upstreamWith();
    const sending = transportTo(upstream.origin).send({ ...get, headers: { accept: 'a\r\nx: y' } }, within(1_000));
    await expect(sending).rejects.not.toBeInstanceOf(TransportFailure);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('an answer that is buffered', () => {
  it('has the status, the headers in lower case and the bytes of the upstream', async () => {
    const upstream = await upstreamWith(
      answer(404, { 'Content-Type': 'text/plain', 'Set-Cookie': ['a=1', 'b=2'], 'X-CSRF-Token': 'required' }, 'no'),
    );
    const got = await buffered(transportTo(upstream.origin), get);
    expect(got).toMatchObject({ status: 404, truncated: false });
    expect(got.body.toString()).toBe('no');
    expect(got.headers).toMatchObject({
      'content-type': 'text/plain',
      'set-cookie': ['a=1', 'b=2'],
      'x-csrf-token': 'required',
    });
  });

  it('is a redirect when the upstream redirects, which nobody follows', async () => {
    const other = await upstreamWith();
    const upstream = await upstreamWith(answer(307, { location: `${other.origin}/evil` }));
    expect((await buffered(transportTo(upstream.origin), post(Buffer.from('secret')))).status).toBe(307);
    expect(other.connections).toBe(0);
  });

  it('is not decompressed', async () => {
    const upstream = await upstreamWith(answer(200, { 'content-encoding': 'gzip' }, 'not gzip at all'));
    expect((await buffered(transportTo(upstream.origin), get)).body.toString()).toBe('not gzip at all');
  });

  it('is cut at the limit when it is a refusal, and the rest is not read', async () => {
    const upstream = await upstreamWith(({ response }) => {
      response.writeHead(500, { 'content-type': 'text/html' });
      response.write('x'.repeat(100_000));
    });
    const got = await buffered(transportTo(upstream.origin), get, within(5_000, { maxBufferedBytes: 1_000 }));
    expect(got).toMatchObject({ status: 500, truncated: true });
    expect(got.body).toHaveLength(1_000);
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('is a failure when it is a success larger than the limit', async () => {
    const upstream = await upstreamWith(largeBody(1_000_000));
    const failure = await failureOf(
      transportTo(upstream.origin).send(get, within(5_000, { maxBufferedBytes: 100_000 })),
    );
    expect(failure).toMatchObject({ reason: 'too-large', phase: 'answer-body', bytesSent: true, answerBegun: false });
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('keeps a refusal up to 64 KiB when nothing else is asked for', async () => {
    const upstream = await upstreamWith(answer(400, {}, 'x'.repeat(64 * 1024)));
    expect(await buffered(transportTo(upstream.origin), get)).toMatchObject({ truncated: false });
  });

  it('of HEAD has no body, whatever length it declares', async () => {
    const upstream = await upstreamWith(answer(405, { 'content-length': '1234' }));
    const got = await buffered(transportTo(upstream.origin), { ...get, method: 'HEAD' });
    expect(got.status).toBe(405);
    expect(got.body).toHaveLength(0);
  });

  it('may come before the body was sent, and ends the sending', async () => {
    const upstream = await upstreamWith(answerBeforeBody(413, { 'content-type': 'text/plain' }, 'too big'));
    const body = new PassThrough();
    body.write(Buffer.alloc(1_000));
    const got = await buffered(transportTo(upstream.origin), post(body));
    expect(got).toMatchObject({ status: 413 });
    await eventually(() => expect(body.destroyed).toBe(true));
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });
});

describe('a failure before anything was sent', () => {
  it('is a refused connection', async () => {
    const transport = transportTo(`http://127.0.0.1:${await freePort()}`);
    expect(await failureOf(transport.send(post(Buffer.from('x')), within(2_000)))).toMatchObject({
      phase: 'connect',
      reason: 'refused',
      bytesSent: false,
      code: 'ECONNREFUSED',
      answerBegun: false,
    });
  });

  it('is a host name that does not exist', async () => {
    const transport = transportTo('http://no-such-host.invalid');
    const failure = await failureOf(transport.send(post(Buffer.from('x')), within(10_000)));
    expect(failure).toMatchObject({ phase: 'connect', bytesSent: false });
    expect(failure.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(failure.message).not.toContain('no-such-host');
  });

  it('is a handshake that takes too long', async () => {
    // Accepts TCP and never says a word of TLS.
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as { port: number };
    const transport = transportTo(`https://127.0.0.1:${port}`, { connectTimeoutMs: 50 });
    expect(await failureOf(transport.send(post(Buffer.from('x')), within(10_000)))).toMatchObject({
      phase: 'connect',
      reason: 'timeout',
      bytesSent: false,
      code: 'UND_ERR_CONNECT_TIMEOUT',
    });
  });

  it('is a deadline that was over already', async () => {
    const upstream = await upstreamWith();
    const deadline = new Deadline(1_000, 'limits.timeout', performance.now() - 2_000);
    const failure = await failureOf(transportTo(upstream.origin).send(get, { deadline }));
    expect(failure).toMatchObject({ phase: 'connect', reason: 'timeout', bytesSent: false });
    expect(upstream.connections).toBe(0);
  });

  it('is a deadline that ends while the request waits for a connection; it is then never sent', async () => {
    const upstream = await upstreamWith(after(150, answer(200)), answer(200));
    const transport = transportTo(upstream.origin, { connections: 1 });
    const first = transport.send(post(Buffer.from('first')), within(5_000));
    const second = failureOf(transport.send(post(Buffer.from('second')), within(50)));
    expect(await second).toMatchObject({ phase: 'connect', reason: 'timeout', bytesSent: false });
    await first;
    await buffered(transport, post(Buffer.from('third')));
    expect(upstream.requests.map((request) => request.body.toString())).toEqual(['first', 'third']);
    expect(upstream.connections).toBe(1);
  });

  it('is a body that breaks while the request waits for a connection', async () => {
    const upstream = await upstreamWith(after(100, answer(200)), answer(200));
    const transport = transportTo(upstream.origin, { connections: 1 });
    const first = transport.send(get, within(5_000));
    const body = new PassThrough();
    const second = failureOf(transport.send(post(body), within(5_000)));
    body.destroy(new Error('broken'));
    expect(await second).toMatchObject({ reason: 'caller-body', bytesSent: false, phase: 'connect' });
    await first;
    await buffered(transport, get);
    expect(upstream.requests.map((request) => request.method)).toEqual(['GET', 'GET']);
  });

  it('is a body that had broken before', async () => {
    const upstream = await upstreamWith();
    const body = new PassThrough();
    body.on('error', () => {});
    const cause = new Error('broken');
    body.destroy(cause);
    await delay(1);
    const failure = await failureOf(transportTo(upstream.origin).send(post(body), within(1_000)));
    expect(failure).toMatchObject({ reason: 'caller-body', bytesSent: false, cause });
    expect(upstream.connections).toBe(0);
  });

  it('is a transport that is closed', async () => {
    const upstream = await upstreamWith();
    const transport = new Transport(upstream.origin);
    await transport.close();
    const failure = await failureOf(transport.send(get, within(1_000)));
    expect(failure).toMatchObject({ phase: 'connect', reason: 'aborted', bytesSent: false });
  });
});

describe('a failure after the request was sent', () => {
  it.each<[string, Behaviour]>([
    ['a reset after the whole request', resetAfterRequest()],
    ['a reset after its head', resetBeforeHead()],
    ['an orderly close without an answer', closeAfterRequest()],
    ['a head that breaks off', answerWithRawBytes('HTTP/1.1 200 OK\r\nContent-Le')],
  ])('is %s: sent once, and never again', async (_name, behaviour) => {
    const upstream = await upstreamWith(behaviour);
    const failure = await failureOf(transportTo(upstream.origin).send(post(Buffer.from('x')), within(2_000)));
    expect(failure).toMatchObject({ phase: 'answer-head', reason: 'reset', bytesSent: true, answerBegun: false });
    await delay(50);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('does not repeat %s either', async (method) => {
    const upstream = await upstreamWith(resetAfterRequest());
    const failure = await failureOf(transportTo(upstream.origin).send({ ...get, method }, within(2_000)));
    expect(failure).toMatchObject({ reason: 'reset', bytesSent: true });
    await delay(50);
    expect(upstream.requests).toHaveLength(1);
  });

  it('is a reset on an idle connection that was used before', async () => {
    const upstream = await upstreamWith(answer(200), resetBeforeHead());
    const transport = transportTo(upstream.origin);
    await buffered(transport, post(Buffer.from('x')));
    await eventually(() => expect(transport.stats()).toMatchObject({ free: 1 }));
    expect(await failureOf(transport.send(post(Buffer.from('y')), within(2_000)))).toMatchObject({
      reason: 'reset',
      bytesSent: true,
    });
    expect(upstream.connections).toBe(1);
    expect(upstream.requests).toHaveLength(2);
  });

  it('does not happen on an idle connection that the upstream has closed: a new one is used', async () => {
    const upstream = await upstreamWith(answer(200));
    upstream.behave(async (exchange) => {
      await answer(200)(exchange);
      setTimeout(() => exchange.socket.end(), 10);
    });
    const transport = transportTo(upstream.origin);
    await buffered(transport, post(Buffer.from('x')));
    await delay(50);
    expect((await buffered(transport, post(Buffer.from('y')))).status).toBe(200);
    expect(upstream.connections).toBe(2);
  });

  it('is an answer that does not come in time, by the clock of the deadline', async () => {
    const upstream = await upstreamWith(neverAnswer());
    const failure = await failureOf(transportTo(upstream.origin).send(post(Buffer.from('x')), within(200)));
    expect(failure).toMatchObject({ phase: 'answer-head', reason: 'timeout', bytesSent: true, code: 'DEADLINE' });
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('is an upload that is not taken in time', async () => {
    const upstream = await upstreamWith(neverRead());
    const body = Readable.from(endless(), { objectMode: false });
    const transport = transportTo(upstream.origin);
    const failure = await failureOf(transport.send(post(body), within(200)));
    expect(failure).toMatchObject({ phase: 'send', reason: 'timeout', bytesSent: true });
    expect(body.destroyed).toBe(true);
    await eventually(() => expect(transport.stats()).toMatchObject({ connected: 0 }));
  });

  it('is an answer whose body is not whole at the deadline', async () => {
    const upstream = await upstreamWith(
      slowBody(
        Array.from({ length: 100 }, () => 'x'),
        20,
      ),
    );
    const failure = await failureOf(transportTo(upstream.origin).send(get, within(150)));
    expect(failure).toMatchObject({ phase: 'answer-body', reason: 'timeout', bytesSent: true, answerBegun: false });
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('is an answer that pauses for too long', async () => {
    const upstream = await upstreamWith(slowBody(['x', 'y'], 5_000));
    const transport = transportTo(upstream.origin, { idleTimeoutMs: 100 });
    const failure = await failureOf(transport.send(get, within(10_000)));
    expect(failure).toMatchObject({ phase: 'answer-body', reason: 'timeout', code: 'UND_ERR_BODY_TIMEOUT' });
  });
});

describe('a streamed body that fails', () => {
  it('aborts the request when the body breaks: the upstream sees no last chunk', async () => {
    const upstream = await upstreamWith(neverAnswer());
    const body = new PassThrough();
    const sending = failureOf(transportTo(upstream.origin).send(post(body), within(5_000)));
    body.write('part');
    await eventually(() => expect(upstream.last.bodyBytes).toBe(4));
    const cause = new Error('broken');
    body.destroy(cause);
    expect(await sending).toMatchObject({ phase: 'send', reason: 'caller-body', bytesSent: true, cause });
    await eventually(() => expect(upstream.last).toMatchObject({ aborted: true, complete: false }));
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('aborts the request when the body is closed without an end', async () => {
    const upstream = await upstreamWith(neverAnswer());
    const body = new PassThrough();
    const sending = failureOf(transportTo(upstream.origin).send(post(body), within(5_000)));
    body.write('part');
    await eventually(() => expect(upstream.last.bodyBytes).toBe(4));
    body.destroy();
    expect(await sending).toMatchObject({ reason: 'aborted', bytesSent: true });
    await eventually(() => expect(upstream.last).toMatchObject({ aborted: true, complete: false }));
  });

  it('aborts the request when the body is shorter than declared', async () => {
    const upstream = await upstreamWith(neverAnswer());
    const body = new PassThrough();
    const sending = failureOf(transportTo(upstream.origin).send(post(body, { bodyLength: 6 }), within(5_000)));
    body.write('abc');
    await eventually(() => expect(upstream.last.bodyBytes).toBe(3));
    body.end();
    expect(await sending).toMatchObject({ reason: 'caller-body', bytesSent: true });
    await eventually(() => expect(upstream.last).toMatchObject({ aborted: true, complete: false }));
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('never sends more than was declared: the rest would be taken for another request', async () => {
    const upstream = await upstreamWith(neverAnswer());
    const body = new PassThrough();
    const sending = failureOf(transportTo(upstream.origin).send(post(body, { bodyLength: 6 }), within(5_000)));
    body.write('abcdef');
    await eventually(() => expect(upstream.last.bodyBytes).toBe(6));
    body.end('GET /admin HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await sending).toMatchObject({ reason: 'caller-body', bytesSent: true });
    await eventually(() => expect(upstream.openSockets).toBe(0));
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a relay', () => {
  it('that throws ends the attempt with what it threw', async () => {
    const upstream = await upstreamWith(largeBody(1_000_000));
    const error = new Error('a redirect');
    const relay = (): undefined => {
      throw error;
    };
    await expect(transportTo(upstream.origin).send(get, within(2_000, { relay }))).rejects.toBe(error);
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('into a response whose caller has left ends the attempt', async () => {
    const upstream = await upstreamWith(largeBody(1_000_000));
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    response.destroy();
    const failure = await failureOf(transportTo(upstream.origin).send(get, within(2_000, { relay: () => response })));
    expect(failure).toMatchObject({ reason: 'aborted', code: 'CALLER_LEFT', bytesSent: true });
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('that wants no answer for the caller gets it in memory', async () => {
    const upstream = await upstreamWith(answer(500, {}, 'why'));
    const got = await buffered(transportTo(upstream.origin), get, within(2_000, { relay: () => undefined }));
    expect(got.body.toString()).toBe('why');
  });
});

describe('close', () => {
  it('may be called twice', async () => {
    const transport = new Transport('http://127.0.0.1:9');
    await transport.close();
    await expect(transport.close()).resolves.not.toThrow();
  });

  it('waits for requests that run, and leaves no socket', async () => {
    const upstream = await upstreamWith(after(100, answer(200)));
    const transport = new Transport(upstream.origin);
    const sending = buffered(transport, get);
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    await transport.close();
    expect((await sending).status).toBe(200);
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });
});

describe('stats', () => {
  it('tells of open, free and running connections', async () => {
    const upstream = await upstreamWith(after(50, answer(200)));
    const transport = transportTo(upstream.origin, { connections: 1 });
    const sendings = [buffered(transport, get), buffered(transport, get)];
    await eventually(() => expect(transport.stats()).toEqual({ connected: 1, free: 0, running: 1, queued: 1 }));
    await Promise.all(sendings);
    await eventually(() => expect(transport.stats()).toMatchObject({ connected: 1, free: 1, running: 0, queued: 0 }));
  });
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(64 * 1024);
    await delay(0);
  }
}
