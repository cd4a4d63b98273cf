import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const KEPT_BODY_BYTES = 1024 * 1024;

/** A request as the upstream saw it. */
export class ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values as they came, in turn. */
  readonly rawHeaders: readonly string[];
  bodyBytes = 0;
  /** The body arrived up to its proper end. */
  complete = false;
  /** The connection closed before the body was complete. */
  aborted = false;
  /** Bytes of the answer that the upstream has written so far, where the behaviour counts them. */
  sentBytes = 0;
  readonly #kept: Buffer[] = [];
  readonly #hash: Hash = createHash('sha256');

  constructor(request: IncomingMessage) {
    this.method = request.method ?? '';
    this.path = request.url ?? '';
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    request.on('close', () => {
      this.complete = request.complete;
      this.aborted = !request.complete;
    });
  }

  /** The body, of which the first MiB is kept. */
  get body(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** Hex; once, when the body is complete. */
  bodySha256(): string {
    return this.#hash.digest('hex');
  }

  add(chunk: Buffer): void {
    if (this.bodyBytes < KEPT_BODY_BYTES) this.#kept.push(chunk);
    this.bodyBytes += chunk.length;
    this.#hash.update(chunk);
  }
}

/** What a behaviour works with: Node's own objects, the socket below them, and the record. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly received: ReceivedRequest;
  /** Reads the body to its end; resolves early when the connection closes. */
  readonly readBody: () => Promise<void>;
}

export type Behaviour = (exchange: Exchange) => void | Promise<void>;

/**
 * An upstream that does as it is told, on a free port of loopback. The nth request gets the nth behaviour; the last one
 * stays for all that follow.
 */
export class RawUpstream {
  readonly requests: ReceivedRequest[] = [];
  /** Connections accepted so far. */
  connections = 0;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #sockets = new Set<Socket>();
  #behaviours: Behaviour[] = [answer(200)];

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(...behaviours: Behaviour[]): Promise<RawUpstream> {
    const upstream = new RawUpstream(createHttpServer(), 'http');
    if (behaviours.length > 0) upstream.behave(...behaviours);
    await upstream.#listen();
    return upstream;
  }

  static async startTls(options: ServerOptions, ...behaviours: Behaviour[]): Promise<RawUpstream> {
    const server = createHttpsServer(options);
    server.on('tlsClientError', () => {});
    const upstream = new RawUpstream(server, 'https');
    if (behaviours.length > 0) upstream.behave(...behaviours);
    await upstream.#listen();
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Without a trailing slash. */
  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** The request that came last. */
  get last(): ReceivedRequest {
    const last = this.requests.at(-1);
    if (!last) throw new Error('No request has come');
    return last;
  }

  behave(...behaviours: Behaviour[]): void {
    this.#behaviours = behaviours;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = new ReceivedRequest(request);
    this.requests.push(received);
    request.on('error', () => {});
    response.on('error', () => {});
    const behaviour = this.#behaviours.length > 1 ? this.#behaviours.shift() : this.#behaviours[0];
    const readBody = () => readWhole(request, received);
    await behaviour?.({ request, response, socket: request.socket, received, readBody });
  }
}

async function readWhole(request: IncomingMessage, received: ReceivedRequest): Promise<void> {
  request.on('data', (chunk: Buffer) => received.add(chunk));
  await new Promise((resolve) => request.once('end', resolve).once('close', resolve));
  received.complete = request.complete;
}

/* Proper answers */

/** Reads the request, then answers. */
export function answer(status: number, headers: Record<string, string | string[]> = {}, body = ''): Behaviour {
  return async ({ response, readBody }) => {
    await readBody();
    response.writeHead(status, headers).end(body);
  };
}

/** Sends the request's body back as it comes. */
export function echo(): Behaviour {
  return ({ request, response, received }) => {
    response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/octet-stream' });
    request.on('data', (chunk: Buffer) => received.add(chunk));
    request.pipe(response);
  };
}

/** Answers without having read the body. */
export function answerBeforeBody(status: number, headers: Record<string, string> = {}, body = ''): Behaviour {
  return ({ response }) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Writes the body in pieces with a pause before each, and counts what was written. */
export function slowBody(pieces: readonly string[], pauseMs: number): Behaviour {
  return async ({ response, received, readBody }) => {
    await readBody();
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    for (const piece of pieces) {
      await delay(pauseMs, undefined, { ref: false });
      if (response.destroyed) return;
      response.write(piece);
      received.sentBytes += piece.length;
    }
    response.end();
  };
}

/** Sends that many bytes as fast as they are taken, and counts what was written. */
export function largeBody(bytes: number, headers: Record<string, string> = {}): Behaviour {
  return async ({ response, received, readBody }) => {
    await readBody();
    response.writeHead(200, { 'content-type': 'application/octet-stream', ...headers });
    const piece = Buffer.alloc(64 * 1024, 'x');
    while (received.sentBytes < bytes && !response.destroyed) {
      const chunk = piece.subarray(0, Math.min(piece.length, bytes - received.sentBytes));
      received.sentBytes += chunk.length;
      if (response.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        const go = () => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.on('drain', go).on('close', go);
      });
    }
    response.end();
  };
}

/** The same answer, later. */
export function after(ms: number, behaviour: Behaviour): Behaviour {
  return async (exchange) => {
    await delay(ms, undefined, { ref: false });
    if (!exchange.socket.destroyed) await behaviour(exchange);
  };
}

/* Silence and broken answers, below HTTP */

/** Reads the request and says nothing. */
export function neverAnswer(): Behaviour {
  return async ({ readBody }) => readBody();
}

/** Does not even read the body. */
export function neverRead(): Behaviour {
  return ({ request }) => {
    request.pause();
  };
}

/** Resets the connection as soon as the request's head has come. */
export function resetBeforeHead(): Behaviour {
  return ({ socket }) => {
    socket.resetAndDestroy();
  };
}

/** Reads the whole request, then resets the connection. */
export function resetAfterRequest(): Behaviour {
  return async ({ socket, readBody }) => {
    await readBody();
    socket.resetAndDestroy();
  };
}

/** Reads the whole request, then closes the connection in order. */
export function closeAfterRequest(): Behaviour {
  return async ({ socket, readBody }) => {
    await readBody();
    socket.end();
  };
}

/** Reads the whole request, then writes these very bytes; closes the connection unless told to keep it. */
export function answerWithRawBytes(bytes: string | Buffer, options: { keepOpen?: boolean } = {}): Behaviour {
  return async ({ socket, readBody }) => {
    await readBody();
    if (options.keepOpen === true) socket.write(bytes, 'latin1');
    else socket.end(bytes, 'latin1');
  };
}

/** Declares a longer body than it sends, then closes the connection. */
export function shortContentLength(declared: number, sent: string): Behaviour {
  return answerWithRawBytes(`HTTP/1.1 200 OK\r\nContent-Length: ${declared}\r\n\r\n${sent}`);
}

/** Sends a chunk and closes the connection without the last one. */
export function chunkedWithoutEnd(sent: string): Behaviour {
  const size = sent.length.toString(16);
  return answerWithRawBytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${sent}\r\n`);
}

/** Sends a head and part of its body, then resets the connection a little later. */
export function resetInBody(declared: number, sent: string, afterMs = 20): Behaviour {
  return async ({ socket, readBody }) => {
    await readBody();
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${declared}\r\n\r\n${sent}`, 'latin1');
    await delay(afterMs);
    socket.resetAndDestroy();
  };
}
