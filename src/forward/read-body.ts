import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Problem } from '../problems/problem.ts';
import { BodyClock } from './body-clock.ts';
import { bodyBrokeOff, bodyStalled, bodyTooLarge } from './body-problems.ts';
import { BodyStream } from './body-stream.ts';

export interface BodyLimits {
  /** The largest body that is accepted, in bytes. */
  readonly maxBytes: number;
  /** The largest body that is kept in memory, in bytes; a larger one is streamed. */
  readonly bufferBytes: number;
  /** The longest pause in the body, in milliseconds. Default 15000. */
  readonly idleMs?: number;
  /** The longest time for the whole body, in milliseconds. Default: none. */
  readonly totalMs?: number;
}

export type RequestBody =
  | { readonly kind: 'buffer'; readonly body: Buffer }
  | { readonly kind: 'stream'; readonly body: Readable; readonly length: number | undefined };

const DEFAULT_IDLE_MS = 15_000;
const EMPTY = Buffer.alloc(0);

/**
 * Reads a caller's body: a small one into memory, a larger one as a stream that takes from the caller no faster than it
 * is read. The bytes are those that came: nothing is decoded or decompressed. A stream that is not wanted any more must
 * be destroyed. What has come with its head already is returned at once, anything else as a promise. Without `totalMs` a caller may drip a body as slowly as `idleMs` allows.
 * @throws Problem `payload-too-large` for a body larger than `maxBytes`, unread where its length was declared;
 * `invalid-body` for one that stalls or breaks off. A stream fails with the same problems.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): RequestBody | Promise<RequestBody> {
  const length = declaredLength(request);
  if (length === 0) return { kind: 'buffer', body: EMPTY };
  if (length !== undefined && length > limits.maxBytes) throw bodyTooLarge();
  if (request.destroyed) throw bodyBrokeOff();
  if (length !== undefined && length > limits.bufferBytes) {
    return { kind: 'stream', body: streamOf(request, limits), length };
  }
  if (request.complete && length !== undefined) return { kind: 'buffer', body: whole(request, limits.maxBytes) };
  return collect(request, limits);
}

/** 0: there is no body; `undefined`: it comes in chunks (RFC 9112, section 6.3). */
function declaredLength(request: IncomingMessage): number | undefined {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined) return undefined;
  return length === undefined ? 0 : Number(length);
}

function streamOf(request: IncomingMessage, limits: BodyLimits, read: readonly Buffer[] = []): BodyStream {
  const { maxBytes, idleMs = DEFAULT_IDLE_MS, totalMs } = limits;
  return new BodyStream(request, { maxBytes, idleMs, totalMs }, read);
}

/** A body that has come with its head: nothing is waited for. */
function whole(request: IncomingMessage, maxBytes: number): Buffer {
  const body = (request.read() as Buffer | null) ?? EMPTY;
  if (body.length > maxBytes) throw bodyTooLarge();
  return body;
}

/** Reads until the end; where the body outgrows the buffer, the rest and what has been read become a stream. */
function collect(request: IncomingMessage, limits: BodyLimits): Promise<RequestBody> {
  const { promise, resolve, reject } = Promise.withResolvers<RequestBody>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const clock = new BodyClock(limits.idleMs ?? DEFAULT_IDLE_MS, limits.totalMs, () => fail(bodyStalled()));

  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limits.maxBytes) {
      fail(bodyTooLarge());
    } else if (bytes > limits.bufferBytes) {
      letGo();
      resolve({ kind: 'stream', body: streamOf(request, limits, chunks), length: undefined });
    } else {
      clock.wait();
    }
  };
  const onEnd = (): void => {
    letGo();
    resolve({ kind: 'buffer', body: join(chunks, bytes) });
  };
  const onError = (error: Error): void => fail(bodyBrokeOff(error));
  const onClose = (): void => fail(bodyBrokeOff());

  function letGo(): void {
    clock.stop();
    request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
  }
  function fail(problem: Problem): void {
    letGo();
    request.pause();
    reject(problem);
  }

  clock.wait();
  request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  return promise;
}

/** A body that came in one piece is not copied. */
function join(chunks: readonly Buffer[], bytes: number): Buffer {
  const [first = EMPTY] = chunks;
  return chunks.length <= 1 ? first : Buffer.concat(chunks, bytes);
}
