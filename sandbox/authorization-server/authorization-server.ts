import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Provider } from 'oidc-provider';
import { jsonAnswer, sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Listener } from '../http/listener.ts';
import { Upstream } from '../http/upstream.ts';
import { IssuedTokens } from './issued-tokens.ts';
import { createOAuthProvider } from './oauth-provider.ts';
import type { OAuthClients } from './oauth-clients.ts';
import { createSigningKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';
import { readTokenRequest } from './token-request.ts';
import type { TokenRequest } from './token-request.ts';
import { createTokenVerifier } from './token-verifier.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { badCredentials, missingGrantType, noStore, onlyPost, unknownZone } from './xsuaa-answers.ts';
import type { BadCredentialsForm } from './xsuaa-answers.ts';

/**
 * An authorization server that speaks like XSUAA.
 *
 * Real: client authentication, the client-credentials grant, scopes, signing and the published key. oidc-provider does
 * them, behind a listener of its own that nobody else calls. Emulated, in this file and its neighbours: the ways a
 * request may be written, the look of the answers and errors, the claims, and the identity zone. Not there: X.509
 * client authentication, other grants, users, and the limit of 60 requests per second.
 */
export class AuthorizationServer {
  readonly upstream: Upstream;
  readonly issued = new IssuedTokens();
  readonly zoneId = randomUUID();
  badCredentialsForm: BadCredentialsForm = 'unauthorized';
  readonly #clients: OAuthClients;
  readonly #signingKey: SigningKey;
  readonly #inner: Listener;
  #handleInner: ReturnType<Provider['callback']> | undefined;

  constructor(clients: OAuthClients, signingKey: SigningKey) {
    this.#clients = clients;
    this.#signingKey = signingKey;
    this.#inner = new Listener((request, response) => {
      void this.#handleInner?.(request, response);
    });
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${path}`,
      handle: async (exchange) => sendAnswer(exchange.response, await this.#answer(exchange)),
    });
  }

  static async create(clients: OAuthClients): Promise<AuthorizationServer> {
    return new AuthorizationServer(clients, await createSigningKey());
  }

  get tokenUrl(): string {
    return `${this.upstream.url}/oauth/token`;
  }

  /** Judges the tokens that this server has given out. */
  verifier(): TokenVerifier {
    return createTokenVerifier(this.#signingKey.publicKey, () => this.tokenUrl, this.issued);
  }

  async open(port: number): Promise<void> {
    await this.upstream.listener.open(port);
    this.#handleInner = createOAuthProvider({
      clients: this.#clients,
      signingKey: this.#signingKey,
      issuer: () => this.tokenUrl,
      zoneId: this.zoneId,
    }).callback();
    await this.#inner.open();
  }

  async close(): Promise<void> {
    await Promise.all([this.upstream.listener.close(), this.#inner.close()]);
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    const zone = exchange.header('x-zid');
    if (zone !== undefined && zone !== this.zoneId) {
      return unknownZone;
    }
    switch (exchange.path) {
      case '/oauth/token':
        return exchange.method === 'POST' ? this.#token(await readTokenRequest(exchange)) : onlyPost;
      case '/token_keys':
        return jsonAnswer(200, { keys: [this.#signingKey.publicJwk] });
      case '/.well-known/openid-configuration':
        return jsonAnswer(200, this.#discovery());
      default:
        return jsonAnswer(404, { error: 'not_found', error_description: 'No such endpoint' });
    }
  }

  #discovery(): object {
    return {
      issuer: this.tokenUrl,
      token_endpoint: this.tokenUrl,
      jwks_uri: `${this.upstream.url}/token_keys`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    };
  }

  async #token(request: TokenRequest): Promise<Answer> {
    const { status, body } = await this.#askProvider(request);
    if (status === 200) {
      return jsonAnswer(200, this.#inXsuaaShape(body), noStore);
    }
    // oidc-provider calls absent credentials a malformed request; XSUAA calls them bad.
    const isUnauthenticated = request.clientId === undefined || request.clientSecret === undefined;
    if (isUnauthenticated || body['error'] === 'invalid_client') {
      return badCredentials(this.badCredentialsForm);
    }
    return request.grantType === undefined ? missingGrantType : jsonAnswer(400, body, noStore);
  }

  async #askProvider(request: TokenRequest): Promise<{ status: number; body: Record<string, unknown> }> {
    const form = new URLSearchParams();
    const parameters = {
      grant_type: request.grantType,
      client_id: request.clientId,
      client_secret: request.clientSecret,
      scope: request.scope,
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) {
        form.set(name, value);
      }
    }
    const response = await fetch(`${this.#inner.url}/oauth/token`, { method: 'POST', body: form });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  #inXsuaaShape(body: Record<string, unknown>): object {
    const accessToken = String(body['access_token']);
    const { jti = '', scope } = decodeJwt<{ scope: string[] }>(accessToken);
    this.issued.remember(jti);
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: body['expires_in'],
      scope: scope.join(' '),
      jti,
    };
  }
}
