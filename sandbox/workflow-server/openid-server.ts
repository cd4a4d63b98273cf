import { randomBytes } from 'node:crypto';
import { decodeJwt, importJWK, jwtVerify, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { createSigningKey } from '../authorization-server/signing-key.ts';
import type { SigningKey } from '../authorization-server/signing-key.ts';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { operationNames } from './api-operations.ts';

/** Whom the server's own OpenID Connect knows. */
export const clientId = 'workflowapi';

const lifeSeconds = 3600;
const permission = (operation: string): string => `WorkflowApiPermissions:${operation}`;

/** What a token is worth for an operation. */
export type TokenVerdict = 'valid' | 'not-authenticated' | 'not-authorized';

/**
 * The OpenID Connect server inside a WorkflowServer: one client, and a signing key that is made at the start of the
 * server, so that a restart makes all tokens useless.
 */
export class OpenIdServer {
  /** The secret of the one client. */
  readonly secret: string;
  readonly #url: () => string;
  #key: SigningKey;
  /** Operations that the next tokens do not allow. */
  denied: readonly string[] = [];

  private constructor(key: SigningKey, secret: string, url: () => string) {
    this.#key = key;
    this.#url = url;
    this.secret = secret;
  }

  /** @param url of the server, known once it listens */
  static async create(secret: string, url: () => string): Promise<OpenIdServer> {
    return new OpenIdServer(await createSigningKey(), secret, url);
  }

  /** Makes another signing key. */
  async restart(): Promise<void> {
    this.#key = await createSigningKey();
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

  /** Takes the credentials in the form, as the vendor's example sends them. */
  async token(exchange: Exchange): Promise<Answer> {
    if (exchange.method !== 'POST') {
      return { status: 405, headers: { Allow: 'POST' } };
    }
    const form = new URLSearchParams((await exchange.body()).toString('utf8'));
    if (form.get('client_id') !== clientId || form.get('client_secret') !== this.secret) {
      return jsonAnswer(400, { error: 'invalid_client' });
    }
    if (form.get('grant_type') !== 'client_credentials') {
      return jsonAnswer(400, { error: 'unsupported_grant_type' });
    }
    const answer = {
      access_token: await this.#sign(),
      expires_in: lifeSeconds,
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

  async #sign(): Promise<string> {
    const key = (await importJWK(this.#key.privateJwk, 'RS256')) as CryptoKey;
    const allowed = operationNames.filter((name) => !this.denied.includes(name));
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      nbf: now,
      exp: now + lifeSeconds,
      iss: this.#url(),
      aud: 'WorkflowApi',
      client_id: clientId,
      jti: randomBytes(16).toString('hex').toUpperCase(),
      iat: now,
      scope: ['WorkflowApi'],
      ...Object.fromEntries(allowed.map((name) => [permission(name), 'Allow'])),
    })
      .setProtectedHeader({ alg: 'RS256', kid: String(this.#key.publicJwk.kid), typ: 'at+jwt' })
      .sign(key);
  }
}
