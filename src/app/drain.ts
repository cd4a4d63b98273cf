import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Drained {
  beginDraining(): void;
  close(): Promise<void>;
}

/** The connections of a server, and which of them have a request. Made before the server listens. */
export class Connections {
  /** How many requests of each are not answered to the end. */
  readonly #requests = new Map<Socket, number>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      server.on(event, ({ socket }: IncomingMessage, response: ServerResponse) => {
        this.#add(socket, 1);
        response.once('close', () => this.#add(socket, -1));
      });
  }

  /** Also those on which no request has come yet, which Node counts as busy. */
  closeIdle(): void {
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
  }

  #add(socket: Socket, change: number): void {
    const requests = this.#requests.get(socket);
    if (requests !== undefined) this.#requests.set(socket, requests + change);
  }
}

export interface DrainTimes {
  /** All of it, milliseconds: within the time after which the platform ends the process. */
  readonly graceMs: number;
  /** How long connections without a request stay open, so that the next request on them is answered with 503. */
  readonly lingerMs?: number;
}

const LINGER_MS = 500;
const LOOK_EVERY_MS = 50;

/**
 * Ends a server in order: it accepts no connection, answers new requests on open ones with 503, finishes what runs, and
 * closes the rest.
 *
 * @returns whether everything was finished within the grace
 */
export async function drain(
  { server, connections }: { readonly server: Server; readonly connections: Connections },
  host: Drained,
  { graceMs, lingerMs = LINGER_MS }: DrainTimes,
): Promise<boolean> {
  host.beginDraining();
  const closed = once(server, 'close');
  // Not http.Server's own close, which would cut idle connections while a request may be on its way to us.
  NetServer.prototype.close.call(server);
  const startMs = performance.now();
  const idle = setInterval(() => {
    // A connection that is kept alive becomes idle when its last answer is out.
    if (performance.now() - startMs >= lingerMs) connections.closeIdle();
  }, LOOK_EVERY_MS);
  const finished = Promise.all([closed, host.close()]).then(() => true);
  const timeOver = new AbortController();
  try {
    const late = delay(graceMs, false, { signal: timeOver.signal }).catch(() => false);
    return await Promise.race([finished, late]);
  } finally {
    timeOver.abort();
    clearInterval(idle);
    server.closeAllConnections();
  }
}
