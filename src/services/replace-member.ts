import { topLevelMembers } from './json-members.ts';

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;

/**
 * A JSON object with one member set: every member of that name is taken out, however its name is escaped, and the new
 * one stands first. The others keep their bytes and their order.
 *
 * @param object the bytes of a JSON object, known to be valid; a byte order mark before it is dropped
 * @param value the bytes of a JSON value
 */
export function replaceMember(object: Buffer, name: string, value: Buffer): Buffer {
  const kept: Buffer[] = [];
  let from = object.indexOf(OPEN_BRACE) + 1;
  for (const [index, { key, end }] of topLevelMembers(object).entries()) {
    // Between the end of one member and the name of the next stand blanks and one comma.
    const start = index === 0 ? from : object.indexOf(COMMA, from) + 1;
    if (key !== name) kept.push(Buffer.from(','), object.subarray(start, end));
    from = end;
  }
  return Buffer.concat([Buffer.from(`{${JSON.stringify(name)}:`), value, ...kept, Buffer.from('}')]);
}
