import { parseUpstreamAddress } from '../config/upstream-address.ts';
import { FetchFailure, fetchJson } from './fetch-json.ts';

/**
 * Asks an issuer where its keys are (OpenID Connect Discovery 1.0, section 4).
 *
 * @throws {FetchFailure} `OTHER_ISSUER` when the document is another issuer's (section 4.3), `BAD_JWKS_URL` when the
 *   address of the keys is neither https nor on loopback
 */
export async function findJwksUrl(issuer: string): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: jwksUrl } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new FetchFailure('OTHER_ISSUER');
  const address = typeof jwksUrl === 'string' ? parseUpstreamAddress(jwksUrl, { allowInsecure: false }) : undefined;
  if (address?.ok !== true) throw new FetchFailure('BAD_JWKS_URL');
  return address.value.href;
}
