import { readAsset } from './html-page.ts';

const IMPORT = /^import [^;]*? from '\.\/([\w-]+\.js)';\n/gm;
const EXPORT = /^export (?=(?:async )?function |const |let |class )/gm;

/**
 * One script out of modules of `assets/`, each behind those that it imports: so a page is a single answer, and its policy
 * names a single digest. Names are shared between the modules, and no module is renamed on import.
 *
 * @param entry such as `docs.js`
 */
export function pageScript(entry: string): string {
  const modules = new Map<string, string>();
  const add = (name: string): void => {
    if (modules.has(name)) return;
    const source = readAsset(name);
    for (const [, imported = ''] of source.matchAll(IMPORT)) add(imported);
    modules.set(name, source.replaceAll(IMPORT, '').replaceAll(EXPORT, ''));
  };
  add(entry);
  return [...modules.values()].join('\n');
}
