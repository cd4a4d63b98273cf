import { describe, expect, it } from '@jest/globals';
import { parseGraphqlDocument } from '../../src/config/graphql-document.ts';

function problemOf(text: string): string {
  const parsed = parseGraphqlDocument(text);
  return parsed.ok ? 'no problem' : parsed.fault.problem;
}

describe('a GraphQL document', () => {
  it('is read with its variables and their types', () => {
    const text =
      'mutation ($file: Upload!, $names: [String!] = ["A"], $f: Upload, $in: In!) { a(x: [$file, $names, $f, $in]) }';
    expect(parseGraphqlDocument(text)).toEqual({
      ok: true,
      value: {
        text,
        type: 'mutation',
        variables: [
          { name: 'file', type: nonNull(named('Upload')), isUpload: true, hasDefault: false },
          { name: 'names', type: list(nonNull(named('String'))), isUpload: false, hasDefault: true },
          { name: 'f', type: named('Upload'), isUpload: true, hasDefault: false },
          { name: 'in', type: nonNull(named('In')), isUpload: false, hasDefault: false },
        ],
      },
    });
  });

  it.each([
    '{ a }',
    'query { a }',
    'query Q { ...F } fragment F on Q { a }',
    '# comment\nquery ($a: Int) { b(c: $a) }',
  ])('may be %j', (text) => {
    expect(parseGraphqlDocument(text)).toMatchObject({ ok: true, value: { type: 'query', text } });
  });

  it.each([
    ['', 'line 1, column 1: Unexpected <EOF>'],
    ['query {\n  a\n', 'line 3, column 1: Expected Name, found <EOF>'],
    ['query { a }\nquery B { b }', 'line 2, column 1: a second operation begins'],
    ['fragment F on Q { a }', 'line 1, column 1: Fragment "F" is never used'],
    ['subscription { a }', 'line 1, column 1: subscriptions cannot be answered over plain HTTP'],
    ['type Query { a: Int }', 'line 1, column 1: this is part of a schema, not of a query'],
    ['query ($a: Int) { b }', 'line 1, column 8: Variable "$a" is never used'],
    ['query { b(c: $a) }', 'line 1, column 14: Variable "$a" is not defined'],
    ['query ($a: Int, $a: Int) { b(c: $a) }', 'line 1, column 9: There can be only one variable named "$a"'],
    ['query { ...F }', 'line 1, column 12: Unknown fragment "F"'],
    [
      'query ($f: [Upload!]!) { a(f: $f) }',
      'line 1, column 12: $f is a list of files: declare a variable for each file',
    ],
  ])('%j is a problem at its line', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('is not quoted where it cannot be read', () => {
    expect(problemOf('query { a(b: 1) "planted-secret" }')).toBe('line 1, column 17: Expected Name, found String …');
  });

  it('is not parsed beyond what a person writes', () => {
    expect(problemOf(`{ ${'a '.repeat(20_000)} }`)).toContain('token');
  });
});

function named(name: string) {
  return { kind: 'named', name };
}

function list(of: object) {
  return { kind: 'list', of };
}

function nonNull(of: object) {
  return { kind: 'non-null', of };
}
