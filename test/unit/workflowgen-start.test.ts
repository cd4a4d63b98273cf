import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import fc from 'fast-check';
import { Problem } from '../../src/problems/problem.ts';
import type { JsonObject, OperationInput } from '../../src/services/operation.ts';
import { checkParameters, startBody } from '../../src/services/workflowgen-start.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';

function inputOf(process: string, body: string): OperationInput {
  return {
    method: 'POST',
    params: { id: process },
    query: [],
    body: Buffer.from(body),
    json: JSON.parse(body) as JsonObject,
    headers: {},
    caller: 'tester',
    idempotencyKey: undefined,
    freshId: 'x',
    identity: undefined,
    mayCall: () => true,
  };
}

function sent(body: string, process = 'SIMPLE_REQUEST') {
  const text = startBody(inputOf(process, body)).toString('utf8');
  return { text, ...(JSON.parse(text) as { query: string; variables: Record<string, unknown> }) };
}

function refusal(body: string): string {
  try {
    checkParameters(JSON.parse(body) as JsonObject);
    return 'fine';
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-body') return error.details.detail;
    throw error;
  }
}

describe('the parameters of a start', () => {
  it('are sent as text, number and date, each as a variable', () => {
    const { query, variables } = sent('{"AMOUNT":12.50,"SUBJECT":"Laptop","DUE":"2026-01-31T08:00:00Z"}');
    expect(variables).toEqual({
      process: 'SIMPLE_REQUEST',
      n0: 'AMOUNT',
      v0: 12.5,
      n1: 'SUBJECT',
      v1: 'Laptop',
      n2: 'DUE',
      v2: '2026-01-31T08:00:00Z',
    });
    expect(query).toBe(
      'mutation ($process: String!, $n0: String!, $v0: Float!, $n1: String!, $v1: String!, $n2: String!, $v2: DateTime!) { ' +
        'createRequest(input: { processName: $process, parameters: [{ name: $n0, numericValue: $v0 }, { name: $n1, textValue: $v1 }, { name: $n2, dateTimeValue: $v2 }] }) ' +
        '{ request { number status } } }',
    );
  });

  it('become what docs/workflowgen.md says', () => {
    const { rows } = tableOf('docs/workflowgen.md', 'Starting', 'JSON');
    const examples: readonly (readonly string[])[] = [
      ['"Laptop"'],
      ['12.50'],
      codesIn(rows[2]?.[0]).map((text) => `"${text}"`),
      ['true', 'null', '[1]', '{"a":1}'],
    ];
    expect(rows).toHaveLength(examples.length);
    for (const [at, [, becomes = '']] of rows.entries())
      for (const value of examples[at] ?? []) {
        const body = `{"NAME":${value}}`;
        if (becomes.startsWith('400')) expect(refusal(body)).toContain('NAME');
        else expect(sent(body).query).toContain(`${codesIn(becomes)[0] ?? 'nothing'}: $v0`);
      }
  });

  it.each(['9007199254740993', '1.0', '-0', '1e400', '0.1000000000000000055511151231257827'])(
    'keep the digits of %s',
    (number) => {
      expect(sent(`{"N": ${number} }`).text).toContain(`"v0":${number}}`);
    },
  );

  it('may be none', () => {
    expect(sent('{}')).toMatchObject({ variables: { process: 'SIMPLE_REQUEST' } });
  });

  it.each([
    ['2026-01-31', 'DateTime'],
    ['2026-01-31T08:00', 'DateTime'],
    ['2026-01-31T08:00:00.000+01:00', 'DateTime'],
    ['2026-02-30', 'String'],
    ['2026-01-31T25:00:00Z', 'String'],
    ['31.01.2026', 'String'],
    ['2026-01-31 08:00', 'String'],
    ['20260131', 'String'],
    ['on 2026-01-31', 'String'],
  ])('%s goes as %s', (value, type) => {
    expect(sent(JSON.stringify({ a: value })).query).toContain(`$v0: ${type}!`);
  });

  it('of one name twice are one: the last', () => {
    expect(sent('{"a":"first","a":2}').variables).toEqual({ process: 'SIMPLE_REQUEST', n0: 'a', v0: 2 });
  });

  it('never become part of the document, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(
          fc.string({ minLength: 1 }),
          fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        ),
        (process, values) => {
          const { query, variables } = sent(JSON.stringify(values), process);
          const { process: sentProcess, ...others } = variables;
          expect(sentProcess).toBe(process);
          const names = Object.keys(others).filter((name) => name.startsWith('n'));
          const pairs = names.map((name) => [others[name], others[name.replace('n', 'v')]]);
          expect(pairs).toEqual(Object.entries(JSON.parse(JSON.stringify(values)) as object));
          expect(query.replaceAll(/[$\w\s(){}[\]:!,]/g, '')).toBe('');
          expect(parse(query).definitions).toHaveLength(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['{"FLAG":true}', 'The parameter "FLAG" is not a text, a number or a date.'],
    ['{"A":"x","LIST":[1]}', 'The parameter "LIST" is not a text, a number or a date.'],
    ['{"NOTHING":null}', 'The parameter "NOTHING" is not a text, a number or a date.'],
    ['{"GROUP":{"a":1}}', 'The parameter "GROUP" is not a text, a number or a date.'],
    ['{"<script>":true}', 'The parameter with odd characters is not a text, a number or a date.'],
    ['{" ":"x"}', 'A parameter has an empty name, or one that is too long.'],
  ])('%s are refused by name', (body, detail) => {
    expect(refusal(body)).toBe(detail);
  });
});
