import { errors, Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';
import type { SigningKey } from '../authorization-server/signing-key.ts';
import { Listener } from '../http/listener.ts';
import type { ClientRequest } from './client-request.ts';

export interface TokenProviderOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly lifeSeconds: number;
  readonly signingKey: SigningKey;
  /** The one API that tokens are given for, as an absolute URI (RFC 8707); known when the first token is asked for. */
  readonly resource: () => string;
  /** `typ` of the tokens' header. */
  readonly tokenType: string;
  /** The claims of a token, made of those that oidc-provider gives it. */
  readonly claims: (made: Readonly<Record<string, unknown>>) => Record<string, unknown>;
}

/** What the token endpoint says, before it is put into the words of the server that is emulated. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A real authorization server with one client: oidc-provider authenticates it, checks the grant (RFC 6749, section 4.4)
 * and the API, and signs the token. It listens for itself, from the first request on; nobody else calls it.
 */
export class TokenProvider {
  readonly #options: TokenProviderOptions;
  readonly #listener: Listener;
  #handle: ReturnType<Provider['callback']> | undefined;
  #opened: Promise<void> | undefined;

  constructor(options: TokenProviderOptions) {
    this.#options = options;
    this.#listener = new Listener((request, response) => {
      void this.#handle?.(request, response);
    });
  }

  /** @param resource the API that a token is asked for; the one that there is, if none is named */
  async token({ grantType, clientId, clientSecret }: ClientRequest, resource?: string): Promise<ProviderAnswer> {
    await (this.#opened ??= this.#open());
    const form = new URLSearchParams();
    const fields = { grant_type: grantType, client_id: clientId, client_secret: clientSecret, resource };
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) {
        form.set(name, value);
      }
    }
    const response = await fetch(`${this.#listener.url}/token`, { method: 'POST', body: form });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async close(): Promise<void> {
    await this.#opened;
    await this.#listener.close();
  }

  async #open(): Promise<void> {
    await this.#listener.open();
    this.#handle = new Provider(this.#listener.url, configurationOf(this.#options)).callback();
  }
}

/** Own keys and an own store keep oidc-provider from warning about its quick-start defaults. */
function configurationOf(options: TokenProviderOptions): Configuration {
  return {
    adapter: () => storeOf(options),
    jwks: { keys: [options.signingKey.privateJwk] },
    scopes: [],
    ttl: { ClientCredentials: options.lifeSeconds },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: options.resource,
        getResourceServerInfo: (_context, resource) => {
          if (resource !== options.resource()) {
            throw new errors.InvalidTarget();
          }
          return { scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
    },
    formats: {
      customizers: {
        jwt: (_context, _token, parts) => {
          parts.header = { typ: options.tokenType };
          parts.payload = options.claims({ ...parts.payload });
        },
      },
    },
  };
}

/** Only the client is ever looked up: JWT access tokens are not kept by the server. */
function storeOf({ clientId, clientSecret }: TokenProviderOptions): Adapter {
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  const client: AdapterPayload = {
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  };
  return {
    find: (id) => Promise.resolve(id === clientId ? client : undefined),
    findByUid: nothing,
    findByUserCode: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}
