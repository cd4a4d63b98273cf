import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { cases, sections, type AttackCase } from './attack-cases.ts';
import { nodesOf, sourceFiles, textOf, type SourceFile, type Syntax } from './source-tree.ts';

const BEGIN = '<!-- attacks:begin (made by node test/support/attack-coverage.ts, and checked by a test) -->\n';
const END = '<!-- attacks:end -->';

const ID = /\b[A-J]-\d{2}\b/g;

/** The name of one test, and the file that it is in. */
export interface TestName {
  readonly file: string;
  readonly name: string;
}

/** The names of all tests, as they stand in the sources: with their placeholders. */
export function testNames(): TestName[] {
  return sourceFiles('test').flatMap((file) =>
    nodesOf(file.tree, 'CallExpression')
      .filter(({ callee }) => /^(?:it|test|describe)\b/.test(textOf(callee, file.text)))
      .flatMap((call) => titleOf(call, file))
      .map((name) => ({ file: file.path, name })),
  );
}

/** The ids that a name carries. */
function idsOf(name: string): string[] {
  return name.match(ID) ?? [];
}

/** What is missing: of a case a test or a reason, of a reference its test, of an id its case. */
export function gaps(names: readonly TestName[]): string[] {
  const known = new Set(cases.map(({ id }) => id));
  const proven = new Set(names.flatMap(({ name }) => idsOf(name)));
  return [
    ...cases
      .filter(({ id, also, notApplicable }) => !proven.has(id) && also === undefined && notApplicable === undefined)
      .map(({ id }) => `${id} has no test`),
    ...cases.flatMap(({ id, also = [] }) =>
      also
        .filter(([file, test]) => !names.some((one) => one.file === file && one.name === test))
        .map(([file, test]) => `${id} leans on "${test}", which is not in ${file}`),
    ),
    ...[...proven].filter((id) => !known.has(id)).map((id) => `${id} is no case of the list`),
  ];
}

/** `docs/security.md` with the table of the attacks and the tests that prove them. */
export function withCoverage(document: string, names: readonly TestName[] = testNames()): string {
  const begin = document.indexOf(BEGIN) + BEGIN.length;
  const end = document.indexOf(END);
  if (begin < BEGIN.length || end === -1) throw new Error('docs/security.md has no place for the table of attacks');
  const tables = Object.entries(sections).map(([letter, title]) => section(letter, title, names));
  return `${document.slice(0, begin)}\n${tables.join('\n')}${document.slice(end)}`;
}

function section(letter: string, title: string, names: readonly TestName[]): string {
  const rows = cases
    .filter(({ id }) => id.startsWith(`${letter}-`))
    .map((one) => `| ${one.id} | ${one.name} | ${status(one, names)} |`);
  return [`### ${letter}. ${title}`, '', '| case | attack | proved by |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

function status({ id, also = [], notApplicable, note }: AttackCase, names: readonly TestName[]): string {
  if (notApplicable !== undefined) return `not applicable: ${notApplicable}`;
  const named = names.filter(({ name }) => idsOf(name).includes(id)).map(({ file }) => file);
  const files = [...new Set([...named, ...also.map(([file]) => file)])];
  const links = files.map((file) => `[${basename(file, '.test.ts')}](../${file})`);
  return links.join(', ') + (note === undefined ? '' : `; ${note}`);
}

/** The first argument of `it(…)`, `it.each(…)(…)` and their like, where it is a text. */
function titleOf(call: Syntax, { text }: SourceFile): string[] {
  const [first] = call['arguments'] as readonly { readonly expression: Syntax }[];
  const { type, value } = first?.expression ?? {};
  if (type === 'StringLiteral') return [String(value)];
  return type === 'TemplateLiteral' ? [textOf(first?.expression, text).slice(1, -1)] : [];
}

// Run by itself, it writes the table: node test/support/attack-coverage.ts, then npm run format.
if (import.meta.main) writeFileSync('docs/security.md', withCoverage(readFileSync('docs/security.md', 'utf8')));
