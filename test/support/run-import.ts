import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceConfig } from '../../src/config/config.ts';
import { load } from './config-sources.ts';
import type { PlantedSecrets } from './planted-secrets.ts';
import { inFolder, runFlowgate, type CommandResult } from './run-flowgate.ts';

export interface ImportSituation {
  readonly args: readonly string[];
  /** By name: bytes and texts as they are, all else as JSON. */
  readonly files: Readonly<Record<string, unknown>>;
}

/** How `flowgate import` ended, and what it wrote. */
export type ImportResult = CommandResult & {
  readonly yaml: string;
  /** By name, the files that are there afterwards. */
  readonly written: Readonly<Record<string, string | undefined>>;
};

/** Files that the tests write to, beside the default. */
const OUTPUTS = ['flowgate.yaml', 'out.yaml'];

/** Runs `flowgate import` in a folder with these files; the secrets are looked for in all that comes of it. */
export function runImport({ args, files }: ImportSituation, secrets: PlantedSecrets): Promise<ImportResult> {
  return inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), contentOf(content));
    const result = await runFlowgate(['import', ...args], { cwd: folder });
    const texts = OUTPUTS.map(
      async (name) => [name, await readFile(join(folder, name), 'utf8').catch(() => undefined)] as const,
    );
    const written = Object.fromEntries(await Promise.all(texts));
    for (const [where, text] of Object.entries({ stdout: result.stdout, stderr: result.stderr, ...written }))
      secrets.look(where, text ?? '');
    return { ...result, yaml: written['flowgate.yaml'] ?? '', written };
  });
}

function contentOf(content: unknown): string | Buffer {
  return typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
}

/** The services of a file that was written, once its variables are set. */
export function servicesOf(yaml: string, privateKey = ''): readonly ServiceConfig[] {
  const names = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const env = Object.fromEntries(
    names.map((name) => [name, name.endsWith('PRIVATE_KEY') ? privateKey : `value-of-${name}-0123456789`]),
  );
  return load({ env, file: yaml }).services;
}
