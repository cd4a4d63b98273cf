import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';

/**
 * A request may be refused long before its body has come. Clients that write all of it before they read must get the
 * answer all the same (RFC 9112, section 9.6).
 */

const stack = useFlowgate();

const START = '/api/workflow/definitions/onboarding/instances';
const KEY = `X-API-Key: ${API_KEY}`;
const JSON_TYPE = 'Content-Type: application/json';
const MEGABYTES = 8;
const BODY = Buffer.alloc(MEGABYTES * 1024 * 1024, 'x');
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x1_00_00, 'x'), Buffer.from('\r\n')]);
const CHUNKS = Buffer.concat([...Array.from({ length: MEGABYTES * 16 }, () => CHUNK), Buffer.from('0\r\n\r\n')]);

function port(): number {
  return stack.port;
}

function head(path: string, lines: readonly string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n');
}

/** What a client gets that reads nothing before its whole request is written. */
async function writtenThenRead(text: string, body: Buffer): Promise<string> {
  const socket = connect({ port: port(), host: '127.0.0.1' });
  socket.pause();
  await once(socket, 'connect');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(Buffer.concat([Buffer.from(text), body]), (error) => (error ? reject(error) : resolve()));
  });
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

describe('a client that writes its whole body before it reads', () => {
  const length = `Content-Length: ${BODY.length}`;
  const chunked = 'Transfer-Encoding: chunked';

  it.each([
    ['without a credential', START, [JSON_TYPE, length], BODY, 401, 'unauthenticated'],
    ['to a route that does not exist', '/api/nothing/here', [KEY, length], BODY, 404, 'not-found'],
    ['of the wrong type', START, [KEY, 'Content-Type: text/plain', length], BODY, 415, 'unsupported-media-type'],
    ['that is too large', START, [KEY, JSON_TYPE, length], BODY, 413, 'payload-too-large'],
    ['that turns out too large', START, [KEY, JSON_TYPE, chunked], CHUNKS, 413, 'payload-too-large'],
  ])('%s gets the refusal', async (_name, path, lines, body, status, code) => {
    const answer = await writtenThenRead(head(path, lines), body);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer.toLowerCase()).toContain('connection: close');
  });
});

describe('the connection of a refused upload', () => {
  it('is closed after two seconds, though its client sends on', async () => {
    const socket = connect({ port: port(), host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {}); // a reset is what such a client gets in the end
    socket.resume();
    socket.write(head(START, [JSON_TYPE, 'Content-Length: 1000000000']));
    const timer = setInterval(() => socket.write(Buffer.alloc(1000)), 20);
    const startMs = performance.now();
    await Promise.race([closed, delay(10_000, undefined, { ref: false })]);
    clearInterval(timer);
    const isClosed = socket.destroyed;
    socket.destroy();
    expect(isClosed).toBe(true);
    expect(performance.now() - startMs).toBeGreaterThan(1_500); // milliseconds
  });

  it('takes no further request, which could be part of the body', async () => {
    const connection = await RawConnection.open(port());
    connection.write(head(START, [JSON_TYPE, 'Content-Length: 4']));
    expect((await connection.answer())?.status).toBe(401);
    connection.write(`body${head('/health', [])}`);
    await connection.closed();
    await delay(100);
    expect(connection.pending.toString()).toBe('');
    connection.destroy();
  });
});
