import type { HttpAnswer } from './http-answer.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The client certificate and its key, PEM, for mutual TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/**
 * One exchange with an authorization server, its answer read into memory as far as 64 kB: no repeat, no redirect. The
 * HTTP client is loaded with the first exchange: it takes some ten megabytes that an idle server need not hold.
 * @param timeoutMs over all of it
 * @throws {Problem} `token-unavailable` or `credentials-rejected`; its cause is a `TokenFailure`. Nothing else.
 */
export async function exchange(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  const { gotExchange } = await import('./got-exchange.ts');
  return gotExchange(request, timeoutMs);
}
