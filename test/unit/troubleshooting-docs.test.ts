import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { sandboxProblems } from '../../sandbox/problems.ts';
import type { SandboxProblem } from '../../sandbox/problems/sandbox-problem.ts';
import { sapWorkflowTable } from '../../src/services/sap-workflow-table.ts';

const page = read('docs/troubleshooting.md');

interface DocumentedRow {
  readonly number: number;
  readonly text: string;
  /** The names in the last column. */
  readonly shownBy: readonly string[];
}

const documented: readonly DocumentedRow[] = page.split('\n').flatMap((line) => {
  const cells = line.split('|').map((cell) => cell.trim());
  const number = Number(cells[1]);
  if (!Number.isInteger(number) || number === 0) return [];
  const names = [...(cells[5] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name);
  return [{ number, text: cells.slice(2, 5).join(' '), shownBy: names }];
});

const numbers = Array.from({ length: 49 }, (_, index) => index + 1);

/** Rows whose answer is a page for people: what it must say. */
const onPaper: readonly (readonly [number, ...string[]])[] = [
  [8, 'Add the entitlement', 'create an instance with plan `integration-flow`'],
  [9, 'own key, `allow` list and `rateLimit`'],
  [24, 'All of them at once'],
  [28, '`GET /api/workflow/instances?status=all`'],
  [29, 'Put the person into the context'],
  [30, 'until its status changes'],
  [44, 'Delete such a key at once and make a new one', '`check` warns of a key file in a folder that is served'],
];

/** What is tested where the thing itself is: file and name of the test. */
const elsewhere: readonly (readonly [number, string, string])[] = [
  [5, 'integration/server-process.test.ts', 'takes its services from VCAP_SERVICES'],
  [18, 'integration/token-request.test.ts', 'gives up on a TLS handshake that nobody answers'],
  [18, 'integration/token-request.test.ts', 'gives up on a server that never answers, and says where'],
  [22, 'integration/ledger-records.test.ts', 'reserves nothing while Redis is away'],
  [24, 'integration/cli-doctor.test.ts', 'The list replaces the old one, so this is the whole of it'],
  [29, 'integration/callers-identity.test.ts', 'stands in the context of a start by the simple route'],
  [44, 'integration/cli-check.test.ts', 'in a folder with the name of one that is served'],
  [46, 'integration/server-process.test.ts', 'lets a running request finish, and ends with status 0'],
  [48, 'integration/forward-streaming.test.ts', 'while the upstream thinks ends the attempt'],
  [48, 'integration/forward-streaming.test.ts', 'leaves nothing open, 200 times over, at whatever moment'],
];

describe('the page about what goes wrong', () => {
  it('has every number once, in order', () => {
    expect(documented.map(({ number }) => number)).toEqual(numbers);
  });

  it('names every problem of the sandbox, and none that is not there', () => {
    const named = documented.flatMap(({ shownBy }) => shownBy);
    expect(new Set(named)).toEqual(new Set(Object.keys(sandboxProblems)));
  });

  it('names the problem that the sandbox shows', () => {
    const all: Readonly<Record<string, SandboxProblem>> = sandboxProblems;
    for (const { number, text, shownBy } of documented)
      for (const problem of shownBy.map((name) => all[name])) {
        const code = problem?.kind === 'request' ? problem.expect.code : undefined;
        if (code !== undefined) expect(`${number}: ${text}`).toContain(`\`${code}\``);
      }
  });

  it('has one JSON with the authorities of all routes', () => {
    const json = /```json\n([^`]*)```/.exec(page)?.[1] ?? '';
    const { authorities } = JSON.parse(json) as { authorities: string[] };
    expect(authorities).toEqual([...new Set(sapWorkflowTable.map(({ authority }) => authority))]);
  });

  it.each(onPaper)('%i is answered there', (number, ...words) => {
    const row = documented.find((candidate) => candidate.number === number);
    for (const text of words) expect(row?.text).toContain(text);
  });

  it('has a test for every number: by a request, by a configuration, in words, or where the thing itself is', () => {
    const rows = [...read('test/integration/user-problems.test.ts').matchAll(/number: (\d+)/g)];
    const mended = [...read('test/integration/user-problems-mended.test.ts').matchAll(/'(\d+(?:, \d+)*): /g)];
    const tested = [...rows, ...mended].flatMap(([, list = '']) => list.split(', ').map(Number));
    const all = [...tested, ...[...onPaper, ...elsewhere].map(([number]) => number)];
    expect([...new Set(all)].sort((a, b) => a - b)).toEqual(numbers);
  });

  it.each(elsewhere)('%i is tested in %s: %s', (_number, file, name) => {
    expect(read(`test/${file}`)).toContain(name);
  });
});

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
