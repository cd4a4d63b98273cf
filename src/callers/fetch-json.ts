import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** The whole exchange, milliseconds. */
const TIMEOUT_MS = 5000;
/** Key sets with certificate chains take some 20 kB. */
const LARGEST_ANSWER = 256 * 1024;

/** Asked for seldom, so no connection is kept; and unlike Node's global agents these take no proxy from the environment. */
const agent = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };

/** Why a document could not be had. It names neither the address nor anything that the server said. */
export class FetchFailure extends Error {
  /** The system's code, such as `ECONNREFUSED`, or `STATUS_404`, `TOO_LARGE`, `NOT_JSON`. */
  readonly code: string;

  constructor(code: string) {
    super(`the document cannot be had: ${code}`);
    this.name = 'FetchFailure';
    this.code = code;
  }
}

/**
 * Reads a public JSON document: once, without a redirect, without any credential.
 *
 * @throws {FetchFailure}
 */
export async function fetchJson(url: string): Promise<unknown> {
  const text = await fetchText(url);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FetchFailure('NOT_JSON');
  }
}

async function fetchText(url: string): Promise<string> {
  const { default: got, RequestError } = await import('got'); // only where some caller shows JWTs
  const stream = got.stream.get(url, {
    headers: { 'user-agent': 'flowgate', accept: 'application/json' },
    agent,
    followRedirect: false, // the keys are where the configuration says, and nowhere else
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { request: TIMEOUT_MS },
    https: { rejectUnauthorized: true },
  });
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    // Counted after decompression, so that a small answer cannot grow without bounds.
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > LARGEST_ANSWER) throw new FetchFailure('TOO_LARGE'); // leaving the loop ends the connection
      chunks.push(chunk);
    }
    const status = stream.response?.statusCode ?? 0;
    if (status !== 200) throw new FetchFailure(`STATUS_${status}`);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    // got hangs the whole request on its errors: nothing of them goes further.
    if (error instanceof FetchFailure) throw error;
    throw new FetchFailure(error instanceof RequestError ? error.code : 'FAILED');
  }
}
