import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { SeenRequest } from './seen-requests.ts';

/** One request on its way through an upstream, and the response to write. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** The path as it was sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly seen: SeenRequest;
  #body: Promise<Buffer> | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? 'GET';
    const [path = '/', ...rest] = (request.url ?? '/').split('?');
    this.path = path;
    const query = rest.join('?');
    this.query = new URLSearchParams(query);
    this.seen = {
      method: this.method,
      path,
      query,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      rawBody: Buffer.alloc(0),
      bodyBytes: 0,
    };
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  /** A header that is sent once; the values of one that is sent several times, joined. */
  header(name: string): string | undefined {
    const value = this.request.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** The whole body; read on the first call. Rejects when the client leaves before its end. */
  body(): Promise<Buffer> {
    this.#body ??= this.#readBody();
    return this.#body;
  }

  async #readBody(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.request) {
      chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks);
    this.seen.rawBody = body;
    this.seen.bodyBytes = body.length;
    return body;
  }
}
