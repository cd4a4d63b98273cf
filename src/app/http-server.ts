import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import { closeInStages, isClosingInStages } from './close-in-stages.ts';
import { refuseConnect, refuseUnreadable } from './refused-connection.ts';

/** Limits that hold before a request exists, and after its answer was made. Times in milliseconds. */
export interface HttpLimits {
  /** For the head of a request, from the opening of its connection or from its first byte. */
  readonly headersMs: number;
  /** How often connections are looked at: what is late is found so much later. */
  readonly checkEveryMs: number;
  /** For an idle connection between two requests. */
  readonly keepAliveMs: number;
  /** For a client that takes nothing of an answer which is ready. */
  readonly stallMs: number;
  /** Connections at once. Any further one is closed as soon as it is opened. */
  readonly maxConnections: number;
}

export const LIMITS: HttpLimits = {
  headersMs: 10_000,
  checkEveryMs: 2_000,
  // Over the 90 s for which Cloud Foundry's router keeps idle connections: ours must not be the side that closes.
  keepAliveMs: 120_000,
  stallMs: 15_000,
  maxConnections: 4_000,
};

const MAX_HEADER_BYTES = 16 * 1024;

/**
 * How much of a body is taken from one side before the other side has taken it, bytes per direction. With Node's 64 KiB
 * each piece that comes from a service would halt it, although the kernel takes several at once.
 */
const BUFFER_BYTES = 256 * 1024;

/** Between two log lines about connections that were closed because there were too many. */
const DROP_NOTICE_MS = 10_000;

/**
 * The HTTP server, with limits of its own. Bodies have deadlines per route, so Node's limit over the whole request is
 * off. What Node's parser refuses is answered here, without a body; everything else goes to the listener.
 */
export function createHttpServer(listener: RequestListener, log: Log, limits: Partial<HttpLimits> = {}): Server {
  const { headersMs, checkEveryMs, keepAliveMs, stallMs, maxConnections } = { ...LIMITS, ...limits };
  const server = createServer({
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersMs,
    requestTimeout: 0,
    connectionsCheckingInterval: checkEveryMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    highWaterMark: BUFFER_BYTES,
    requireHostHeader: false, // refused by ourselves, with a problem that says so
    joinDuplicateHeaders: false,
  });
  // Node would drop what is beyond the limit without a word, a second Host among it. They are counted with the request.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections;
  server.on('drop', noticeDrops(log, maxConnections));

  /** The last request of each connection. */
  const latest = new WeakMap<Socket, ServerResponse>();
  server.on('connection', (socket: Socket) => closeInStages(socket, () => latest.get(socket)?.req));
  function limitStall(this: ServerResponse): void {
    // The answer is written as far as the client takes it: from here on it may not stall.
    const { socket } = this.req;
    if (socket.writableLength > 0) socket.setTimeout(stallMs);
  }
  function releaseConnection(this: ServerResponse): void {
    const { socket, complete } = this.req;
    // Nobody reads on: what is left of the body must not be taken for a request, nor keep the connection busy.
    if (!complete) socket.destroySoon();
    // Another answer is due on this connection, and may take its time.
    else if (latest.get(socket) !== this) socket.setTimeout(0);
  }
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (isClosingInStages(socket)) return;
    latest.set(socket, response);
    request.url = readableTarget(request.url ?? '');
    response.on('prefinish', limitStall);
    response.on('finish', releaseConnection);
    listener(request, response);
  };
  server.on('request', serve);
  // Without this listener Node sends 100 Continue before anyone has looked at the credential.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue();
    });
    serve(request, response);
  });
  server.on('checkExpectation', serve);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => refuseConnect(socket, log));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!isClosingInStages(socket)) refuseUnreadable(error, socket, latest.get(socket), log);
  });
  return server;
}

/**
 * Express reads paths before any step of ours runs, and answers with a page of its own where it cannot. In the place of
 * what it might not read it gets what is refused for the same reason (`parseTarget`).
 */
function readableTarget(target: string): string {
  if (!target.startsWith('/')) return '*';
  return target.includes('#') ? '/#' : target;
}

function noticeDrops(log: Log, maxConnections: number): () => void {
  let noticedMs = -Infinity;
  return () => {
    if (performance.now() - noticedMs < DROP_NOTICE_MS) return;
    noticedMs = performance.now();
    log.warn({ maxConnections }, 'too many connections: new ones are closed');
  };
}
