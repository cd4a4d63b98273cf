import { createRequire } from 'node:module';
import type * as Graphql from 'graphql';
import { bad, good, type Checked } from './checked.ts';
import type { GraphqlDocument, GraphqlType, GraphqlVariable } from './config.ts';

/** More than any document that a person writes; beyond it, parsing costs memory for nothing. */
const MOST_TOKENS = 10_000;

/** The scalar of a file (GraphQL multipart request specification). */
const UPLOAD = 'Upload';

const CURE = 'Mend the document there; it holds one query or one mutation, and its fragments.';

interface Checker {
  readonly graphql: typeof Graphql;
  /** The rules that need no schema: the upstream's own is not known here. */
  readonly rules: readonly Graphql.ValidationRule[];
  /** `validate` asks for a schema; the rules never look at it. */
  readonly anySchema: Graphql.GraphQLSchema;
}

let loaded: Checker | undefined;

/** Loaded with the first document: most configurations have none, and the library holds 3 MB. */
function checker(): Checker {
  loaded ??= load();
  return loaded;
}

function load(): Checker {
  const graphql = createRequire(import.meta.url)('graphql') as typeof Graphql;
  const fields = { any: { type: graphql.GraphQLString } };
  return {
    graphql,
    rules: [
      graphql.KnownFragmentNamesRule,
      graphql.NoFragmentCyclesRule,
      graphql.NoUndefinedVariablesRule,
      graphql.NoUnusedFragmentsRule,
      graphql.NoUnusedVariablesRule,
      graphql.UniqueArgumentNamesRule,
      graphql.UniqueFragmentNamesRule,
      graphql.UniqueInputFieldNamesRule,
      graphql.UniqueVariableNamesRule,
    ],
    anySchema: new graphql.GraphQLSchema({ query: new graphql.GraphQLObjectType({ name: 'Query', fields }) }),
  };
}

/**
 * Parses and checks a GraphQL document (spec.graphql.org, October 2021): one query or mutation, no subscription, every
 * variable declared once and used.
 *
 * @returns what is wrong, with its line; nothing of the document but names is quoted
 */
export function parseGraphqlDocument(text: string): Checked<GraphqlDocument> {
  const { graphql, rules, anySchema } = checker();
  try {
    const document = graphql.parse(text, { maxTokens: MOST_TOKENS });
    const [error] = graphql.validate(anySchema, document, rules);
    return error ? faultOf(error) : checkOperation(document, text);
  } catch (error) {
    if (error instanceof graphql.GraphQLError) return faultOf(error);
    throw error;
  }
}

function checkOperation(document: Graphql.DocumentNode, text: string): Checked<GraphqlDocument> {
  const operations = document.definitions.filter((definition) => definition.kind === 'OperationDefinition');
  const [operation] = operations;
  const foreign = document.definitions.find(
    ({ kind }) => kind !== 'OperationDefinition' && kind !== 'FragmentDefinition',
  );
  if (foreign) return faultAt(foreign.loc, 'this is part of a schema, not of a query');
  if (operation === undefined) return bad('holds no operation', CURE);
  if (operations[1]) return faultAt(operations[1].loc, 'a second operation begins');
  const { operation: type } = operation;
  if (type === 'subscription') return faultAt(operation.loc, 'subscriptions cannot be answered over plain HTTP');
  return readVariables(operation, { text, type });
}

function readVariables(
  operation: Graphql.OperationDefinitionNode,
  document: Pick<GraphqlDocument, 'text' | 'type'>,
): Checked<GraphqlDocument> {
  const variables: GraphqlVariable[] = [];
  for (const { variable, type: node, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const type = typeOf(node);
    const isUpload = isNamed(UPLOAD, type.kind === 'non-null' ? type.of : type);
    if (!isUpload && mentions(UPLOAD, type))
      return faultAt(node.loc, `$${name} is a list of files: declare a variable for each file`);
    variables.push({ name, type, isUpload, hasDefault: defaultValue !== undefined });
  }
  return good({ ...document, variables });
}

function typeOf(node: Graphql.TypeNode): GraphqlType {
  if (node.kind === 'NamedType') return { kind: 'named', name: node.name.value };
  return { kind: node.kind === 'ListType' ? 'list' : 'non-null', of: typeOf(node.type) };
}

function isNamed(name: string, type: GraphqlType): boolean {
  return type.kind === 'named' && type.name === name;
}

function mentions(name: string, type: GraphqlType): boolean {
  return type.kind === 'named' ? type.name === name : mentions(name, type.of);
}

/** Syntax errors quote what they have found, which may be a value: of what is quoted only signs stay. */
function faultOf({ message, locations }: Graphql.GraphQLError) {
  const isSyntax = message.startsWith('Syntax Error: ');
  const shown = isSyntax ? withoutQuoted(message.slice('Syntax Error: '.length)) : message;
  return fault(locations?.[0], shown.replace(/\.$/, ''));
}

function withoutQuoted(text: string): string {
  return text.replaceAll(/"[^"]*"/g, (quoted) => (/\w/.test(quoted) ? '…' : quoted));
}

function faultAt(location: Graphql.Location | undefined, problem: string) {
  return fault(location?.startToken, problem);
}

function fault(start: { readonly line: number; readonly column: number } | undefined, problem: string) {
  return bad(start === undefined ? problem : `line ${start.line}, column ${start.column}: ${problem}`, CURE);
}
