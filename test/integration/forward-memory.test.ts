import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { echo, RawUpstream } from '../support/raw-upstream.ts';

const MIB = 1024 * 1024;
let child: ChildProcess | undefined;
let upstream: RawUpstream | undefined;

afterEach(async () => {
  if (child?.exitCode === null) {
    child.kill();
    await once(child, 'exit');
  }
  await upstream?.close();
});

describe('memory', () => {
  it('grows by less than 64 MiB while 128 MiB stream up and down', async () => {
    upstream = await RawUpstream.start(echo());
    const { port, peak } = await startChild(upstream.origin);
    await roundTrip(port, 32 * MIB);
    await peak();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = await peak();

    const { sent, received, bytes } = await roundTrip(port, 128 * MIB);

    expect(bytes).toBe(128 * MIB);
    expect(received).toBe(sent);
    expect((await peak()) - before).toBeLessThan(64 * MIB);
  }, 60_000);
});

async function startChild(origin: string): Promise<{ port: number; peak: () => Promise<number> }> {
  const path = new URL('../support/forwarding-child.ts', import.meta.url).pathname;
  const started = spawn(process.execPath, [path, origin], { stdio: ['pipe', 'pipe', 'inherit'] });
  child = started;
  const lines = createInterface(started.stdout)[Symbol.asyncIterator]();
  const read = async (): Promise<number> => Number((await lines.next()).value);
  const port = await read();
  const peak = async (): Promise<number> => {
    started.stdin.write('\n');
    return read();
  };
  return { port, peak };
}

/** Sends that many bytes, a different pattern in each piece, and reads what comes back. */
async function roundTrip(port: number, size: number): Promise<{ sent: string; received: string; bytes: number }> {
  const outgoing = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': size } });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  const sentHash = createHash('sha256');
  const sending = pipeline(Readable.from(pieces(size, sentHash), { objectMode: false }), outgoing);
  const [incoming] = await answered;
  const receivedHash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    receivedHash.update(chunk);
  }
  await sending;
  return { sent: sentHash.digest('hex'), received: receivedHash.digest('hex'), bytes };
}

function* pieces(size: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let sent = 0; sent < size; sent += 64 * 1024) {
    const piece = Buffer.alloc(Math.min(64 * 1024, size - sent), `${sent} `);
    hash.update(piece);
    yield piece;
  }
}
