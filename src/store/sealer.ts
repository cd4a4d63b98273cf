import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Secret } from '../config/secret.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals what leaves this process for the shared store (AES-256-GCM, NIST SP 800-38D). What is sealed under one name
 * opens under that name alone, so that nobody who can write to the store can put one record in the place of another.
 */
export class Sealer {
  readonly #key: Buffer;
  /** In front of all that is sealed, so that another key is known for what it is. */
  readonly #keyId: Buffer;

  /** @param key 32 bytes, base64 */
  constructor(key: Secret) {
    this.#key = Buffer.from(key.reveal(), 'base64');
    this.#keyId = createHash('sha256').update('flowgate key id').update(this.#key).digest().subarray(0, KEY_ID_BYTES);
  }

  /** @returns base64: key id, initialization vector, tag, ciphertext */
  seal(name: string, plain: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([this.#keyId, iv, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** @returns `undefined` for what was sealed with another key, under another name, or not by us at all */
  open(name: string, text: string): string | undefined {
    const bytes = Buffer.from(text, 'base64');
    const ivAt = KEY_ID_BYTES;
    const tagAt = ivAt + IV_BYTES;
    const sealedAt = tagAt + TAG_BYTES;
    if (bytes.length < sealedAt || !bytes.subarray(0, ivAt).equals(this.#keyId)) return undefined;
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(ivAt, tagAt), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(tagAt, sealedAt));
      return Buffer.concat([decipher.update(bytes.subarray(sealedAt)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
