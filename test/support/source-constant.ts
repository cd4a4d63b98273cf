import { readFileSync } from 'node:fs';

/** The number that a constant of a source file has: for documents that name it. It may be a product such as `4 * 60`. */
export function sourceConstant(path: string, name: string): number {
  const [, text] = new RegExp(`\\bconst ${name} = ([\\d_ *]+);`).exec(readFileSync(path, 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${path} has no constant ${name}`);
  return text
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1);
}
