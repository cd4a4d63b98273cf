import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit-status.ts';

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
});
