import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { withRoutes } from './support/readme-routes.ts';

describe('the README', () => {
  it('has the routes of the operation tables', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(lean(readme)).toBe(lean(withRoutes(readme)));
  });
});

/** Without the padding that the formatter gives to tables. */
function lean(text: string): string {
  return text
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\n{2,}/g, '\n');
}
