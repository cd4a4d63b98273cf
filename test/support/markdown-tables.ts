import { readFileSync } from 'node:fs';

/** A table of a document. */
export interface MarkdownTable {
  /** The heading that it stands under. */
  readonly heading: string;
  readonly header: readonly string[];
  /** Their cells, as they are written. */
  readonly rows: readonly (readonly string[])[];
}

/** All tables of a document, in order. */
export function tablesOf(path: string): MarkdownTable[] {
  const tables: { heading: string; header: string[]; rows: string[][] }[] = [];
  let heading = '';
  let isInside = false;
  let isCode = false;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    if (!isCode && line.startsWith('#')) heading = line.replace(/^#+ /, '');
    const isRow = !isCode && line.startsWith('|');
    const table = tables.at(-1);
    if (isRow && isInside) table?.rows.push(cellsOf(line));
    else if (isRow) tables.push({ heading, header: cellsOf(line), rows: [] });
    isInside = isRow;
  }
  // The second line of a table is its rule.
  return tables.map(({ rows, ...table }) => ({ ...table, rows: rows.slice(1) }));
}

/** The table under that heading whose first column has that name. */
export function tableOf(path: string, heading: string, column: string): MarkdownTable {
  const found = tablesOf(path).find((table) => table.heading === heading && table.header[0] === column);
  if (found === undefined) throw new Error(`${path} has no table "${column}" under "${heading}"`);
  return found;
}

/** What stands in backquotes in a cell. */
export function codesIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
