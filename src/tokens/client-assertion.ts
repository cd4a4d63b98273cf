import { createHash, randomUUID, type X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';
import type { TokenClient } from '../config/config.ts';
import { signingAlgorithm } from '../config/signing-algorithm.ts';
import { clientKeyPair } from './client-key-pair.ts';
import { unusableConfiguration } from './unusable-configuration.ts';

/** A minute is enough for one request, and Auth0 advises no more. */
const LIFE_S = 60;
/** The server's clock may be behind ours: an assertion that seems to come from the future is refused. */
const BACKDATED_S = 5;

/**
 * A JWT by which a client authenticates once (RFC 7523, section 3; OpenID Connect Core, section 9, `private_key_jwt`).
 * Its audience is the token endpoint unless `assertionAudience` says otherwise.
 *
 * @param nowMs wall clock
 * @throws {Problem} `credentials-rejected`, at once, when the configured key cannot sign.
 */
export function clientAssertion(client: TokenClient, nowMs: number): Promise<string> {
  const { key, certificate } = clientKeyPair(client);
  const alg = signingAlgorithm(key);
  if (alg === undefined) throw unusableKey();
  const { clientId, url, assertionAudience = url } = client;
  const iat = Math.floor(nowMs / 1000) - BACKDATED_S;
  const claims = { iss: clientId, sub: clientId, aud: assertionAudience, jti: randomUUID() };
  return new SignJWT({ ...claims, iat, nbf: iat, exp: iat + LIFE_S })
    .setProtectedHeader({ alg, typ: 'JWT', ...thumbprints(certificate) })
    .sign(key);
}

/**
 * Tells the server which certificate to verify with (RFC 7515, sections 4.1.7 and 4.1.8): Entra reads either, AD FS only
 * the older. There is no `kid`: servers give keys ids of their own, and refuse one that they do not know.
 */
function thumbprints(certificate: X509Certificate | undefined): Record<string, string> {
  if (certificate === undefined) return {};
  const digest = (algorithm: string): string => createHash(algorithm).update(certificate.raw).digest('base64url');
  return { x5t: digest('sha1'), 'x5t#S256': digest('sha256') };
}

function unusableKey() {
  return unusableConfiguration(
    'key-cannot-sign',
    'The private key of the OAuth client cannot sign JWTs.',
    'Use RSA of 2048 bits or more, an elliptic curve P-256, P-384 or P-521, or Ed25519.',
  );
}
