import { randomBytes } from 'node:crypto';
import { decodeJwt, jwtVerify } from 'jose';
import { createSigningKey } from '../authorization-server/signing-key.ts';
import type { SigningKey } from '../authorization-server/signing-key.ts';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { readClientRequest } from '../oauth/client-request.ts';
import { TokenProvider } from '../oauth/token-provider.ts';
import { operationNames } from './api-operations.ts';

/** Whom the server's own OpenID Connect knows. */
export const clientId = 'workflowapi';

const lifeSeconds = 3600;
const permission = (operation: string): string => `WorkflowApiPermissions:${operation}`;

/** What a token is worth for an operation. */
export type TokenVerdict = 'valid' | 'not-authenticated' | 'not-authorized';

/**
 * The OpenID Connect server inside a WorkflowServer: one client, and a signing key that is made at the start of the
 * server, so that a restart makes all tokens useless. Real: client authentication, grant and signing, by oidc-provider.
 * Emulated: the claims and the look of the answers.
 */
export class OpenIdServer {
  /** The secret of the one client. */
  readonly secret: string;
  readonly #url: () => string;
  #key: SigningKey;
  #provider: TokenProvider;
  /** Operations that the next tokens do not allow. */
  denied: readonly string[] = [];

  private constructor(key: SigningKey, secret: string, url: () => string) {
    this.#key = key;
    this.#url = url;
    this.secret = secret;
    this.#provider = this.#createProvider();
  }

  /** @param url of the server, known once it listens */
  static async create(secret: string, url: () => string): Promise<OpenIdServer> {
    return new OpenIdServer(await createSigningKey(), secret, url);
  }

  /** Makes another signing key. */
  async restart(): Promise<void> {
    const old = this.#provider;
    this.#key = await createSigningKey();
    this.#provider = this.#createProvider();
    await old.close();
  }

  close(): Promise<void> {
    return this.#provider.close();
  }

  configuration(): Answer {
    const url = this.#url();
    return jsonAnswer(200, {
      issuer: url,
      jwks_uri: `${url}/.well-known/openid-configuration/jwks`,
      token_endpoint: `${url}/connect/token`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      scopes_supported: ['WorkflowApi'],
    });
  }

  keys(): Answer {
    return jsonAnswer(200, { keys: [this.#key.publicJwk] });
  }

  /** Takes the credentials in the form, as the vendor's example sends them, or in a Basic header. */
  async token(exchange: Exchange): Promise<Answer> {
    if (exchange.method !== 'POST') {
      return { status: 405, headers: { Allow: 'POST' } };
    }
    const request = await readClientRequest(exchange);
    const { status, body } = await this.#provider.token(request);
    if (status !== 200) {
      // oidc-provider calls absent credentials a malformed request.
      const isUnauthenticated = request.clientId === undefined || request.clientSecret === undefined;
      return jsonAnswer(400, { error: isUnauthenticated ? 'invalid_client' : body['error'] });
    }
    const answer = {
      access_token: body['access_token'],
      expires_in: body['expires_in'],
      token_type: 'Bearer',
      scope: 'WorkflowApi',
    };
    return jsonAnswer(200, answer, { 'Cache-Control': 'no-store, no-cache, max-age=0' });
  }

  async judge(authorization: string | undefined, operation: string): Promise<TokenVerdict> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      return 'not-authenticated';
    }
    try {
      await jwtVerify(token, this.#key.publicKey, { audience: 'WorkflowApi', algorithms: ['RS256'] });
    } catch {
      return 'not-authenticated';
    }
    const isAllowed = decodeJwt(token)[permission(operation)] === 'Allow' || !operationNames.includes(operation);
    return isAllowed ? 'valid' : 'not-authorized';
  }

  #createProvider(): TokenProvider {
    return new TokenProvider({
      clientId,
      clientSecret: this.secret,
      lifeSeconds,
      signingKey: this.#key,
      resource: this.#url,
      tokenType: 'at+jwt',
      claims: ({ iat, exp }) => ({
        nbf: iat,
        exp,
        iss: this.#url(),
        aud: 'WorkflowApi',
        client_id: clientId,
        jti: randomBytes(16).toString('hex').toUpperCase(),
        iat,
        scope: ['WorkflowApi'],
        ...Object.fromEntries(this.#allowed().map((name) => [permission(name), 'Allow'])),
      }),
    });
  }

  #allowed(): string[] {
    return operationNames.filter((name) => !this.denied.includes(name));
  }
}
