import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { cases } from '../support/attack-cases.ts';
import { gaps, testNames, withCoverage } from '../support/attack-coverage.ts';

const names = testNames();

describe('the list of attacks', () => {
  it('has each case once', () => {
    const ids = cases.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('has a test or a reason for each case, and a case for each id in the name of a test', () => {
    expect(gaps(names)).toEqual([]);
  });

  it('is in docs/security.md as it is now', () => {
    const document = readFileSync('docs/security.md', 'utf8');
    expect(lean(document)).toBe(lean(withCoverage(document, names)));
  });
});

/** Without the padding that the formatter gives to tables. */
function lean(text: string): string {
  return text
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\n{2,}/g, '\n');
}
