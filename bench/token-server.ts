import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

/** An authorization server that counts what it is asked, and answers after `delayMs` with tokens of a chosen life. */
export class TokenServer {
  requests = 0;
  delayMs = 0;
  lifeSeconds = 43_199;
  /** When it was at work: from and to, milliseconds since the epoch. */
  readonly busy: [number, number][] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TokenServer> {
    const server = createServer();
    const tokens = new TokenServer(server);
    server.on('request', (request, response) => {
      request.resume();
      tokens.requests++;
      const fromMs = Date.now();
      setTimeout(() => {
        tokens.busy.push([fromMs, Date.now()]);
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            access_token: `token-${tokens.requests}`,
            token_type: 'bearer',
            expires_in: tokens.lifeSeconds,
          }),
        );
      }, tokens.delayMs);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return tokens;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/oauth/token`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
