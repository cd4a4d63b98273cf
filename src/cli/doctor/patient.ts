import { randomUUID } from 'node:crypto';
import type { Config, ServiceConfig } from '../../config/config.ts';
import { baseUrlOf, offerOf } from '../../services/offers.ts';
import type { Offer } from '../../services/operation.ts';
import type { AccessToken } from '../../tokens/access-token.ts';
import { ClientSecrets } from '../../tokens/client-secrets.ts';
import { withDiscovery } from '../../tokens/token-endpoint.ts';
import { requestToken } from '../../tokens/token-request.ts';
import { tokenKey } from '../../tokens/token-sources.ts';
import { checkHost, type HostCheck } from './check-host.ts';

/** A token, and how long it took to get it. */
export interface TimedToken {
  readonly token: AccessToken;
  readonly durationMs: number;
}

/** What services share: a host is looked at once, and a token asked for once, however many services need it. */
export class SharedLooks {
  /** Goes along with all requests to services, so that whoever runs them finds these in their logs. */
  readonly correlationId = randomUUID();
  readonly #hosts = new Map<string, Promise<HostCheck>>();
  readonly #tokens = new Map<string, Promise<TimedToken>>();
  readonly #request = withDiscovery(requestToken);

  host(url: URL): Promise<HostCheck> {
    const check = this.#hosts.get(url.origin) ?? checkHost(url);
    this.#hosts.set(url.origin, check);
    return check;
  }

  /** @throws {Problem} */
  token(client: NonNullable<ServiceConfig['token']>, timeoutMs: number): Promise<TimedToken> {
    const key = tokenKey(client);
    const token = this.#tokens.get(key) ?? this.#fetch(client, timeoutMs);
    this.#tokens.set(key, token);
    return token;
  }

  async #fetch(client: NonNullable<ServiceConfig['token']>, timeoutMs: number): Promise<TimedToken> {
    const startMs = performance.now();
    const secrets = new ClientSecrets(client, { monotonicMs: () => performance.now(), onChange: () => undefined });
    const ask = (asked: typeof client, leftMs: number) => this.#request(asked, { timeoutMs: leftMs });
    const token = await secrets.request(ask, timeoutMs);
    return { token, durationMs: performance.now() - startMs };
  }
}

/** One service under examination, and what has been found out so far. */
export interface Patient {
  readonly service: ServiceConfig;
  readonly offer: Offer;
  readonly config: Config;
  readonly baseUrl: URL;
  readonly shared: SharedLooks;
  /** Whether the hosts may be asked for more. */
  usableService: boolean;
  usableTokenHost: boolean;
  token: AccessToken | undefined;
}

export function patientOf(service: ServiceConfig, config: Config, shared: SharedLooks): Patient {
  return {
    service,
    offer: offerOf(service),
    config,
    baseUrl: baseUrlOf(service),
    shared,
    usableService: false,
    usableTokenHost: false,
    token: undefined,
  };
}

/** Why the service is not asked: it cannot be reached, or there is no token for it. */
export function whyNotAsked({ service, usableService, token }: Patient): string | undefined {
  if (!usableService) return 'not asked: its host cannot be reached';
  return service.token !== undefined && token === undefined ? 'not asked: there is no token' : undefined;
}
