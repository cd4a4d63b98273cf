import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestCertificate } from './test-certificate.ts';

/** Servers of one test, each on a free port of loopback. */
export class SmallServers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** @returns its origin */
  async http(listener: RequestListener): Promise<string> {
    return `http://127.0.0.1:${await this.#listen(createHttp(listener))}`;
  }

  async https(certificate: TestCertificate, listener: RequestListener): Promise<string> {
    return `https://127.0.0.1:${await this.#listen(createHttps(certificate, listener))}`;
  }

  /** Takes connections, and does with them what it is told: nothing, by default. @returns host and port */
  async tcp(serve: (socket: Socket) => void = () => undefined): Promise<string> {
    return `127.0.0.1:${await this.#listen(createTcp(serve))}`;
  }

  async #listen(server: Server): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.on('error', () => undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => once(server, 'close')));
  }
}
