import { isJsonObject, type JsonObject } from '../../config/json-object.ts';

/** A destination, its names as they were written but found in any case: `URL`, `url`, `clientSecret`. */
export interface Destination {
  readonly name: string;
  get(property: string): string | undefined;
  /** All properties that are there. */
  readonly properties: readonly string[];
}

/**
 * The destinations in a document: a list, one alone, or either inside `destinations`, `init_data`, `instance`,
 * `subaccount` or `destinationConfiguration`, as different tools export them. `undefined`: there are none in it.
 */
export function readDestinations(document: unknown): readonly Destination[] | undefined {
  const objects = findObjects(document);
  return objects.length === 0 ? undefined : objects.map(destinationOf);
}

const WRAPPERS = ['destinations', 'init_data', 'instance', 'subaccount', 'destinationConfiguration'];

function findObjects(value: unknown): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(findObjects);
  if (!isJsonObject(value)) return [];
  const isOne = textOf(value, 'url') !== undefined || textOf(value, 'type') !== undefined;
  if (isOne && textOf(value, 'name') !== undefined) return [value];
  return WRAPPERS.flatMap((wrapper) => findObjects(value[wrapper]));
}

function destinationOf(object: JsonObject): Destination {
  return {
    name: textOf(object, 'name') ?? '',
    get: (property) => textOf(object, property),
    properties: Object.keys(object),
  };
}

function textOf(object: JsonObject, property: string): string | undefined {
  const wanted = property.toLowerCase();
  for (const [name, value] of Object.entries(object)) {
    if (name.toLowerCase() !== wanted) continue;
    if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
    if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  }
  return undefined;
}
