import type { KeyObject } from 'node:crypto';

const OF_TYPE: Readonly<Record<string, string>> = { rsa: 'RS256', ed25519: 'EdDSA' };
const OF_CURVE: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** RFC 7518, section 3.3. */
const SMALLEST_RSA_BITS = 2048;

/**
 * The algorithm that a private key signs JWTs with (RFC 7518, section 3.1; RFC 8037). RSA keys get RS256, which every
 * server takes. `undefined`: there is none for such a key; so for RSA keys that are for PSS alone, which the Web
 * Cryptography API does not know.
 */
export function signingAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { namedCurve = '', modulusLength = SMALLEST_RSA_BITS } = asymmetricKeyDetails ?? {};
  if (modulusLength < SMALLEST_RSA_BITS) return undefined;
  return asymmetricKeyType === 'ec' ? OF_CURVE[namedCurve] : OF_TYPE[asymmetricKeyType ?? ''];
}
