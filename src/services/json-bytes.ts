import { Problem } from '../problems/problem.ts';
import type { JsonObject } from './operation.ts';

/** Deeper nesting is refused: it parses, and then overflows the stack of whatever walks it. */
const MAX_DEPTH = 64;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a body in order to look at it. The bytes stay what is sent: printing the parsed value again would change
 * 9007199254740993, 1.0 and repeated keys.
 *
 * @throws {Problem} `invalid-body`, without a word of the body
 */
export function parseJsonObject(body: Buffer): JsonObject {
  const value = parseJsonObjectOrArray(body);
  if (Array.isArray(value)) throw invalidBody('is not a JSON object');
  return value;
}

/** The same for routes that take an array as well. */
export function parseJsonObjectOrArray(body: Buffer): JsonObject | unknown[] {
  if (nestsDeeper(body, MAX_DEPTH)) throw invalidBody(`nests deeper than ${MAX_DEPTH} levels`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw invalidBody('is not valid JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null) throw invalidBody('is not a JSON object');
  return value as JsonObject | unknown[];
}

/** The same bytes without a byte order mark, which may stand before a document but not inside one (RFC 8259, 8.1). */
export function withoutBom(body: Buffer): Buffer {
  return body.subarray(0, BOM.length).equals(BOM) ? body.subarray(BOM.length) : body;
}

/** `{"name":"value","nested":<bytes>}`: the nested document goes in byte for byte. */
export function wrapBytes(members: Readonly<Record<string, string>>, nestedName: string, nested: Buffer): Buffer {
  const head = JSON.stringify(members).slice(0, -1);
  const comma = head === '{' ? '' : ',';
  return Buffer.concat([
    Buffer.from(`${head}${comma}${JSON.stringify(nestedName)}:`),
    withoutBom(nested),
    Buffer.from('}'),
  ]);
}

/** Puts members before those of a JSON object, whose own bytes stay as they are. */
export function prependMembers(
  members: Readonly<Record<string, string | null>>,
  object: Buffer,
  isEmpty: boolean,
): Buffer {
  const bytes = withoutBom(object);
  const inner = bytes.subarray(bytes.indexOf('{') + 1);
  const head = JSON.stringify(members).slice(0, -1);
  return Buffer.concat([Buffer.from(isEmpty ? head : `${head},`), inner]);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function nestsDeeper(body: Buffer, max: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > max) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return false;
}

function invalidBody(what: string): Problem {
  return new Problem('invalid-body', {
    detail: `The body ${what}.`,
    hint: 'Send one JSON object in UTF-8, {} at least.',
  });
}
