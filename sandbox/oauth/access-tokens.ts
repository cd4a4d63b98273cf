import { randomBytes } from 'node:crypto';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { IssuedTokens } from '../authorization-server/issued-tokens.ts';
import { createSigningKey } from '../authorization-server/signing-key.ts';
import type { SigningKey } from '../authorization-server/signing-key.ts';
import { createTokenVerifier } from '../authorization-server/token-verifier.ts';
import type { TokenVerdict, TokenVerifier } from '../authorization-server/token-verifier.ts';

export interface AccessTokensOptions {
  /** The `iss` of the tokens, known once the server listens. */
  readonly issuer: () => string;
  readonly lifeSeconds: number;
}

/** Signs the tokens of one authorization server, and judges them for the API behind it. */
export class AccessTokens {
  readonly issued = new IssuedTokens();
  readonly lifeSeconds: number;
  readonly #key: SigningKey;
  readonly #issuer: () => string;
  readonly #verify: TokenVerifier;

  private constructor(key: SigningKey, { issuer, lifeSeconds }: AccessTokensOptions) {
    this.#key = key;
    this.#issuer = issuer;
    this.lifeSeconds = lifeSeconds;
    this.#verify = createTokenVerifier(key.publicKey, issuer, this.issued);
  }

  static async create(options: AccessTokensOptions): Promise<AccessTokens> {
    return new AccessTokens(await createSigningKey(), options);
  }

  /** For a server that signs by itself: what it has signed counts as given out. @param token whose `jti` is remembered */
  remember(token: string): void {
    this.issued.remember(decodeJwt(token).jti ?? '');
  }

  get signingKey(): SigningKey {
    return this.#key;
  }

  /** A token with these claims beside issuer, times and id. */
  async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = (await importJWK(this.#key.privateJwk, 'RS256')) as CryptoKey;
    const now = Math.floor(Date.now() / 1000);
    const jti = randomBytes(16).toString('hex');
    this.issued.remember(jti);
    return new SignJWT({ ...claims, iss: this.#issuer(), iat: now, exp: now + this.lifeSeconds, jti })
      .setProtectedHeader({ alg: 'RS256', kid: String(this.#key.publicJwk.kid), typ: 'JWT' })
      .sign(key);
  }

  /** @param audience that the token must be made for */
  async judge(authorization: string | undefined, audience: string): Promise<TokenVerdict> {
    const verdict = await this.#verify(authorization);
    const isOurs = verdict.kind !== 'valid' || verdict.claims.audience.includes(audience);
    return isOurs ? verdict : { kind: 'unreadable' };
  }
}
