import { bad, good, type Checked } from './checked.ts';
import { Secret } from './secret.ts';

const SHORTEST_KEY = 16;

/** What can travel in a header: printable ASCII, blanks only inside (RFC 9110, section 5.5). */
const KEY = /^[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]$/;

/** SHA-256 of an API key, hex. `sha256:<hex>` is one already; a plain key has 16 characters or more. */
export function parseApiKey(key: string): Checked<string> {
  const hash = /^sha256:(.*)$/i.exec(key)?.[1];
  if (hash !== undefined) {
    if (/^[0-9a-f]{64}$/i.test(hash)) return good(hash.toLowerCase());
    return bad(
      'is not a SHA-256 digest',
      'After "sha256:" stand 64 hexadecimal digits; "flowgate hash-key" makes them.',
    );
  }
  if (key.length < SHORTEST_KEY) {
    return bad(
      `is shorter than ${SHORTEST_KEY} characters`,
      'Use a long random key, such as the output of "openssl rand -hex 24".',
    );
  }
  if (!KEY.test(key)) {
    return bad('has characters that cannot stand in a header', 'Use printable ASCII without line breaks.');
  }
  return good(new Secret(key).digest());
}
