import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';

const flowgate = useFlowgate();

/** On every line, and told in the text above the table. */
const ON_EVERY_LINE = ['time', 'level', 'msg'];

function documented(path: string, heading: string): string[] {
  return tableOf(path, heading, 'field').rows.flatMap(([field]) => codesIn(field));
}

it('the lines of requests have the fields that docs/observability.md and docs/callers.md name, and no others', async () => {
  await flowgate.post('/api/workflow/definitions/onboarding/instances', '{}');
  await flowgate.post('/api/workflow/definitions/nowhere/instances', '{}');
  await flowgate.get('/api/workflow/definitions', { 'x-api-key': 'not-the-key-0123456789' });
  await eventually(() => expect(linesOfRequests()).toHaveLength(3));
  const written = new Set(linesOfRequests().flatMap((line) => Object.keys(line)));
  const usual = documented('docs/observability.md', 'Log');
  const ofTheAudit = documented('docs/callers.md', 'The audit');
  // What lies under a failure stands where there was one.
  const always = [...new Set([...ON_EVERY_LINE, ...usual, ...ofTheAudit])].filter((field) => field !== 'err');
  expect([...written].toSorted()).toEqual(always.toSorted());
});

function linesOfRequests(): Record<string, unknown>[] {
  return flowgate.logLines.filter(({ msg }) => msg === 'request');
}
