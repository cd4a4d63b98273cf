import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { readBody, type BodyLimits, type RequestBody } from '../../src/forward/read-body.ts';
import { Problem } from '../../src/problems/problem.ts';
import { eventually } from '../support/eventually.ts';

interface Reading {
  readonly request: IncomingMessage;
  readonly outcome: Promise<RequestBody>;
}

const limits: BodyLimits = { maxBytes: 100, bufferBytes: 20, idleMs: 5_000 };
let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await delay(0);
});

/** Starts a request with a body that nobody reads yet. */
async function beginUnread(head: string, body: string): Promise<{ request: IncomingMessage; socket: Socket }> {
  const started = Promise.withResolvers<IncomingMessage>();
  server = createServer((request) => started.resolve(request));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}`);
  return { request: await started.promise, socket };
}

/** Starts a request whose head is given; resolves when its body is being read. */
async function begin(head: string, more: Partial<BodyLimits> = {}): Promise<Reading & { socket: Socket }> {
  const started = Promise.withResolvers<Reading>();
  server = createServer((request) => {
    const outcome = reading(request, { ...limits, ...more });
    outcome.catch(() => {});
    started.resolve({ request, outcome });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n`);
  return { ...(await started.promise), socket };
}

/** The body or the problem, as a promise in every case. */
async function reading(request: IncomingMessage, bodyLimits: BodyLimits): Promise<RequestBody> {
  return readBody(request, bodyLimits);
}

async function problemOf(outcome: Promise<unknown>): Promise<string> {
  const error = await outcome.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return error instanceof Problem ? `${error.status} ${error.code}` : `no problem: ${String(error)}`;
}

async function streamOf(outcome: Promise<RequestBody>): Promise<Readable> {
  const read = await outcome;
  if (read.kind !== 'stream') throw new Error('It was buffered');
  return read.body;
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a body that has come with its head', () => {
  /** Reads when the whole request is there already. */
  async function readLate(text: string, more: Partial<BodyLimits> = {}): Promise<RequestBody | Promise<RequestBody>> {
    const { request } = await beginUnread(`Content-Length: ${text.length}`, text);
    await eventually(() => expect(request.complete).toBe(true));
    return readBody(request, { ...limits, ...more });
  }

  it('is there at once', async () => {
    expect(await readLate('{"a":1}')).toEqual({ kind: 'buffer', body: Buffer.from('{"a":1}') });
  });

  it('ends its request, so that the connection serves the next one', async () => {
    const { request, socket } = await beginUnread('Content-Length: 2', '{}');
    await eventually(() => expect(request.complete).toBe(true));
    const read = readBody(request, limits);
    expect(read).not.toBeInstanceOf(Promise);
    await eventually(() => expect(request.readableEnded).toBe(true));
    expect(socket.destroyed).toBe(false);
  });

  it('is refused when it is too large', async () => {
    const outcome = readLate('x'.repeat(20), { maxBytes: 10 });
    expect(await problemOf(outcome)).toBe('413 payload-too-large');
  });
});

describe('a body that fits into the buffer', () => {
  it('is read into memory when its length was declared', async () => {
    const { outcome, socket } = await begin('Content-Length: 5\r\n');
    socket.write('grün');
    expect(await outcome).toEqual({ kind: 'buffer', body: Buffer.from('grün') });
  });

  it('is read into memory when it comes in chunks', async () => {
    const { outcome, socket } = await begin('Transfer-Encoding: chunked\r\n');
    socket.write('3\r\nabc\r\n');
    await delay(10);
    socket.write('2\r\nde\r\n0\r\n\r\n');
    expect(await outcome).toEqual({ kind: 'buffer', body: Buffer.from('abcde') });
  });

  it('is read when it has exactly the size of the buffer', async () => {
    const { outcome, socket } = await begin('Content-Length: 20\r\n');
    socket.write('x'.repeat(20));
    expect(await outcome).toMatchObject({ kind: 'buffer' });
  });

  it.each(['', 'Content-Length: 0\r\n'])('is empty where there is none (%j)', async (head) => {
    const { outcome } = await begin(head);
    expect(await outcome).toEqual({ kind: 'buffer', body: Buffer.alloc(0) });
  });

  it('is not decompressed', async () => {
    const { outcome, socket } = await begin('Content-Encoding: gzip\r\nContent-Length: 3\r\n');
    socket.write('abc');
    expect(await outcome).toEqual({ kind: 'buffer', body: Buffer.from('abc') });
  });
});

describe('a body that does not fit into the buffer', () => {
  it('is a stream that knows its declared length', async () => {
    const { outcome, socket } = await begin('Content-Length: 30\r\n');
    socket.write('x'.repeat(30));
    expect(await outcome).toMatchObject({ kind: 'stream', length: 30 });
    expect(await textOf(await streamOf(outcome))).toBe('x'.repeat(30));
  });

  it('is a stream that begins with what was read before', async () => {
    const { outcome, socket } = await begin('Transfer-Encoding: chunked\r\n');
    socket.write('f\r\n0123456789abcde\r\n');
    await delay(10);
    socket.write('f\r\nfghijklmnopqrst\r\n');
    expect(await outcome).toMatchObject({ kind: 'stream', length: undefined });
    socket.write('3\r\nuvw\r\n0\r\n\r\n');
    expect(await textOf(await streamOf(outcome))).toBe('0123456789abcdefghijklmnopqrstuvw');
  });

  it('reads no faster than it is read', async () => {
    const size = 64 * 1024 * 1024;
    const { outcome, socket } = await begin(`Content-Length: ${size}\r\n`, { maxBytes: size });
    const stream = await streamOf(outcome);
    socket.write(Buffer.alloc(size));
    await delay(100);
    expect(socket.bytesWritten - socket.writableLength).toBeLessThan(size / 2);
    expect(stream.readableLength).toBeLessThan(1024 * 1024);
    stream.destroy();
  });

  it('does not count the time in which nobody reads', async () => {
    const { outcome, socket } = await begin('Content-Length: 400000\r\n', { maxBytes: 400_000, idleMs: 60 });
    const stream = await streamOf(outcome);
    socket.write(Buffer.alloc(400_000));
    stream.read(0);
    await delay(200);
    expect(stream.errored).toBeNull();
    expect(await textOf(stream)).toHaveLength(400_000);
  });
});

describe('a body that is too large', () => {
  it('is refused before it is read where its length says so', async () => {
    const { request, outcome } = await begin('Content-Length: 101\r\n');
    expect(await problemOf(outcome)).toBe('413 payload-too-large');
    expect(request.readableFlowing).toBeNull();
  });

  it('is accepted with exactly the size of the limit', async () => {
    const { outcome, socket } = await begin('Content-Length: 100\r\n');
    socket.write('x'.repeat(100));
    expect(await textOf(await streamOf(outcome))).toHaveLength(100);
  });

  it('is refused at the limit when it comes in chunks into the buffer', async () => {
    const { outcome, socket } = await begin('Transfer-Encoding: chunked\r\n', { maxBytes: 10 });
    socket.write('b\r\n0123456789a\r\n');
    expect(await problemOf(outcome)).toBe('413 payload-too-large');
  });

  it('fails as a stream at the limit when it comes in chunks', async () => {
    const { outcome, socket } = await begin('Transfer-Encoding: chunked\r\n');
    socket.write(`32\r\n${'x'.repeat(50)}\r\n`);
    const text = textOf(await streamOf(outcome));
    socket.write(`33\r\n${'x'.repeat(51)}\r\n`);
    expect(await problemOf(text)).toBe('413 payload-too-large');
  });
});

describe('a body that breaks off', () => {
  it.each(['Content-Length: 10\r\n', 'Transfer-Encoding: chunked\r\n'])('while it is buffered (%j)', async (head) => {
    const { outcome, socket } = await begin(head);
    socket.write('5\r\nabc');
    await delay(10);
    socket.resetAndDestroy();
    expect(await problemOf(outcome)).toBe('400 invalid-body');
  });

  it('while it is streamed', async () => {
    const { outcome, socket } = await begin('Content-Length: 50\r\n');
    const text = textOf(await streamOf(outcome));
    socket.end('abc');
    expect(await problemOf(text)).toBe('400 invalid-body');
  });

  it('before anybody reads the stream: the failure waits there and harms nobody', async () => {
    const { outcome, socket } = await begin('Content-Length: 50\r\n');
    const stream = await streamOf(outcome);
    socket.resetAndDestroy();
    await eventually(() => expect(stream.errored).toBeInstanceOf(Problem));
    expect(await problemOf(textOf(stream))).toBe('400 invalid-body');
  });

  it('before it is read at all', async () => {
    const { request, outcome, socket } = await begin('');
    await outcome;
    socket.resetAndDestroy();
    await eventually(() => expect(request.destroyed).toBe(true));
    request.headers['content-length'] = '5';
    expect(await problemOf(reading(request, limits))).toBe('400 invalid-body');
  });
});

describe('a body that stalls', () => {
  it.each(['Content-Length: 10\r\n', 'Transfer-Encoding: chunked\r\n'])('while it is buffered (%j)', async (head) => {
    const { outcome, socket } = await begin(head, { idleMs: 50 });
    socket.write('5\r\nabc');
    expect(await problemOf(outcome)).toBe('400 invalid-body');
  });

  it('while it is streamed', async () => {
    const { outcome, socket } = await begin('Content-Length: 50\r\n', { idleMs: 50 });
    const text = textOf(await streamOf(outcome));
    socket.write('abc');
    expect(await problemOf(text)).toBe('400 invalid-body');
  });

  it.each([
    ['buffered', 'Content-Length: 19\r\n'],
    ['streamed', 'Content-Length: 50\r\n'],
  ])('in all, though it never pauses for long, while it is %s', async (_name, head) => {
    const { outcome, socket } = await begin(head, { idleMs: 5_000, totalMs: 100 });
    const drip = setInterval(() => socket.write('x'), 20);
    const whole = outcome.then(async (read) => (read.kind === 'stream' ? textOf(read.body) : ''));
    expect(await problemOf(whole)).toBe('400 invalid-body');
    clearInterval(drip);
  });
});

describe('a body that nobody wants any more', () => {
  it('leaves no listener and no timer behind when its stream is destroyed', async () => {
    const { request, outcome, socket } = await begin('Content-Length: 50\r\n', { idleMs: 50 });
    socket.write('abc');
    const stream = await streamOf(outcome);
    stream.read(0);
    stream.destroy();
    await delay(100);
    expect(stream.errored).toBeNull();
    expect(request.listenerCount('data')).toBe(0);
    expect(request.isPaused()).toBe(true);
  });
});

describe('any body', () => {
  it('comes out as it went in, however it was cut into pieces', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (parts, chunked) => {
        const sent = Buffer.concat(parts);
        const head = chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${sent.length}\r\n`;
        const { outcome, socket } = await begin(head, { maxBytes: 1_000 });
        for (const part of parts) {
          if (chunked) socket.write(`${part.length.toString(16)}\r\n`);
          socket.write(part);
          if (chunked) socket.write('\r\n');
          await delay(0);
        }
        if (chunked) socket.write('0\r\n\r\n');
        const read = await outcome;
        const got = read.kind === 'buffer' ? read.body : Buffer.concat(await read.body.toArray());
        expect(got.equals(sent)).toBe(true);
        expect(read.kind).toBe(sent.length > limits.bufferBytes ? 'stream' : 'buffer');
        socket.destroy();
        server?.close();
      }),
      { numRuns: 100 },
    );
  });
});
