import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

/** A node of a syntax tree, as swc makes it: looked at by name, because rules look at few of its many kinds. */
export type Syntax = Readonly<Record<string, unknown>>;

export interface SourceFile {
  /** Such as `src/app/api.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: Syntax;
}

/** The TypeScript files below a folder. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort()
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return { path, text, tree: parseSync(text, { syntax: 'typescript', target: 'es2024' }) as unknown as Syntax };
    });
}

/** Every node of a tree that is of one of these types. */
export function nodesOf(tree: unknown, ...types: readonly string[]): Syntax[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const below = Object.values(tree).flatMap((part) => nodesOf(part, ...types));
  const own = tree as Syntax;
  return typeof own['type'] === 'string' && types.includes(own['type']) ? [own, ...below] : below;
}

/** What a node is called by: of `a.b.c` and `a.b.c()` it is `c`. */
export function nameOf(node: unknown): string {
  const { type, value, property, callee, id, expression } = (node ?? {}) as Syntax;
  switch (type) {
    case 'Identifier':
    case 'PrivateName':
      return String(value);
    case 'MemberExpression':
      return nameOf(property);
    case 'CallExpression':
      return nameOf(callee);
    case 'TsNonNullExpression':
    case 'ParenthesisExpression':
      return nameOf(expression);
    default:
      return id === undefined ? '' : nameOf(id);
  }
}

/** The text of a node. swc counts bytes, from one. */
export function textOf(node: unknown, text: string): string {
  const { span } = (node ?? {}) as { readonly span?: { readonly start: number; readonly end: number } };
  return span === undefined ? '' : Buffer.from(text).toString('utf8', span.start - 1, span.end - 1);
}
