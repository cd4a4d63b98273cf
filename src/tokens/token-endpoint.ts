import { Problem } from '../problems/problem.ts';
import { contentKind, type HttpAnswer } from './http-answer.ts';
import { exchange } from './http-exchange.ts';
import { TokenFailure } from './token-failure.ts';
import { TOKEN_TIMEOUT_MS, type requestToken } from './token-request.ts';
import { parseObject } from './unverified-claims.ts';

/** A part of the time must be left for the request itself, milliseconds. */
const LEAST_MS = 1;

/**
 * The same request, for clients too that know no token endpoint but the server which names it (`discovery`). It is
 * looked up with the first token and kept as long as it brings tokens.
 */
export function withDiscovery(request: typeof requestToken): typeof requestToken {
  const endpoints = new Map<string, string>();
  return async (client, options) => {
    if (!client.discovery) return request(client, options);
    const { timeoutMs = TOKEN_TIMEOUT_MS } = options ?? {};
    const startedMs = performance.now();
    const url = endpoints.get(client.url) ?? (await findTokenEndpoint(client.url, timeoutMs));
    const remainingMs = Math.max(LEAST_MS, timeoutMs - (performance.now() - startedMs));
    try {
      const token = await request({ ...client, url, discovery: false }, { ...options, timeoutMs: remainingMs });
      endpoints.set(client.url, url);
      return token;
    } catch (error) {
      endpoints.delete(client.url);
      throw error;
    }
  };
}

/**
 * Reads an OpenID configuration (OpenID Connect Discovery 1.0, section 4) for its `token_endpoint`. The client's secret
 * is sent there, so it must be of the origin that was configured: whoever can change the document gets no secret.
 *
 * @param url of the document
 * @throws {Problem} `token-unavailable`
 */
async function findTokenEndpoint(url: string, timeoutMs: number): Promise<string> {
  const headers = { 'user-agent': 'flowgate', accept: 'application/json' };
  const answer = await exchange({ method: 'GET', url, headers }, timeoutMs);
  if (answer.status !== 200) throw noDocument(answer);
  const endpoint = parseObject(answer.text)?.['token_endpoint'];
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) throw noEndpoint(answer);
  const { origin, username, password, href } = new URL(endpoint);
  if (origin !== new URL(url).origin || username !== '' || password !== '') throw foreignEndpoint();
  return href;
}

const GIVE_IT =
  'Write the address of the token endpoint to `token.url` of the service; for WorkflowServer it is /connect/token.';

function noDocument(answer: HttpAnswer): Problem {
  const { status } = answer;
  const { detail, hint, retryable = false } = whyNoDocument(status);
  return new Problem('token-unavailable', {
    detail: `${detail} (status ${status}, ${contentKind(answer)})`,
    hint: `${hint} ${GIVE_IT}`,
    retryable,
    cause: new TokenFailure('status', 'answer', `HTTP_${status}`, status),
  });
}

function whyNoDocument(status: number): { detail: string; hint: string; retryable?: true } {
  if (status === 429)
    return {
      detail: 'The server limits the requests for its OpenID configuration.',
      hint: 'Try again after a pause. With the address of the token endpoint given, the configuration is not asked for.',
      retryable: true,
    };
  if (status === 408 || status >= 500)
    return {
      detail: 'The server failed to give its OpenID configuration.',
      hint: 'Try again after a pause. If it stays so, look into the log of that server.',
      retryable: true,
    };
  if (status >= 300 && status < 400)
    return {
      detail: 'The server answers the request for its OpenID configuration with a redirect, which is not followed.',
      hint: 'Compare `url` of the service: its scheme, its host, and whether a sign-on stands in front of it.',
    };
  if (status === 401 || status === 403)
    return {
      detail: 'The server gives its OpenID configuration to nobody without a credential.',
      hint: 'Ask whoever runs it whether something in front of it refuses this machine.',
    };
  return {
    detail: 'The server has no OpenID configuration at the usual place.',
    hint: 'Compare `url` of the service, and whether OpenID Connect is switched on at the server.',
  };
}

function noEndpoint(answer: HttpAnswer): Problem {
  return new Problem('token-unavailable', {
    detail: `The OpenID configuration of the server names no token endpoint. (${contentKind(answer)})`,
    hint: `Something else may answer there: compare \`url\` of the service. ${GIVE_IT}`,
    retryable: false,
    cause: new TokenFailure('answer', 'answer', 'no-token-endpoint', answer.status),
  });
}

function foreignEndpoint(): Problem {
  return new Problem('token-unavailable', {
    detail: 'The OpenID configuration of the server names a token endpoint of another origin. No secret was sent.',
    hint: `A server behind a proxy may know itself by another address. ${GIVE_IT}`,
    retryable: false,
    cause: new TokenFailure('answer', 'answer', 'foreign-token-endpoint'),
  });
}
