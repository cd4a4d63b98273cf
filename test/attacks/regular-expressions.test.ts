import { describe, expect, it, jest } from '@jest/globals';
import { measureWork, type Expression } from '../support/regex-work.ts';
import { nameOf, nodesOf, sourceFiles, type Syntax } from '../support/source-tree.ts';

/** B-23: no regular expression of ours can be made to work for long. Those that take a billion steps take seconds. */

jest.setTimeout(120_000);

/** Generous: the linear ones take less than one. */
const LIMIT_MS = 200;
const PATIENCE_MS = 90_000;

const files = sourceFiles('src');

const expressions: Expression[] = files.flatMap(({ path, tree }) =>
  nodesOf(tree, 'RegExpLiteral').map(({ pattern, flags }) => ({
    place: path,
    source: String(pattern),
    flags: typeof flags === 'string' ? flags : '',
  })),
);

function summary(work: { place: string; source: string; attack: string; ms: number }): string {
  return `${work.place}: /${work.source}/ worked ${Math.round(work.ms)} ms on ${JSON.stringify(work.attack)}`;
}

describe('the regular expressions of the sources', () => {
  it('B-23 are all written down: none is made of what comes in', () => {
    const made = files.flatMap(({ path, tree }) =>
      nodesOf(tree, 'NewExpression', 'CallExpression')
        .filter(({ callee }: Syntax) => nameOf(callee) === 'RegExp')
        .map(() => path),
    );
    // Its words are those of a list in the same file.
    expect(made).toEqual(['src/tokens/explain-refused-client.ts']);
    expect(expressions.length).toBeGreaterThan(80);
  });

  it('B-23 work for a moment on 50,000 characters, whatever these are', async () => {
    const unique = [...new Map(expressions.map((one) => [`${one.source}/${one.flags}`, one])).values()];
    const works = await measureWork(unique, LIMIT_MS, PATIENCE_MS);
    expect(works.filter(({ ms }) => ms > LIMIT_MS).map(summary)).toEqual([]);
  });

  it('B-23 would be found if one worked for long', async () => {
    const sources = ['\\s+$', '^\\w*\\w*x', '^a: *[^:]* *b', '^(a+)+$', '^(a|a)*$'];
    const found = sources.map(async (source) => {
      const works = measureWork([{ place: 'a test', source, flags: '' }], LIMIT_MS, 1_500);
      return works.then(
        ([work]) => (work?.ms ?? 0) > LIMIT_MS,
        () => true,
      );
    });
    expect(await Promise.all(found)).toEqual(sources.map(() => true));
    const [linear] = await measureWork([{ place: 'a test', source: '^a{1,9}b*$', flags: '' }], LIMIT_MS, 5_000);
    expect(linear?.ms).toBeLessThan(LIMIT_MS);
  });
});
