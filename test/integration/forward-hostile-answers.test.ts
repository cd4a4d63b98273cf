/**
 * Upstreams that do not keep to HTTP, by mistake or on purpose. What they send must neither reach the caller as a whole
 * answer nor be taken for the answer to the next request on the connection.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { Deadline } from '../../src/forward/deadline.ts';
import { TransportFailure } from '../../src/forward/transport-failure.ts';
import { Transport } from '../../src/forward/transport.ts';
import type { UpstreamRequest } from '../../src/forward/upstream-request.ts';
import { eventually } from '../support/eventually.ts';
import { ForwardingServer } from '../support/forwarding-server.ts';
import {
  answer,
  answerWithRawBytes,
  chunkedWithoutEnd,
  RawUpstream,
  resetInBody,
  shortContentLength,
  type Behaviour,
} from '../support/raw-upstream.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(...behaviours: Behaviour[]): Promise<{ upstream: RawUpstream; transport: Transport }> {
  const upstream = await RawUpstream.start(...behaviours);
  const transport = new Transport(upstream.origin);
  cleanups.push(
    () => upstream.close(),
    () => transport.close(),
  );
  return { upstream, transport };
}

const request: UpstreamRequest = { method: 'POST', path: '/x', headers: {}, body: Buffer.from('body') };

function options() {
  return { deadline: new Deadline(2_000, 'limits.timeout') };
}

async function outcomeOf(sending: Promise<unknown>): Promise<unknown> {
  return sending.then(
    (value) => value,
    (error: unknown) => error,
  );
}

describe('an answer that is not valid HTTP', () => {
  it.each<[string, string]>([
    ['is not HTTP at all', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    [
      'has Content-Length and Transfer-Encoding',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['has two different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    ['has the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab'],
    ['has a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['has a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab'],
    ['has a list as its length', 'HTTP/1.1 200 OK\r\nContent-Length: 2,2\r\n\r\nab'],
    ['has a length beyond 64 bits', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nab'],
    ['has a blank in a header name', 'HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 0\r\n\r\n'],
    ['has a blank before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['has a control character in a header', 'HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n'],
    ['has a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\u0000b\r\nContent-Length: 0\r\n\r\n'],
    ['has a bare CR in a header', 'HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n'],
    ['has a folded header', 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['has 100 KB of one header', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}\r\nContent-Length: 0\r\n\r\n`],
    ['has 100 KB of many headers', `HTTP/1.1 200 OK\r\n${'X-A: abcd\r\n'.repeat(15_000)}Content-Length: 0\r\n\r\n`],
    [
      'has a chunk size that is no number',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n',
    ],
    ['has a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n'],
    [
      'answers 100 to a request that asked for none',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'changes the protocol uninvited',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['is cut off by the length it declared', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['is cut off between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['is cut off within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc'],
    [
      'is cut off on a connection that was to close',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc',
    ],
  ])('that %s is a protocol failure, and its connection is not used again', async (_name, bytes) => {
    const { upstream, transport } = await start(
      answerWithRawBytes(bytes, { keepOpen: !bytes.endsWith('abc') && !bytes.endsWith('abc\r\n') }),
      answer(200),
    );
    const failure = await outcomeOf(transport.send(request, options()));
    expect(failure).toBeInstanceOf(TransportFailure);
    expect(failure).toMatchObject({ reason: 'protocol', bytesSent: true, answerBegun: false });
    await eventually(() => expect(upstream.openSockets).toBe(0));
    expect(await transport.send(request, options())).toMatchObject({ status: 200 });
    expect(upstream.connections).toBe(2);
  });

  it('that is a complete one followed by another does not answer the next request', async () => {
    const smuggled = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
    const { upstream, transport } = await start(
      answerWithRawBytes(smuggled, { keepOpen: true }),
      answer(201, {}, 'good'),
    );
    expect(await transport.send(request, options())).toMatchObject({ body: Buffer.from('a') });
    expect(await transport.send(request, options())).toMatchObject({ status: 201, body: Buffer.from('good') });
    await eventually(() => expect(upstream.openSockets).toBe(1));
  });

  it('that brings a body where there must be none does not answer the next request', async () => {
    const bytes = 'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil';
    const { transport } = await start(answerWithRawBytes(bytes, { keepOpen: true }), answer(201, {}, 'good'));
    const outcome = await outcomeOf(transport.send(request, options()));
    expect(outcome).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(await transport.send(request, options())).toMatchObject({ status: 201, body: Buffer.from('good') });
  });

  it('that is whole but sent before anybody asked is thrown away', async () => {
    const { upstream, transport } = await start(async (exchange) => {
      await answer(200)(exchange);
      setTimeout(() => exchange.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 10);
    }, answer(201));
    await transport.send(request, options());
    await eventually(() => expect(upstream.openSockets).toBe(0));
    expect(await transport.send(request, options())).toMatchObject({ status: 201 });
  });
});

describe('an interim answer', () => {
  it.each([102, 103])('%i is passed over; the final one counts', async (status) => {
    const interim = `HTTP/1.1 ${status} Wait\r\nLink: </a>\r\n\r\n`;
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const { transport } = await start(answerWithRawBytes(interim + interim + final, { keepOpen: true }));
    const heads: number[] = [];
    const relay = (head: { status: number }) => void heads.push(head.status);
    const got = await transport.send(request, { ...options(), relay });
    expect(got).toMatchObject({ status: 200, body: Buffer.from('ok') });
    expect(heads).toEqual([200]);
  });

  it('does not stop the deadline', async () => {
    const { transport } = await start(async ({ socket, readBody }) => {
      await readBody();
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const sending = transport.send(request, { deadline: new Deadline(150, 'limits.timeout') });
    expect(await outcomeOf(sending)).toMatchObject({ reason: 'timeout', phase: 'answer-head' });
  });
});

describe('an answer that breaks off after its beginning has gone to the caller', () => {
  const cases: [string, Behaviour][] = [
    ['short of its length', shortContentLength(100, 'partial')],
    ['without its last chunk', chunkedWithoutEnd('partial')],
    ['by a reset', resetInBody(100, 'partial')],
    [
      'by invalid framing',
      answerWithRawBytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npartial\r\nzz'),
    ],
  ];

  it.each(cases)('%s resets the connection of the caller: no clean end', async (_name, behaviour) => {
    const { transport } = await start(behaviour);
    const server = await ForwardingServer.start(transport);
    cleanups.push(() => server.close());
    const outcome = await rawGet(server.port, 'HTTP/1.1');
    expect(outcome.error).toBe('ECONNRESET');
    expect(outcome.text).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(server.failures).toEqual([expect.objectContaining({ answerBegun: true, phase: 'answer-body' })]);
    await eventually(() => expect(server.openSockets).toBe(0));
  });

  it('resets an HTTP/1.0 client, too, to which an orderly close would be the end of the answer', async () => {
    const { transport } = await start(chunkedWithoutEnd('partial'));
    const server = await ForwardingServer.start(transport);
    cleanups.push(() => server.close());
    expect((await rawGet(server.port, 'HTTP/1.0')).error).toBe('ECONNRESET');
  });
});

/** Sends a GET over a bare socket and reads until the connection is over. */
async function rawGet(port: number, version: string): Promise<{ text: string; error: string | undefined }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let error: string | undefined;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code;
  });
  socket.write(`GET /x ${version}\r\nHost: a\r\n\r\n`);
  await new Promise((resolve) => socket.on('close', resolve));
  return { text: Buffer.concat(chunks).toString('latin1'), error };
}
