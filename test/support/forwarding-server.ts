import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Deadline } from '../../src/forward/deadline.ts';
import { answerHeaders, flowAnswerHeaders, flowRequestHeaders, requestHeaders } from '../../src/forward/headers.ts';
import { readBody, type BodyLimits } from '../../src/forward/read-body.ts';
import { TransportFailure } from '../../src/forward/transport-failure.ts';
import type { Transport } from '../../src/forward/transport.ts';
import { Problem } from '../../src/problems/problem.ts';
import { sendProblem } from '../../src/problems/send-problem.ts';

export interface ForwardingOptions extends Partial<BodyLimits> {
  readonly timeoutMs?: number;
}

/** The least that makes a forwarding server of the room `forward/`: no tokens, no routes, everything is relayed. */
export class ForwardingServer {
  /** What `send` threw, in order. */
  readonly failures: unknown[] = [];
  /** Answers that went out whole. */
  relayed = 0;
  readonly #server: Server;
  readonly #transport: Transport;
  readonly #options: ForwardingOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(transport: Transport, options: ForwardingOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#server = createServer((request, response) => void this.#forward(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(transport: Transport, options: ForwardingOptions = {}): Promise<ForwardingServer> {
    const server = new ForwardingServer(transport, options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#relay(request, response);
      this.relayed += 1;
    } catch (error) {
      this.failures.push(error);
      if (error instanceof TransportFailure && error.answerBegun) return;
      const cause = error instanceof TransportFailure ? error.cause : error;
      const problem = cause instanceof Problem ? cause : new Problem('upstream-failed', { detail: 'd', hint: 'h' });
      sendProblem(response, problem, 'c');
    }
  }

  async #relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { timeoutMs = 10_000, maxBytes = 2 ** 40, bufferBytes = 64 * 1024, ...more } = this.#options;
    const read = await readBody(request, { maxBytes, bufferBytes, ...more });
    await this.#transport.send(
      {
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: requestHeaders(request.headers, flowRequestHeaders),
        body: read.body,
        bodyLength: read.kind === 'stream' ? read.length : undefined,
      },
      {
        deadline: new Deadline(timeoutMs, 'limits.timeout'),
        caller: response,
        relay: (head) => {
          if (!request.complete) response.setHeader('Connection', 'close');
          return response.writeHead(head.status, answerHeaders(head, flowAnswerHeaders));
        },
      },
    );
  }
}
