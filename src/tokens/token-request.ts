import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got from 'got';
import type { TokenClient } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { AccessToken } from './access-token.ts';
import { authenticate, type AuthenticatedRequest } from './client-authentication.ts';
import type { HttpAnswer } from './http-answer.ts';
import { readTokenAnswer } from './token-answer.ts';
import { TokenFailure } from './token-failure.ts';
import { explainRefusal } from './token-refusals.ts';
import { tokenAddress } from './token-address.ts';
import { explainTransportError } from './explain-transport-error.ts';

/** How long a token may take in all, in milliseconds. */
export const TOKEN_TIMEOUT_MS = 5000;
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

export interface TokenRequestOptions {
  /** Whole time for the exchange, in milliseconds; default `TOKEN_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** Wall clock, milliseconds. */
  readonly wallMs?: () => number;
}

/**
 * Asks the client's token endpoint for one token, once (RFC 6749, section 4.4): no cache, no repeat, no redirect.
 * @throws {Problem} `token-unavailable` or `credentials-rejected`; its cause is a `TokenFailure`. Nothing else.
 */
export async function requestToken(client: TokenClient, options: TokenRequestOptions = {}): Promise<AccessToken> {
  const { timeoutMs = TOKEN_TIMEOUT_MS, wallMs = Date.now } = options;
  const request = authenticate(client);
  const requestedAtMs = wallMs();
  const answer = await exchange(client, request, timeoutMs);
  if (answer.status !== 200) throw explainRefusal(answer, client.auth, wallMs());
  return readTokenAnswer(answer, { requestedAtMs, maxLifeSeconds: client.maxLifeSeconds });
}

/** One HTTP exchange, its answer read into memory as far as `LARGEST_ANSWER`. */
async function exchange(client: TokenClient, request: AuthenticatedRequest, timeoutMs: number): Promise<HttpAnswer> {
  const startedMs = performance.now();
  try {
    const stream = send(client, request, timeoutMs);
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

function send(client: TokenClient, { headers, body, tls }: AuthenticatedRequest, timeoutMs: number) {
  const phaseMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
  return got.stream.post(client.url, {
    // Ours come last: a configured header must not replace what authenticates.
    headers: { ...lowerCaseNames(client.headers), 'user-agent': 'flowgate', accept: 'application/json', ...headers },
    body,
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

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function tooLarge(): Problem {
  return new Problem('token-unavailable', {
    detail: 'The authorization server gave an answer of more than 64 kB.',
    hint: `The address is hardly that of a token endpoint: compare ${tokenAddress}.`,
    cause: new TokenFailure('answer', 'answer', 'answer-too-large'),
  });
}
