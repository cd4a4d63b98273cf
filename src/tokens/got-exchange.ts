import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got from 'got';
import { Problem } from '../problems/problem.ts';
import { explainTransportError } from './explain-transport-error.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpRequest } from './http-exchange.ts';
import { tokenAddress } from './token-address.ts';
import { TokenFailure } from './token-failure.ts';

const CONNECT_TIMEOUT_MS = 3000;
const LARGEST_ANSWER = 64 * 1024;

/**
 * Agents of our own. Tokens are asked for too seldom for kept connections, which would only be found broken, and a
 * resumed TLS session would not look at the certificates again. These agents know no proxy either, whereas Node's
 * global ones take theirs from the environment (NODE_USE_ENV_PROXY).
 */
const agent = {
  http: new HttpAgent({ keepAlive: false }),
  https: new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 }),
};

/**
 * One exchange with an authorization server, its answer read into memory as far as 64 kB: no repeat, no redirect.
 * @param timeoutMs over all of it
 * @throws {Problem} `token-unavailable` or `credentials-rejected`; its cause is a `TokenFailure`. Nothing else.
 */
export async function gotExchange(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  const startedMs = performance.now();
  try {
    const stream = send(request, timeoutMs);
    const text = await readText(stream);
    const { response } = stream;
    if (text !== undefined && response !== undefined) {
      return { status: response.statusCode, headers: response.headers, text };
    }
  } catch (error) {
    throw explainTransportError(error, performance.now() - startedMs);
  }
  throw tooLarge();
}

function send({ method, url, headers, body, tls }: HttpRequest, timeoutMs: number) {
  const phaseMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
  return got.stream(url, {
    method,
    headers: { ...headers },
    ...(body === undefined ? {} : { body }),
    agent,
    followRedirect: false, // the secret goes to the configured address and to no other
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { lookup: phaseMs, connect: phaseMs, secureConnect: phaseMs, request: timeoutMs },
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot hand a secret to anybody.
    https: { rejectUnauthorized: true, ...tls },
  });
}

/** Counts after decompression, so that a small answer cannot grow without bounds. `undefined`: larger than allowed. */
async function readText(stream: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) return undefined; // leaving the loop destroys the stream and its socket
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Problem {
  return new Problem('token-unavailable', {
    detail: 'The authorization server gave an answer of more than 64 kB.',
    hint: `The address is hardly that of a token endpoint: compare ${tokenAddress}.`,
    cause: new TokenFailure('answer', 'answer', 'answer-too-large'),
  });
}
