import type { JWTPayload } from 'jose';
import type { JwtConfig } from '../config/config.ts';

/** Whether a verified token is one of a caller's: its audience, claims and scopes are what the configuration says. */
export function matchesCaller(claims: JWTPayload, config: JwtConfig): boolean {
  return (
    hasAudience(claims, config) &&
    Object.entries(config.claims).every(([name, wanted]) =>
      values(claims, name).some((value) => String(value) === wanted),
    ) &&
    hasScopes(claims, config)
  );
}

/** XSUAA may write the audience with the name of a scope behind it: `my-app!t1.read`. */
function hasAudience(claims: JWTPayload, { audiences, scopePrefix }: JwtConfig): boolean {
  return values(claims, 'aud').some(
    (value) =>
      typeof value === 'string' &&
      (audiences.includes(value) || (scopePrefix !== undefined && value.startsWith(scopePrefix))),
  );
}

/**
 * The scopes of a token are one text with blanks between them (RFC 8693, section 4.2) or, of UAA and Okta, a list; Entra
 * and Okta call them `scp`. Of a bound XSUAA, `read` stands for the `read` of this application, not for that of another
 * one whose scopes are in the same token.
 */
function hasScopes(claims: JWTPayload, { scopes, scopePrefix = '' }: JwtConfig): boolean {
  if (scopes.length === 0) return true;
  const granted = new Set(
    [...values(claims, 'scope'), ...values(claims, 'scp')].flatMap((value) =>
      typeof value === 'string' ? value.split(' ') : [],
    ),
  );
  return scopes.every((scope) => granted.has(scope) || (scopePrefix !== '' && granted.has(`${scopePrefix}${scope}`)));
}

/** The values of a claim that are text, numbers or switches: the one, or those in its list. */
function values(claims: JWTPayload, name: string): readonly (string | number | boolean)[] {
  const claim: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean');
}
