import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A `flowgate.yaml` in a folder of its own. */
export interface ConfigFolder {
  readonly folder: string;
  readonly path: string;
  write(text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function writeConfigFile(text: string): Promise<ConfigFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'flowgate-config-'));
  const path = join(folder, 'flowgate.yaml');
  await writeFile(path, text);
  return {
    folder,
    path,
    write: (changed) => writeFile(path, changed),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
