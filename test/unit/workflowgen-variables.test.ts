import { describe, expect, it } from '@jest/globals';
import { parseGraphqlDocument } from '../../src/config/graphql-document.ts';
import { Problem } from '../../src/problems/problem.ts';
import { checkVariables } from '../../src/services/workflowgen-variables.ts';

/** What is said of these variables, sent for a document that declares those. */
function said(declarations: string, values: object, uploads: readonly string[] = []): string {
  const names = [...declarations.matchAll(/\$\w+/g)].join(', ');
  const parsed = parseGraphqlDocument(`query (${declarations}) { a(b: [${names}]) }`);
  if (!parsed.ok) throw new Error(parsed.fault.problem);
  try {
    checkVariables(parsed.value, values as Record<string, unknown>, new Set(uploads));
    return 'fine';
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-body' && error.status === 400) return error.details.detail;
    throw error;
  }
}

describe('variables', () => {
  it.each([
    ['$a: Int', 5],
    ['$a: Int', -(2 ** 31)],
    ['$a: Float', 5],
    ['$a: Float', 1.5],
    ['$a: String', ''],
    ['$a: Boolean', false],
    ['$a: ID', 'x'],
    ['$a: ID', 7],
    ['$a: Int', null],
    ['$a: [Int]', [1, null]],
    ['$a: [Int]', 1],
    ['$a: [[Int!]!]', [[1], [2]]],
    ['$a: DateTime!', '2026-01-31'],
    ['$a: Status', 'OPEN'],
    ['$a: FilterInput!', { names: ['A'] }],
  ])('of %s may be %j', (declaration, value) => {
    expect(said(declaration, { a: value })).toBe('fine');
  });

  it.each([
    ['$a: Int', 1.5, 'not a whole number'],
    ['$a: Int', 2 ** 31, 'not a whole number'],
    ['$a: Int', '5', 'not a whole number'],
    ['$a: Float', '1', 'not a number'],
    ['$a: Float', Infinity, 'not a number'],
    ['$a: String', 1, 'not a text'],
    ['$a: String', {}, 'not a text'],
    ['$a: Boolean', 0, 'not true or false'],
    ['$a: ID', 1.5, 'not a text or a whole number'],
    ['$a: Int!', null, 'not given: it is null'],
    ['$a: [Int!]', [1, null], 'not a list of which each is given: it is null'],
    ['$a: [Int]', ['x'], 'not a list of which each is a whole number'],
    ['$a: FilterInput!', null, 'not given: it is null'],
  ])('of %s may not be %j', (declaration, value, what) => {
    expect(said(declaration, { a: value })).toBe(`The variable "a" is ${what}.`);
  });

  it('that are needed must be there, unless the document has a default', () => {
    expect(said('$a: Int!', {})).toBe('The variable "a" is missing.');
    expect(said('$a: Int! = 1', {})).toBe('fine');
    expect(said('$a: Int', {})).toBe('fine');
  });

  it('that the document does not declare are refused, and not quoted', () => {
    expect(said('$a: Int', { a: 1, b: 2 })).toBe('The body has a variable that the document does not declare.');
    expect(said('$a: Int', JSON.parse('{"a":1,"__proto__":2}') as object)).toBe(
      'The body has a variable that the document does not declare.',
    );
  });
});

describe('files', () => {
  it('cannot stand in JSON', () => {
    expect(said('$f: Upload', { f: 'bytes' })).toBe('The variable "f" is a file and cannot stand in JSON.');
    expect(said('$f: Upload', { f: null })).toBe('fine');
  });

  it('that are needed must come beside it', () => {
    expect(said('$f: Upload!', {})).toBe('The file "f" is missing.');
    expect(said('$f: Upload!', {}, ['f'])).toBe('fine');
    expect(said('$f: Upload', {})).toBe('fine');
  });
});
