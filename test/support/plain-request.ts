import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, or `undefined`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
  readonly json: any;
}

/** Sends exactly these headers, also those that `fetch` keeps for itself, and no credential. */
export function plainRequest(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<PlainAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>();
  const sent = request(url, { method, headers, agent: new Agent({ keepAlive: false }) }, (answer) => {
    answer.toArray().then((chunks: Buffer[]) => {
      const text = Buffer.concat(chunks).toString();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) });
    }, reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
