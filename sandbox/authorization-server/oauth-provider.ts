import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';
import type { OAuthClient, OAuthClients } from './oauth-clients.ts';
import { scopeOf } from './oauth-clients.ts';
import type { SigningKey } from './signing-key.ts';

/** The one resource that all clients get tokens for; the name is never seen outside. */
const resource = 'urn:sandbox:services';

export interface OAuthProviderOptions {
  readonly clients: OAuthClients;
  readonly signingKey: SigningKey;
  /** The `iss` of the tokens: XSUAA names its token endpoint there. */
  readonly issuer: () => string;
  readonly zoneId: string;
}

/**
 * A real authorization server: oidc-provider authenticates the client, checks the grant (RFC 6749, section 4.4) and
 * signs the token. Own keys and an own store keep it from warning about its quick-start defaults.
 */
export function createOAuthProvider(options: OAuthProviderOptions): Provider {
  const { clients, signingKey } = options;
  const configuration: Configuration = {
    adapter: () => clientStore(clients),
    jwks: { keys: [signingKey.privateJwk] },
    routes: { token: '/oauth/token', jwks: '/token_keys' },
    scopes: [],
    ttl: { ClientCredentials: (_context, _token, { clientId }) => known(clients, clientId).lifeSeconds },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_context, _resource, { clientId }) => resourceServer(known(clients, clientId)),
      },
    },
    formats: {
      customizers: {
        jwt: (context, token, parts) => {
          const client = known(clients, token.clientId ?? '');
          // Without a `scope` parameter XSUAA grants everything the client has; with one, what of it the client has.
          const scope =
            context.oidc.params?.['scope'] === undefined
              ? client.authorities.map((authority) => scopeOf(client, authority))
              : (token.scope?.split(' ') ?? []);
          parts.header = { typ: 'JWT', jku: `${options.issuer().replace(/\/oauth\/token$/, '')}/token_keys` };
          Object.assign(parts.payload, xsuaaClaims(client, scope, options));
        },
      },
    },
  };
  return new Provider(options.issuer(), configuration);
}

/** What XSUAA puts into a token of the client-credentials grant, beside `exp` and `iat`. */
function xsuaaClaims(client: OAuthClient, scope: readonly string[], options: OAuthProviderOptions): object {
  return {
    jti: randomBytes(16).toString('hex'),
    ext_attr: { enhancer: 'XSUAA', subaccountid: options.zoneId, zdn: 'sandbox' },
    sub: client.id,
    client_id: client.id,
    cid: client.id,
    azp: client.id,
    authorities: scope,
    scope,
    grant_type: 'client_credentials',
    iss: options.issuer(),
    zid: options.zoneId,
    aud: client.audience,
  };
}

function resourceServer(client: OAuthClient) {
  return {
    scope: client.authorities.map((authority) => scopeOf(client, authority)).join(' '),
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  } as const;
}

function known(clients: OAuthClients, id: string): OAuthClient {
  const client = clients.find(id);
  if (client === undefined) {
    throw new Error('oidc-provider asks for a client that it was never given');
  }
  return client;
}

/** oidc-provider's store. Only clients are ever looked up: JWT access tokens are not kept by the server. */
function clientStore(clients: OAuthClients): Adapter {
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    find: (id) => Promise.resolve(clientMetadata(clients.find(id))),
    findByUid: nothing,
    findByUserCode: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}

function clientMetadata(client: OAuthClient | undefined): AdapterPayload | undefined {
  return client === undefined
    ? undefined
    : {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      };
}
