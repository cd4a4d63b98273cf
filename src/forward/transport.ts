import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Pool as UndiciPool } from 'undici';
import type { Secret } from '../config/secret.ts';
import type { AnswerSink } from './answer-sink.ts';
import { Attempt } from './attempt.ts';
import type { Deadline } from './deadline.ts';
import type { AnswerHead, UpstreamAnswer, UpstreamRequest } from './upstream-request.ts';

/** undici's index also loads its `fetch`, `WebSocket` and caches: 4 MB that stay, for nothing that is used here. */
const Pool = createRequire(import.meta.url)('undici/lib/dispatcher/pool.js') as typeof UndiciPool;

const CONNECTIONS = 128;
/** Connection and TLS handshake together. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Between two pieces of an answer, and for a caller that takes none: below the 20 s of SAP's web server. */
const IDLE_TIMEOUT_MS = 15_000;
/** Shorter than any upstream keeps one: a start must not be written into a connection that is being closed. */
const KEEP_ALIVE_MS = 4_000;
/** All header names and values of an answer. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Enough for any refusal. */
const MAX_BUFFERED_BYTES = 64 * 1024;

export interface TransportOptions {
  /** Our own certificate, and whom to trust instead of the system's authorities (PEM). */
  readonly tls?: { readonly cert?: Secret; readonly key?: Secret; readonly ca?: string };
  /** Sockets at once; further requests wait for one, within their deadline. Default 128. */
  readonly connections?: number;
  /** Default 3000, coarse by up to one second. */
  readonly connectTimeoutMs?: number;
  /** The longest pause in an answer, on either side of us. Default 15000. */
  readonly idleTimeoutMs?: number;
}

export interface SendOptions {
  /** Over all of it, to the last byte of the answer. */
  readonly deadline: Deadline;
  /**
   * Called once, with the head of the final answer. It either sets its own head on the caller's response and returns
   * that response: then head and body go out as they come, without its flushing. Or it returns `undefined`: then the
   * answer is read into memory. When the caller's request is not `complete` by then, that head should say
   * `Connection: close`. What it throws ends the attempt, and `send` throws it.
   */
  readonly relay?: (head: AnswerHead) => AnswerSink | undefined;
  /** The most that is read into memory. Default 64 KiB, made for refusals. */
  readonly maxBufferedBytes?: number;
  /** The caller's response: when its connection closes, the attempt ends. */
  readonly caller?: ServerResponse;
}

export interface TransportStats {
  /** Open sockets. */
  readonly connected: number;
  /** Open sockets without a request. */
  readonly free: number;
  readonly running: number;
  /** Requests that wait for a socket. */
  readonly queued: number;
}

/**
 * The way to one origin: a pool of HTTP/1.1 connections. It sends a request once, whatever happens: repeating is
 * decided one layer above, by the facts of the `TransportFailure`. It follows no redirect, uses no proxy, keeps no
 * cookie and decompresses nothing.
 */
export class Transport {
  readonly #pool: UndiciPool;
  readonly #idleTimeoutMs: number;
  #closing: Promise<void> | undefined;

  /** @param origin scheme, host and port, such as `https://api.example.com` */
  constructor(origin: string, options: TransportOptions = {}) {
    this.#idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.#pool = new Pool(origin, {
      connections: options.connections ?? CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      useMilo: false, // whatever UNDICI_USE_MILO says: the tests of hostile answers prove the stable parser
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0, // the deadline's own timer is exact, undici's is not
      bodyTimeout: this.#idleTimeoutMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      connect: connectOptions(options),
    });
  }

  /**
   * Sends one request and brings its answer, whatever its status.
   * @throws TransportFailure when there is no whole answer. If part of it had gone to the caller (`answerBegun`), the
   * caller's connection has been reset: there is nothing left to answer. A request that cannot be written at all, such
   * as one with a line break in a header, is a bug of ours and throws undici's own error.
   */
  send(request: UpstreamRequest, options: SendOptions): Promise<UpstreamAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
    const attempt = new Attempt(request, {
      deadline: options.deadline,
      relay: options.relay,
      caller: options.caller,
      maxBufferedBytes: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
      idleTimeoutMs: this.#idleTimeoutMs,
      resolve,
      reject,
    });
    if (attempt.begin()) {
      const { method, path, body } = request;
      this.#pool.dispatch({ method, path, headers: framedHeaders(request), body: body ?? null }, attempt);
    }
    return promise;
  }

  /** Takes no further request, waits for those that run, then closes all sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.close();
    return this.#closing;
  }

  /** Closes all sockets at once. What still runs on them fails as `aborted`. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }

  stats(): TransportStats {
    const { connected, free, running, queued } = this.#pool.stats;
    return { connected, free, running, queued };
  }
}

/** The length of a buffer is its own; a stream has the length that was declared, or goes out in chunks. */
function framedHeaders({ headers, body, bodyLength }: UpstreamRequest): Record<string, string> {
  const isStream = body !== undefined && !Buffer.isBuffer(body);
  return isStream && bodyLength !== undefined ? { ...headers, 'content-length': String(bodyLength) } : headers;
}

function connectOptions({ tls = {}, connectTimeoutMs = CONNECT_TIMEOUT_MS }: TransportOptions) {
  return {
    timeout: connectTimeoutMs,
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    ...(tls.cert ? { cert: tls.cert.reveal() } : {}),
    ...(tls.key ? { key: tls.key.reveal() } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
}
