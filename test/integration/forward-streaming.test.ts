import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TransportFailure } from '../../src/forward/transport-failure.ts';
import { Transport, type TransportOptions } from '../../src/forward/transport.ts';
import { eventually } from '../support/eventually.ts';
import { ForwardingServer, type ForwardingOptions } from '../support/forwarding-server.ts';
import {
  answer,
  answerBeforeBody,
  echo,
  largeBody,
  neverAnswer,
  neverRead,
  RawUpstream,
  slowBody,
  type Behaviour,
} from '../support/raw-upstream.ts';

const MIB = 1024 * 1024;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setup {
  readonly upstream: RawUpstream;
  readonly transport: Transport;
  readonly server: ForwardingServer;
}

async function start(
  behaviour: Behaviour,
  options: { transport?: TransportOptions; server?: ForwardingOptions } = {},
): Promise<Setup> {
  const upstream = await RawUpstream.start(behaviour);
  cleanups.push(() => upstream.close());
  const transport = new Transport(upstream.origin, options.transport);
  const server = await ForwardingServer.start(transport, options.server);
  cleanups.push(
    () => transport.close(),
    () => server.close(),
  );
  return { upstream, transport, server };
}

/** A bare connection with the head of a request written to it. */
function open(port: number, head: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`${head}\r\nHost: a\r\n`);
  return socket;
}

async function nothingLeft({ upstream, transport, server }: Setup): Promise<void> {
  await eventually(() => {
    expect(server.openSockets).toBe(0);
    expect(upstream.openSockets).toBe(0);
    expect(transport.stats()).toMatchObject({ connected: 0, running: 0, queued: 0 });
  });
}

describe('a relayed answer', () => {
  it('has the status, the listed headers and the bytes of the upstream', async () => {
    const headers = { 'content-type': 'text/plain', 'set-cookie': 'a=1', server: 'x', 'x-powered-by': 'y' };
    const { server } = await start(answer(418, headers, 'short and stout'));
    const got = await fetch(`${server.origin}/x`);
    expect(got.status).toBe(418);
    expect(got.headers.get('content-type')).toBe('text/plain');
    for (const name of ['set-cookie', 'server', 'x-powered-by']) expect(got.headers.get(name)).toBeNull();
    expect(await got.text()).toBe('short and stout');
  });

  it('reaches the caller piece by piece, not when it is whole', async () => {
    const { server } = await start(slowBody(['one', 'two', 'three'], 50));
    const reader = (await fetch(`${server.origin}/x`)).body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('one');
    await reader?.cancel();
  });

  it('reaches the caller with its head while the body is still to come', async () => {
    const { server } = await start(({ response }) => {
      response.writeHead(202, { 'content-type': 'text/plain' }).flushHeaders();
    });
    const controller = new AbortController();
    expect((await fetch(`${server.origin}/x`, { signal: controller.signal })).status).toBe(202);
    controller.abort();
  });

  it('of HEAD keeps its length and has no body', async () => {
    const { server } = await start(answer(200, { 'content-length': '1234' }));
    const got = await fetch(`${server.origin}/x`, { method: 'HEAD' });
    expect(got.headers.get('content-length')).toBe('1234');
    expect(await got.text()).toBe('');
  });

  it('does not wait for the end of the upload', async () => {
    const { server, upstream } = await start(answerBeforeBody(413, { 'content-type': 'text/plain' }, 'too big'));
    const socket = open(server.port, 'POST /x HTTP/1.1');
    socket.write('Content-Length: 1000000\r\n\r\nbeginning');
    const text = await readAll(socket);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/^connection: close$/im);
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('brings every byte, however the upload was cut into pieces', async () => {
    const { server } = await start(echo(), { server: { bufferBytes: 64 } });
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (parts, chunked) => {
        const sent = Buffer.concat(parts);
        const socket = open(server.port, 'POST /x HTTP/1.1');
        socket.write(
          `Connection: close\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${sent.length}`}\r\n\r\n`,
        );
        for (const part of parts) {
          socket.write(
            chunked ? Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]) : part,
          );
          await delay(0);
        }
        if (chunked) socket.write('0\r\n\r\n');
        const { body } = await readAnswer(socket);
        expect(body.equals(sent)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a slow party', () => {
  it('that reads pauses the upstream: little of a large answer is under way', async () => {
    const { server, upstream } = await start(largeBody(256 * MIB));
    const socket = open(server.port, 'GET /x HTTP/1.1').pause();
    socket.write('\r\n');
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    await settled(() => upstream.last.sentBytes);
    // The kernel's own socket buffers on loopback hold some MiB on each of the two connections.
    expect(upstream.last.sentBytes).toBeLessThan(32 * MIB);
    socket.destroy();
  });

  it('that reads nothing at all for the idle time is cut off', async () => {
    const setup = await start(largeBody(256 * MIB), { transport: { idleTimeoutMs: 200 } });
    const socket = open(setup.server.port, 'GET /x HTTP/1.1').pause();
    socket.write('\r\n');
    await eventually(() => expect(setup.server.failures).toHaveLength(1));
    expect(setup.server.failures[0]).toMatchObject({ reason: 'aborted', code: 'CALLER_STALLED', answerBegun: true });
    socket.resume();
    await nothingLeft(setup);
  });

  it('that reads slowly, but reads, gets everything', async () => {
    const { server } = await start(largeBody(8 * MIB), { transport: { idleTimeoutMs: 500 } });
    const socket = open(server.port, 'GET /x HTTP/1.1');
    socket.write('Connection: close\r\n\r\n');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    await new Promise((resolve) => socket.on('close', resolve));
    expect(bytes).toBeGreaterThan(8 * MIB);
    expect(server.failures).toHaveLength(0);
  });

  it('that takes an upload slowly pauses the caller', async () => {
    const { server } = await start(neverRead(), { server: { timeoutMs: 3_000 } });
    const socket = open(server.port, 'POST /x HTTP/1.1');
    socket.write(`Content-Length: ${256 * MIB}\r\n\r\n`);
    let written = 0;
    const piece = Buffer.alloc(64 * 1024);
    const push = (): void => {
      while (written < 256 * MIB && socket.write(piece)) written += piece.length;
    };
    socket.on('drain', push);
    push();
    await settled(() => written);
    expect(written).toBeLessThan(32 * MIB);
    socket.destroy();
  });
});

describe('a caller that leaves', () => {
  it('in the middle of an upload in chunks aborts it: the upstream never sees a last chunk', async () => {
    const setup = await start(neverAnswer(), { server: { bufferBytes: 4 } });
    const socket = open(setup.server.port, 'POST /x HTTP/1.1');
    socket.write('Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
    await eventually(() => expect(setup.upstream.last.bodyBytes).toBe(5));
    socket.resetAndDestroy();
    await eventually(() => expect(setup.upstream.last).toMatchObject({ aborted: true, complete: false }));
    await nothingLeft(setup);
  });

  it('in the middle of an upload with a length aborts it', async () => {
    const setup = await start(neverAnswer(), { server: { bufferBytes: 4 } });
    const socket = open(setup.server.port, 'POST /x HTTP/1.1');
    socket.write('Content-Length: 100\r\n\r\nabcde');
    await eventually(() => expect(setup.upstream.last.bodyBytes).toBe(5));
    socket.end();
    await eventually(() => expect(setup.upstream.last).toMatchObject({ aborted: true, complete: false }));
    await nothingLeft(setup);
  });

  it('while the upstream thinks ends the attempt, which is no failure of the upstream', async () => {
    const setup = await start(neverAnswer());
    const socket = open(setup.server.port, 'POST /x HTTP/1.1');
    socket.write('Content-Length: 1\r\n\r\nx');
    await eventually(() => expect(setup.upstream.last.bodyBytes).toBe(1));
    socket.resetAndDestroy();
    await eventually(() => expect(setup.server.failures).toHaveLength(1));
    expect(setup.server.failures[0]).toMatchObject({ reason: 'aborted', code: 'CALLER_LEFT', bytesSent: true });
    await nothingLeft(setup);
  });

  it('while the answer streams ends the attempt', async () => {
    const setup = await start(largeBody(256 * MIB));
    const socket = open(setup.server.port, 'GET /x HTTP/1.1');
    socket.write('\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
    await eventually(() => expect(setup.server.failures).toHaveLength(1));
    expect(setup.server.failures[0]).toMatchObject({ reason: 'aborted', phase: 'answer-body' });
    await nothingLeft(setup);
  });

  it('leaves nothing open, 200 times over, at whatever moment', async () => {
    let turn = 0;
    const behaviours = [neverAnswer(), largeBody(64 * MIB), slowBody(['a', 'b', 'c', 'd'], 30), echo()];
    const setup = await start((exchange) => behaviours[(turn += 1) % behaviours.length]?.(exchange), {
      server: { bufferBytes: 16 },
    });
    const callers = Array.from({ length: 200 }, async (_, i) => {
      const socket = open(setup.server.port, 'POST /x HTTP/1.1');
      socket.write('Transfer-Encoding: chunked\r\n\r\n20\r\n01234567890123456789012345678901\r\n');
      socket.resume();
      await delay(i % 50);
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.end();
    });
    await Promise.all(callers);
    await nothingLeft(setup);
    expect(setup.server.relayed + setup.server.failures.length).toBe(200);
    for (const failure of setup.server.failures) {
      if (failure instanceof TransportFailure) expect(failure.reason).toMatch(/^(aborted|caller-body)$/);
    }
  });
});

/** Waits until a number has not changed for a while. */
async function settled(read: () => number): Promise<void> {
  let last = -1;
  for (let i = 0; i < 100 && last !== read(); i += 1) {
    last = read();
    await delay(100);
  }
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

/** Reads an answer in chunks up to the end of the connection. */
async function readAnswer(socket: Socket): Promise<{ head: string; body: Buffer }> {
  const text = await readAll(socket);
  const [head = '', ...rest] = text.split('\r\n\r\n');
  let framed = rest.join('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return { head, body: Buffer.from(framed, 'latin1') };
  const parts: string[] = [];
  for (;;) {
    const lineEnd = framed.indexOf('\r\n');
    const size = Number.parseInt(framed.slice(0, lineEnd), 16);
    if (!(size > 0)) return { head, body: Buffer.from(parts.join(''), 'latin1') };
    parts.push(framed.slice(lineEnd + 2, lineEnd + 2 + size));
    framed = framed.slice(lineEnd + 2 + size + 2);
  }
}
