import { createHash } from 'node:crypto';
import type { TokenClient } from '../config/config.ts';
import { TokenCache } from './token-cache.ts';
import type { TokenEvent } from './token-events.ts';
import { withDiscovery } from './token-endpoint.ts';
import { requestToken } from './token-request.ts';
import type { TokenSharing } from './token-sharing.ts';
import { TokenSource, type TokenSourceOptions } from './token-source.ts';

export interface TokenSourcesOptions extends Pick<TokenSourceOptions, 'clock' | 'random' | 'request' | 'sleep'> {
  readonly onEvent?: (event: TokenEvent, client: TokenClient) => void;
  /** How many tokens are kept at most. */
  readonly maxTokens?: number;
  /** Tokens that are there already: those of a configuration before this one. */
  readonly cache?: TokenCache;
  /** Where several instances share their tokens. */
  readonly sharing?: TokenSharing | undefined;
}

/** The token sources of one process: equal clients share one source, so two services never fetch one token twice. */
export class TokenSources {
  readonly #options: TokenSourcesOptions;
  readonly #cache: TokenCache;
  readonly #sources = new Map<string, TokenSource>();
  readonly #request: typeof requestToken;

  constructor(options: TokenSourcesOptions = {}) {
    this.#options = options;
    this.#cache = options.cache ?? new TokenCache(options.maxTokens);
    this.#request = withDiscovery(options.request ?? requestToken);
  }

  for(client: TokenClient): TokenSource {
    const key = tokenKey(client);
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const { onEvent, clock, random, sleep, sharing } = this.#options;
    const source = new TokenSource(client, {
      cache: this.#cache,
      key,
      ...(onEvent && { onEvent: (event) => onEvent(event, client) }),
      ...(clock && { clock }),
      ...(random && { random }),
      request: this.#request,
      sharing,
      ...(sleep && { sleep }),
    });
    this.#sources.set(key, source);
    return source;
  }
}

/**
 * The key of a client's token: all that the answer depends on, secrets as digests only. The cap on the life is part of
 * it because it decides how long the token is used. A certificate in a file counts as it was at start: a token stays as
 * good as it was when its certificate is renewed.
 */
export function tokenKey(client: TokenClient): string {
  const parts = [
    client.url,
    client.clientId,
    client.discovery ?? false,
    client.auth,
    client.basicEncoding ?? null,
    client.assertionAudience ?? null,
    [client.clientSecret, client.nextClientSecret, client.certificate, client.key].map((secret) => secret?.digest()),
    sortedEntries(client.params),
    sortedEntries(client.headers),
    client.maxLifeSeconds,
  ];
  return `t:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

function sortedEntries(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
