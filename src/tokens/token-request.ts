import type { TokenClient } from '../config/config.ts';
import type { AccessToken } from './access-token.ts';
import { authenticate, type AuthenticatedRequest } from './client-authentication.ts';
import { exchange } from './http-exchange.ts';
import { readTokenAnswer } from './token-answer.ts';
import { readQuotas, type TokenQuota } from './token-quota.ts';
import { explainRefusal } from './token-refusals.ts';

/** How long a token may take in all, in milliseconds. */
export const TOKEN_TIMEOUT_MS = 5000;

export interface TokenRequestOptions {
  /** Whole time for the exchange, in milliseconds; default `TOKEN_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** Wall clock, milliseconds. */
  readonly wallMs?: () => number;
  /** Told the quotas that an answer names, whatever else it says. */
  readonly onQuotas?: (quotas: readonly TokenQuota[]) => void;
}

/**
 * Asks the client's token endpoint for one token, once (RFC 6749, section 4.4): no cache, no repeat, no redirect.
 * @throws {Problem} `token-unavailable` or `credentials-rejected`; its cause is a `TokenFailure`. Nothing else.
 */
export async function requestToken(client: TokenClient, options: TokenRequestOptions = {}): Promise<AccessToken> {
  const { timeoutMs = TOKEN_TIMEOUT_MS, wallMs = Date.now, onQuotas } = options;
  const request = await authenticate(client, wallMs());
  const requestedAtMs = wallMs();
  const headers = requestHeaders(client, request);
  const answer = await exchange({ ...request, method: 'POST', url: client.url, headers }, timeoutMs);
  const quotas = readQuotas(answer.headers);
  if (quotas.length > 0) onQuotas?.(quotas);
  if (answer.status !== 200) throw explainRefusal(answer, client, wallMs());
  return readTokenAnswer(answer, { requestedAtMs, maxLifeSeconds: client.maxLifeSeconds });
}

/** Ours come last: a configured header must not replace what authenticates. */
function requestHeaders(client: TokenClient, { headers }: AuthenticatedRequest): Record<string, string> {
  return { ...lowerCaseNames(client.headers), 'user-agent': 'flowgate', accept: 'application/json', ...headers };
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
