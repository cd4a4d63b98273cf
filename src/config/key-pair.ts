import { createPrivateKey, X509Certificate } from 'node:crypto';
import { bad, good, type Checked } from './checked.ts';
import { signingAlgorithm } from './signing-algorithm.ts';
import { errorCode } from './text-files.ts';

/** A private key that can be used as it is: PKCS #8, PKCS #1 or SEC 1, without a passphrase. */
export function checkPrivateKey(pem: string): Checked<string> {
  try {
    createPrivateKey(pem);
    return good(pem);
  } catch (error) {
    if (errorCode(error) === 'ERR_MISSING_PASSPHRASE') {
      return bad('is encrypted', 'Give the private key without a passphrase: openssl pkey -in key.pem -out plain.pem');
    }
    return bad('is not a private key', 'Give the block from "-----BEGIN PRIVATE KEY-----" to its end.');
  }
}

/** A private key that can sign client assertions. */
export function checkSigningKey(pem: string): Checked<string> {
  const key = checkPrivateKey(pem);
  if (!key.ok || signingAlgorithm(createPrivateKey(pem)) !== undefined) return key;
  return bad('cannot sign JWTs', 'Use RSA of 2048 bits or more, an elliptic curve P-256, P-384 or P-521, or Ed25519.');
}

/** A certificate, with those that lead to its authority behind it or alone. */
export function checkCertificate(pem: string): Checked<string> {
  try {
    void new X509Certificate(pem);
    return good(pem);
  } catch {
    return bad('is not a certificate', 'Give the block from "-----BEGIN CERTIFICATE-----" to its end.');
  }
}

/** Whether the key is that of the certificate. False for what is neither. */
export function isPair(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Whether a certificate is valid at this moment, in milliseconds since 1970. */
export function isValidAt(certificate: string, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo);
}
