import { describe, expect, it } from '@jest/globals';
import { problemTable, type ProblemCode } from '../../src/problems/problem-table.ts';
import { problemTexts } from '../../src/problems/problem-texts.ts';

const codes = Object.keys(problemTable) as ProblemCode[];

describe('the texts about problems', () => {
  it('are there for every code', () => {
    expect(Object.keys(problemTexts).sort()).toEqual([...codes].sort());
  });

  it.each(codes)('say what %s means, how it comes about and what to check', (code) => {
    const { meaning, causes, checks } = problemTexts[code];
    expect(causes.length).toBeGreaterThan(0);
    expect(checks.length).toBeGreaterThan(0);
    for (const sentence of [meaning, ...causes, ...checks]) expect(sentence).toMatch(/[.:]$/);
  });

  it.each(codes)('say for %s what to type', (code) => {
    expect(problemTexts[code].lines).not.toEqual([]);
  });

  it.each(['definition-not-found', 'authority-missing', 'token-rejected'] as const)(
    'speak of every engine in %s',
    (code) => {
      const text = JSON.stringify(problemTexts[code]);
      for (const engine of ['WorkflowServer', 'WorkflowGen']) expect(text).toContain(engine);
    },
  );

  it('name only problems that exist', () => {
    const text = JSON.stringify(problemTexts);
    for (const [, code = ''] of text.matchAll(/\/problems\/([a-z-]+)/g)) expect(codes).toContain(code);
  });
});
