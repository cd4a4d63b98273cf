/** A member of a JSON object, by the place of its value among the object's bytes. */
export interface JsonMember {
  /** The name, decoded. */
  readonly key: string;
  /** The first byte of the value. */
  readonly start: number;
  /** The byte after the value. */
  readonly end: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Finds the members of a JSON object without reading their values: what is cut out by `start` and `end` is the value as
 * it was written, where parsing and printing would change 9007199254740993, 1.0 and repeated keys.
 *
 * All signs that structure JSON are single bytes that stand for nothing else in UTF-8, so nothing is decoded but names.
 *
 * @param object the bytes of a JSON object, known to be valid; a byte order mark before it is skipped
 * @returns the members of the first level in their order, repeated names included
 */
export function topLevelMembers(object: Uint8Array): JsonMember[] {
  const members: JsonMember[] = [];
  let at = skipBlanks(object, object.indexOf(OPEN_BRACE) + 1);
  while (object[at] === QUOTE) {
    const keyEnd = endOfString(object, at);
    const start = skipBlanks(object, object.indexOf(COLON, keyEnd) + 1);
    const end = endOfValue(object, start);
    members.push({ key: readString(object.subarray(at, keyEnd)), start, end });
    at = skipBlanks(object, end);
    if (object[at] === COMMA) at = skipBlanks(object, at + 1);
  }
  return members;
}

/** The value of the last member of that name, as it was written: of repeated names `JSON.parse` takes the last, too. */
export function memberBytes(object: Buffer, key: string): Buffer | undefined {
  const member = topLevelMembers(object).findLast((candidate) => candidate.key === key);
  return member && object.subarray(member.start, member.end);
}

/** `{"name":<bytes>,…}`: each value goes in as it is. */
export function objectOf(members: readonly (readonly [name: string, value: Buffer])[]): Buffer {
  const parts = members.flatMap(([name, value], index) => [
    Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`),
    value,
  ]);
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}

function readString(bytes: Uint8Array): string {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as string;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isBlank(bytes[at])) at++;
  return at;
}

/** RFC 8259, section 2. */
function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** @returns the place after the closing quote */
function endOfString(bytes: Uint8Array, open: number): number {
  let at = open + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** @returns the place after the value that begins at `start` */
function endOfValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? endOfNested(bytes, start) : endOfScalar(bytes, start);
}

/** Counts brackets and braces alike: in valid JSON they close in the order in which they opened. */
function endOfNested(bytes: Uint8Array, open: number): number {
  let depth = 0;
  let at = open;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      continue;
    }
    at++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    if (depth === 0) return at;
  }
  return at;
}

/** Numbers, `true`, `false` and `null` end where something else begins. */
function endOfScalar(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && !isBlank(bytes[at]) && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE) at++;
  return at;
}
