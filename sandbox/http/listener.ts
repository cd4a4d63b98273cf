import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const loopback = '127.0.0.1';

/** Longer than the 90 s of the platform's router, so that a client's idle connection is never closed under it. */
const keepAliveMs = 95_000;
/** All headers of a request together, as the platform's router limits them. */
const maxHeaderBytes = 64 * 1024;
/** How long a client may take to notice that its connection is being closed. */
const patienceMs = 200;
/** How often, and how long after each other, the same port is tried again: a client elsewhere may use it for a moment. */
const portAttempts = 40;
const portPauseMs = 100;

/** An HTTP server on loopback that can refuse connections for a while and come back on the same port. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(onRequest: RequestListener) {
    this.#server = createServer({ keepAliveTimeout: keepAliveMs, maxHeaderSize: maxHeaderBytes }, onRequest);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** `http://127.0.0.1:<port>`, known once it was opened. */
  get url(): string {
    return `http://${loopback}:${this.#port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Starts to listen. @param port 0: any free port, the first time; later the same port again. */
  async open(port = this.#port): Promise<void> {
    if (this.#server.listening) {
      return;
    }
    const isAgain = this.#port !== 0;
    for (let attempt = 1; !this.#server.listening; attempt++) {
      try {
        this.#server.listen(port, loopback);
        // `once` rejects with the server's 'error', such as EADDRINUSE.
        await once(this.#server, 'listening');
      } catch (error) {
        if (!isAgain || attempt === portAttempts || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        await wait(portPauseMs);
      }
    }
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /**
   * Closes every connection and stops to listen: new connections are refused. Ends once the clients have noticed, so
   * that none of them tries a connection of its pool that is gone already.
   */
  async close(): Promise<void> {
    if (!this.#server.listening) {
      return;
    }
    await this.#sendClientsAway();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #sendClientsAway(): Promise<void> {
    const gone = [...this.#sockets].map(async (socket) => {
      socket.end();
      await new Promise((resolve) => socket.once('close', resolve));
    });
    const patience = new AbortController();
    const tooLong = wait(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(gone), tooLong]);
    patience.abort();
  }
}
