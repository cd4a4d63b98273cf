import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit-status.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';

const guide = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

describe('docs/cli.md', () => {
  it('lists every command, in the order of the help', () => {
    const rows = [...guide.matchAll(/^\| \[?`([a-z-]+)`/gm)].map(([, name]) => name);
    const names = commands.map(({ name }) => name);
    expect(rows.filter((name) => names.includes(name ?? ''))).toEqual(names);
  });

  it.each(commands.flatMap(({ name, options }) => options.map((option) => [name, option.name])))(
    'tells of %s --%s',
    (_command, option) => {
      expect(guide).toContain(`--${option}`);
    },
  );

  it('lists every exit status', () => {
    const statuses = [...guide.matchAll(/^\| (\d[\d, ]*?) +\|/gm)].flatMap(([, cell]) => (cell ?? '').split(', '));
    expect(statuses.map(Number)).toEqual(Object.values(EXIT));
  });

  it('lists every look of the doctor, and none that there is not', () => {
    const folder = 'src/cli/doctor';
    const sources = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
    const found = sources.flatMap((source) => [
      ...source.matchAll(/\b(?:ok|warning|failed|skipped|failedBy)\(\s*'([\w-]+)'/g),
      ...source.matchAll(/\bSTEP = '([\w-]+)'/g),
      ...source.matchAll(/`(flow|issuer) (?:of )?\$\{/g),
    ]);
    const looks = new Set(found.map(([, name = '']) => name));
    expect(looks.size).toBeGreaterThan(12);
    const documented = tableOf('docs/cli.md', 'doctor', 'look').rows.flatMap(([names]) => codesIn(names));
    const firstWords = documented.map((name) => name.replace(/ .*/, ''));
    // Where there are no flows, the look is named "flows".
    expect(
      [...looks].map((name) => (name === 'flows' ? 'flow' : name)).filter((name) => !firstWords.includes(name)),
    ).toEqual([]);
    expect(firstWords.filter((name) => !looks.has(name))).toEqual([]);
  });
});
