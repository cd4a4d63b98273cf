import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { tablesOf } from '../support/markdown-tables.ts';

const RESULTS = 'bench/results/results.md';

describe('docs/performance.md', () => {
  it('shows the figures of the run whose results are kept, all of them', () => {
    const measured = tablesOf(RESULTS);
    expect(measured.length).toBeGreaterThan(3);
    const shown = tablesOf('docs/performance.md').filter(({ header }) => header[0] === 'proxy');
    expect(shown).toEqual(measured);
  });

  it('shows every remark of that run', () => {
    const remarks = readFileSync(RESULTS, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('- '));
    expect(remarks.length).toBeGreaterThan(5);
    const page = readFileSync('docs/performance.md', 'utf8').split('\n');
    expect(remarks.filter((remark) => !page.includes(remark))).toEqual([]);
  });

  it('names a chart that shows every proxy of the first table', () => {
    const chart = readFileSync('bench/results/chart.svg', 'utf8');
    const names = tablesOf(RESULTS)[0]?.rows.map(([name = '']) => name) ?? [];
    expect(names).toContain('flowgate');
    expect(names.filter((name) => !chart.includes(`>${name}<`))).toEqual([]);
  });
});
