import { Problem } from '../problems/problem.ts';

const LONGEST_KEY = 255;
const PRINTABLE = /^[\x20-\x7E]+$/;
/** RFC 8941, section 3.3.3: what stands between the quotes of a string. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*)"$/;

/**
 * Reads `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header, where it is a quoted string): quoted or bare, which
 * is the same key.
 *
 * @returns `undefined` where the header is not there
 * @throws {Problem} `invalid-request`
 */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const key = text.startsWith('"') ? QUOTED.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') : text;
  if (key === undefined || key.length > LONGEST_KEY || !PRINTABLE.test(key))
    throw new Problem('invalid-request', {
      detail: 'The Idempotency-Key is not a usable key.',
      hint: `Send 1 to ${LONGEST_KEY} printable ASCII characters, with or without quotes around them, such as a UUID.`,
    });
  return key;
}
