import { exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** An RSA key pair that signs tokens with RS256, as XSUAA does. */
export interface SigningKey {
  readonly publicKey: CryptoKey;
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

export async function createSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const names = { kid: 'default-jwt-key-sandbox', alg: 'RS256', use: 'sig' };
  return {
    publicKey,
    privateJwk: { ...(await exportJWK(privateKey)), ...names },
    publicJwk: { ...(await exportJWK(publicKey)), ...names },
  };
}
