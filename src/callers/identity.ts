import type { JWTPayload } from 'jose';
import type { IdentityConfig, ServiceConfig } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { Caller } from './caller.ts';

/** What may stand for a person upstream, in a body or in a header: no control character, no more than 255 characters. */
const IDENTITY = /^\P{Cc}{1,255}$/u;

/** The claims that the services of a configuration take for an identity. */
export function claimsOfIdentities(services: readonly Pick<ServiceConfig, 'identity'>[]): readonly string[] {
  return [...new Set(services.flatMap(({ identity }) => identity?.claim ?? []))];
}

/** Of a verified token the claims that may become an identity: text that is usable as one. */
export function identityClaims(payload: JWTPayload, names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name): [string, string][] => {
      const value: unknown = Object.hasOwn(payload, name) ? payload[name] : undefined;
      return typeof value === 'string' && IDENTITY.test(value) ? [[name, value]] : [];
    }),
  );
}

/** Who acts upstream for this caller; `undefined`: the service asks nobody, or the caller's credential does not say. */
export function identityOf(caller: Caller, identity: IdentityConfig | undefined): string | undefined {
  if (identity === undefined) return undefined;
  return identity.claim === undefined ? caller.name : caller.claims.get(identity.claim);
}

/** The answer to a caller of whom nothing says who acts. */
export function noIdentity(identity: IdentityConfig | undefined): Problem {
  const claim = identity?.claim ?? '';
  return new Problem('forbidden', {
    detail: `The credential says nothing about who acts: this route needs the claim "${claim}" of a JWT.`,
    hint: `Call it with a JWT that has "${claim}" as text. API keys have no claims; for callers with a key the operator can set "identity: { from: caller }" for the service.`,
  });
}
