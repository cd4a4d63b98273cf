import type { IncomingHttpHeaders } from 'node:http';

/** What an upstream got, for tests to look at. The body grows while it arrives. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were sent: shows a header that came twice. */
  readonly rawHeaders: readonly string[];
  /** The body's bytes; of a streamed body the first 64 KiB. */
  rawBody: Buffer;
  /** How many bytes of the body have arrived. */
  bodyBytes: number;
}

/** The requests that one upstream has seen: how many per route, and the last one. */
export class SeenRequests {
  readonly #perRoute = new Map<string, number>();
  #last: SeenRequest | undefined;

  add(route: string, request: SeenRequest): void {
    this.#perRoute.set(route, (this.#perRoute.get(route) ?? 0) + 1);
    this.#last = request;
  }

  get last(): SeenRequest | undefined {
    return this.#last;
  }

  /** Requests per route, such as `{ "POST /workflow-instances": 2 }`. */
  perRoute(): Record<string, number> {
    return Object.fromEntries(this.#perRoute);
  }

  count(route: string): number {
    return this.#perRoute.get(route) ?? 0;
  }

  clear(): void {
    this.#perRoute.clear();
    this.#last = undefined;
  }
}
