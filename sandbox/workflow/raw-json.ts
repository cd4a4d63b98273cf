/**
 * Works on JSON as text. Reading and writing a context with `JSON` would change 9007199254740993, 1.0 and repeated
 * keys; the sandbox keeps what was sent, so that a test can see whether the bytes survived.
 */

interface Member {
  /** The key, decoded. */
  readonly key: string;
  /** `"key": value` as it was written. */
  readonly text: string;
  /** The value as it was written. */
  readonly value: string;
}

/** The members of the object in `json`, in order, repeated keys included. @param json a valid JSON object */
export function rawMembers(json: string): Member[] {
  const members: Member[] = [];
  let at = skipBlanks(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const start = at;
    const keyEnd = endOfString(json, start);
    const key = JSON.parse(json.slice(start, keyEnd)) as string;
    const valueStart = skipBlanks(json, json.indexOf(':', keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    members.push({ key, text: json.slice(start, valueEnd), value: json.slice(valueStart, valueEnd) });
    const comma = skipBlanks(json, valueEnd);
    at = skipBlanks(json, comma + 1);
  }
  return members;
}

/** The elements of the array in `json`, as they were written. @param json a valid JSON array */
export function rawItems(json: string): string[] {
  const items: string[] = [];
  let at = skipBlanks(json, json.indexOf('[') + 1);
  while (at < json.length && json[at] !== ']') {
    const end = endOfValue(json, at);
    items.push(json.slice(at, end));
    const comma = skipBlanks(json, end);
    at = json[comma] === ',' ? skipBlanks(json, comma + 1) : comma;
  }
  return items;
}

/** The value of the last member called `key` (as `JSON.parse` takes the last), as it was written. */
export function rawMember(json: string, key: string): string | undefined {
  return rawMembers(json).findLast((member) => member.key === key)?.value;
}

/** `target` with the members of `patch`: keys of the first level are replaced or added, nothing below is mixed. */
export function mergeRaw(target: string, patch: string): string {
  const added = rawMembers(patch);
  const replaced = new Set(added.map(({ key }) => key));
  const kept = rawMembers(target).filter(({ key }) => !replaced.has(key));
  return `{${[...kept, ...added].map(({ text }) => text).join(',')}}`;
}

function skipBlanks(json: string, from: number): number {
  let at = from;
  while (/\s/.test(json[at] ?? '')) {
    at += 1;
  }
  return at;
}

/** @returns the index after the closing quote */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') {
    at += json[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

/** @returns the index after the value that begins at `start` */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const character = json[at] ?? '';
    if (character === '"') {
      at = endOfString(json, at);
    } else if ('{['.includes(character)) {
      depth += 1;
      at += 1;
    } else if ('}]'.includes(character) && depth > 0) {
      depth -= 1;
      at += 1;
    } else if (depth === 0 && /[\s,}\]]/.test(character)) {
      return at;
    } else {
      at += 1;
    }
    if (depth === 0 && '"}]'.includes(json[at - 1] ?? '')) {
      return at;
    }
  }
  return at;
}
