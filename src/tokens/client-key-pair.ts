import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { TokenClient } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { missingCredential, unusableKeyPair } from './unusable-configuration.ts';

/** A client's certificate and private key: as PEM for TLS, parsed for signing. */
export interface ClientKeyPair {
  readonly certificate: X509Certificate | undefined;
  readonly key: KeyObject;
  readonly certificatePem: string | undefined;
  readonly keyPem: string;
}

/**
 * The private key of a client as it is now, and its certificate where it has one.
 *
 * @throws {Problem} `credentials-rejected` when they cannot be used.
 */
export function clientKeyPair(client: TokenClient): ClientKeyPair {
  if (client.key === undefined) throw missingCredential('key');
  // Both may be files, and a renewal may come between the two readings: the second time both are read after it.
  const pair = readPair(client.certificate, client.key) ?? readPair(client.certificate, client.key);
  if (pair === undefined) throw unusableKeyPair('no-pair');
  return pair;
}

/** `undefined`: not of one pair, or not readable. */
function readPair(certificateSecret: Secret | undefined, keySecret: Secret): ClientKeyPair | undefined {
  const certificatePem = certificateSecret?.reveal();
  const keyPem = keySecret.reveal();
  try {
    const key = createPrivateKey(keyPem);
    const certificate = certificatePem === undefined ? undefined : new X509Certificate(certificatePem);
    const isPair = certificate === undefined || certificate.checkPrivateKey(key);
    return isPair ? { certificate, key, certificatePem, keyPem } : undefined;
  } catch {
    return undefined; // OpenSSL's words are of no use to anybody
  }
}
