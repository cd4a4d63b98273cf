import type { AccessToken } from '../../tokens/access-token.ts';
import { unverifiedClaims } from '../../tokens/unverified-claims.ts';

/** Whether the token can be read here: opaque and encrypted ones (RFC 7516) say nothing to their client. */
export function isReadable({ value }: AccessToken): boolean {
  return value.split('.').length === 3 && Object.keys(unverifiedClaims(value)).length > 0;
}

/** For whom a token is, as it says itself and as the prefixes of its scopes say. Unverified: good for hints. */
export function audiencesOf(token: AccessToken | undefined): string[] {
  if (token === undefined) return [];
  const { aud } = unverifiedClaims(token.value);
  const named: readonly unknown[] = Array.isArray(aud) ? (aud as readonly unknown[]) : [aud];
  const prefixes = token.scopes.map((scope) => scope.slice(0, Math.max(0, scope.lastIndexOf('.'))));
  const texts = named.filter((audience) => typeof audience === 'string');
  return [...new Set([...texts, ...prefixes])].filter((audience) => audience !== '');
}
