import { errors, jwtVerify } from 'jose';
import type { CryptoKey } from 'jose';
import type { IssuedTokens } from './issued-tokens.ts';

/** The claims that the emulated services read. */
export interface TokenClaims {
  readonly clientId: string;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

/** `missing`: no Bearer token at all; `unreadable`: not a token that this sandbox has signed. */
export type TokenVerdict =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'missing' | 'unreadable' | 'expired' | 'revoked' };

/** Judges the `Authorization` header of a request. */
export type TokenVerifier = (authorization: string | undefined) => Promise<TokenVerdict>;

/** Verifies signature, issuer and expiry, and asks `issued` whether the token was expired or revoked by hand. */
export function createTokenVerifier(key: CryptoKey, issuer: () => string, issued: IssuedTokens): TokenVerifier {
  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      return { kind: 'missing' };
    }
    try {
      const { payload } = await jwtVerify(token, key, { issuer: issuer(), algorithms: ['RS256'] });
      const state = issued.stateOf(payload.jti ?? '');
      if (state !== 'live') {
        return { kind: state };
      }
      return {
        kind: 'valid',
        claims: {
          clientId: String(payload['client_id']),
          audience: [payload.aud ?? []].flat(),
          scopes: Array.isArray(payload['scope']) ? payload['scope'].map(String) : [],
        },
      };
    } catch (error) {
      return { kind: error instanceof errors.JWTExpired ? 'expired' : 'unreadable' };
    }
  };
}
