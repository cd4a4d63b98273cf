import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What arrived at the server. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly body: string;
  /** The body read as a form. */
  readonly form: URLSearchParams;
}

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * An authorization server that does what it is told: each `…Once…` queues what happens to one request, in order. With
 * nothing queued it answers with numbered tokens: `token-1`, `token-2` …
 */
export class FakeTokenServer {
  readonly requests: RecordedRequest[] = [];
  /** `expires_in` of the tokens it makes by itself. */
  lifeSeconds = 3600;
  /** The secrets that it takes; any, unless it is told. */
  secrets: ReadonlySet<string> | undefined;
  /** The tokens that it made by itself, and the secret that each was given for. */
  readonly issued = new Map<string, string>();
  readonly #server: Server;
  readonly #script: Behaviour[] = [];
  #tokens = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeTokenServer> {
    const server = createServer();
    const fake = new FakeTokenServer(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void fake.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  /** Address of the token endpoint. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/oauth/token`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  respondOnceWith(status: number, body: string, headers: Record<string, string> = {}): this {
    return this.#next((_request, response) => response.writeHead(status, headers).end(body));
  }

  respondOnceWithJson(status: number, body: unknown, headers: Record<string, string> = {}): this {
    return this.respondOnceWith(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  }

  respondOnceWithHtml(status: number, headers: Record<string, string> = {}): this {
    return this.respondOnceWith(status, '<html><body>No.</body></html>', { 'content-type': 'text/html', ...headers });
  }

  /** A numbered token with these members changed. */
  respondOnceWithToken(members: Record<string, unknown> = {}): this {
    return this.#next((_request, response) => this.#sendToken(response, members));
  }

  /** UAA's answer to a wrong secret. */
  respondOnceWithUnauthorized(): this {
    return this.#next((_request, response) => sendUnauthorized(response));
  }

  redirectOnceTo(location: string, status = 302): this {
    return this.respondOnceWith(status, '', { location });
  }

  /** Closes the connection without an answer. */
  resetOnce(): this {
    return this.#next((request) => request.socket.destroy());
  }

  /** Never answers. */
  hangOnce(): this {
    return this.#next(() => undefined);
  }

  /** Sends head and first byte, then nothing more. */
  stallOnceInBody(): this {
    return this.#next((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    );
  }

  /** Says that more comes than it sends, then closes. */
  cutOnceInBody(): this {
    return this.#next((request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"access_token":', () => request.socket.destroy());
    });
  }

  /** Sends a body without an end. @returns the bytes that it got rid of, when the other side has hung up. */
  floodOnce(): Promise<number> {
    return new Promise((resolve) => {
      this.#next((_request, response) => {
        let sent = 0;
        const block = Buffer.alloc(16 * 1024, ' ');
        const pour = (): void => {
          while (!response.destroyed && response.write(block)) sent += block.length;
        };
        response.on('drain', pour).on('close', () => resolve(sent));
        pour();
      });
    });
  }

  /** Waits with a numbered token until the returned function is called. */
  holdOnce(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#next((_request, response) => void gate.promise.then(() => this.#sendToken(response, {})));
    return gate.resolve;
  }

  #next(behaviour: Behaviour): this {
    this.#script.push(behaviour);
    return this;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers, body, form: new URLSearchParams(body) });
    const secret = new URLSearchParams(body).get('client_secret') ?? '';
    const isRefused = this.secrets !== undefined && !this.secrets.has(secret);
    const behaviour: Behaviour = (_request, answer) =>
      isRefused ? sendUnauthorized(answer) : this.#sendToken(answer, {}, secret);
    (this.#script.shift() ?? behaviour)(request, response);
  }

  #sendToken(response: ServerResponse, members: Record<string, unknown>, secret = ''): void {
    this.#tokens += 1;
    this.issued.set(`token-${this.#tokens}`, secret);
    const token = { access_token: `token-${this.#tokens}`, token_type: 'bearer', expires_in: this.lifeSeconds };
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify({ ...token, ...members }));
  }
}

function sendUnauthorized(response: ServerResponse): void {
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: 'unauthorized', error_description: 'Bad credentials' }));
}
