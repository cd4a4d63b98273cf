import { Problem } from '../problems/problem.ts';
import { withoutBom } from './json-bytes.ts';
import { topLevelMembers } from './json-members.ts';
import type { OperationInput } from './operation.ts';
import type { BodyMember } from './workflow-server-api.ts';

/**
 * The caller's body as the `parameters` of a process: `{"customer":"Ada"}` becomes
 * `[{"name":"customer","value":"Ada","persist":true}]`, each value byte for byte. An array of that form stays as it is.
 *
 * @returns nothing where there are no parameters
 * @throws {Problem} `invalid-body`
 */
export function parametersMember({ body, json }: Pick<OperationInput, 'body' | 'json'>): BodyMember[] {
  if (body === undefined) return [];
  const parameters = json === undefined ? checkedArray(body) : namedValues(body);
  return parameters === undefined ? [] : [['parameters', parameters]];
}

function namedValues(object: Buffer): Buffer | undefined {
  const members = topLevelMembers(object);
  if (members.length === 0) return undefined;
  checkNames(members.map(({ key }) => key));
  const parts = members.flatMap(({ key, start, end }, index) => [
    Buffer.from(`${index === 0 ? '' : ','}{"name":${JSON.stringify(key)},"value":`),
    object.subarray(start, end),
    Buffer.from(',"persist":true}'),
  ]);
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')]);
}

function checkedArray(array: Buffer): Buffer | undefined {
  const bytes = withoutBom(array);
  const items = JSON.parse(bytes.toString('utf8')) as unknown[];
  if (!items.every(isParameter))
    throw new Problem('invalid-body', {
      detail: 'An element of the array is not a parameter.',
      hint: 'Send a JSON object of names and values, or [{"name":"…","value":…,"persist":true}] with no other members.',
    });
  checkNames(items.map(({ name }) => name));
  return items.length === 0 ? undefined : bytes;
}

interface Parameter {
  readonly name: string;
  readonly value: unknown;
  readonly persist?: boolean;
}

function isParameter(item: unknown): item is Parameter {
  if (typeof item !== 'object' || item === null || !('value' in item) || !('name' in item)) return false;
  const { name, value: _value, persist = true, ...others } = item as Record<string, unknown>;
  return typeof name === 'string' && typeof persist === 'boolean' && Object.keys(others).length === 0;
}

/** Of two parameters of one name, nobody can say which the server takes. */
function checkNames(names: readonly string[]): void {
  const isUsable = names.every((name) => name !== '') && new Set(names).size === names.length;
  if (isUsable) return;
  throw new Problem('invalid-body', {
    detail: 'A parameter has no name, or two have the same.',
    hint: 'Give every parameter a name of its own.',
  });
}
