import type { GraphqlDocument, GraphqlType, GraphqlVariable } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { JsonObject } from './operation.ts';

/** GraphQL's `Int` is signed, 32 bits wide (spec.graphql.org, October 2021, section 3.5.1). */
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** What the built-in scalars take as input (section 3.5), and what callers are told. */
const SCALARS: Readonly<Record<string, readonly [accepts: (value: unknown) => boolean, what: string]>> = {
  Int: [(value) => Number.isInteger(value) && Number(value) >= INT_MIN && Number(value) <= INT_MAX, 'a whole number'],
  Float: [(value) => typeof value === 'number' && Number.isFinite(value), 'a number'],
  String: [(value) => typeof value === 'string', 'a text'],
  Boolean: [(value) => typeof value === 'boolean', 'true or false'],
  ID: [(value) => typeof value === 'string' || Number.isInteger(value), 'a text or a whole number'],
};

/**
 * Checks variables against their declarations before anything is sent. Of types beside the built-in scalars nothing is
 * known here: enums, custom scalars and input objects are left to the upstream.
 *
 * @param uploads the variables whose files come beside this object
 * @throws {Problem} `invalid-body` that names the variable
 */
export function checkVariables(
  { variables }: Pick<GraphqlDocument, 'variables'>,
  values: JsonObject,
  uploads: ReadonlySet<string> = new Set(),
): void {
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  for (const name of Object.keys(values))
    if (!known.has(name)) throw invalid('The body has a variable that the document does not declare.', variables);
  for (const variable of variables) {
    const value = Object.hasOwn(values, variable.name) ? values[variable.name] : undefined;
    if (variable.isUpload) checkUpload(variable, value, uploads, variables);
    else checkVariable(variable, value, variables);
  }
}

/** How a type is written in a document: `[Int!]!`. */
export function typeText(type: GraphqlType): string {
  if (type.kind === 'named') return type.name;
  return type.kind === 'list' ? `[${typeText(type.of)}]` : `${typeText(type.of)}!`;
}

/** Whether a value must be sent for it. */
export function isRequired({ type, hasDefault }: GraphqlVariable): boolean {
  return type.kind === 'non-null' && !hasDefault;
}

function checkVariable(variable: GraphqlVariable, value: unknown, all: readonly GraphqlVariable[]): void {
  const { name, type } = variable;
  if (value === undefined) {
    if (isRequired(variable)) throw invalid(`The variable "${name}" is missing.`, all);
    return;
  }
  const wanted = mismatch(type, value);
  if (wanted !== undefined) throw invalid(`The variable "${name}" is not ${wanted}.`, all);
}

/** The place of a file holds `null`, in the variables that callers send as in those that go upstream. */
function checkUpload(
  variable: GraphqlVariable,
  value: unknown,
  uploads: ReadonlySet<string>,
  all: readonly GraphqlVariable[],
): void {
  const { name } = variable;
  if (value !== undefined && value !== null)
    throw invalid(`The variable "${name}" is a file and cannot stand in JSON.`, all);
  if (isRequired(variable) && !uploads.has(name)) throw invalid(`The file "${name}" is missing.`, all);
}

/** What a value of this type would be, where this one is not. */
function mismatch(type: GraphqlType, value: unknown): string | undefined {
  if (type.kind === 'non-null') return value === null ? 'given: it is null' : mismatch(type.of, value);
  if (value === null) return undefined;
  if (type.kind === 'list') {
    // A value that is no list stands for a list of it (section 3.11).
    const elements = Array.isArray(value) ? value : [value];
    const wrong = elements.map((element) => mismatch(type.of, element)).find((wanted) => wanted !== undefined);
    return wrong === undefined ? undefined : `a list of which each is ${wrong}`;
  }
  const scalar = Object.hasOwn(SCALARS, type.name) ? SCALARS[type.name] : undefined;
  if (scalar === undefined) return undefined;
  const [accepts, what] = scalar;
  return accepts(value) ? undefined : what;
}

function invalid(detail: string, variables: readonly GraphqlVariable[]): Problem {
  const declared = variables.map(({ name, type }) => `${name}: ${typeText(type)}`).join(', ');
  return new Problem('invalid-body', {
    detail,
    hint: declared === '' ? 'This operation takes no variables: send {}.' : `Its variables are ${declared}.`,
  });
}
