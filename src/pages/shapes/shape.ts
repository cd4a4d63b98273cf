/** JSON Schema, draft 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface BodyShape {
  readonly schema: JsonSchema;
  /** Fits the schema. */
  readonly example: unknown;
}

/** What the bodies of one operation look like, for documents alone: nothing is checked against it. */
export interface Shape {
  readonly request?: BodyShape;
  /** A JSON answer; an operation without one answers with nothing, or with whatever comes. */
  readonly answer?: BodyShape;
  /** File parts that a form may bring beside the part `variables`. */
  readonly files?: readonly string[];
}

/** The bodies of one kind of service. */
export interface Shapes {
  /** By name, for `$ref`. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** By operation id. */
  readonly operations: Readonly<Record<string, Shape>>;
}

export function schemaRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** Members of which the first `required` must be there. Others may come along: engines add them between versions. */
export function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties };
}

export const textSchema: JsonSchema = { type: 'string' };

export const textOrNull: JsonSchema = { type: ['string', 'null'] };

export const instantOrNull: JsonSchema = { type: ['string', 'null'], format: 'date-time' };

/** An object of any members: contexts and parameters are the workflow's own. */
export const anyObject: JsonSchema = { type: 'object', additionalProperties: true };
