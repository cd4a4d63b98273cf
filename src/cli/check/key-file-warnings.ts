import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_FILE } from '../../config/config-file.ts';
import type { SecretFile } from '../../config/file-trace.ts';

/** Folders that web servers and static hosts usually serve. */
const SERVED_NAMES = /^(?:public|static|www|wwwroot|htdocs|webapp|webroot|html|assets)$/i;

/** Of a file's mode: others may read it. */
const READABLE_BY_ALL = 0o004;

export interface FileWarning {
  readonly setting: string;
  readonly warning: string;
  readonly cure: string;
}

/** Warns of files with secrets that others can reach: by a web server, or on this machine. */
export function keyFileWarnings(files: readonly SecretFile[]): FileWarning[] {
  return files.flatMap(({ setting, path }) => {
    const found: FileWarning[] = [];
    // Key files are named by a setting; the configuration itself may hold secrets, too.
    const it = setting === DEFAULT_FILE ? 'holds a secret and is' : 'names';
    if (servedFolder(path) !== undefined)
      found.push({
        setting,
        warning: `${it} a file that lies in a folder of web pages: whoever serves that folder hands out the key`,
        cure: 'Move the file out of it. If the folder has been served, delete the key at the service and make a new one.',
      });
    if (isReadableByAll(path))
      found.push({
        setting,
        warning: `${it} a file that every user of this machine may read`,
        cure: 'Take the right away: chmod 600 and the name of the file.',
      });
    return found;
  });
}

/** The folder above the file that looks like one which is served: by its name, or because it has a page. */
function servedFolder(path: string): string | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (SERVED_NAMES.test(basename(folder)) || existsSync(join(folder, 'index.html'))) return folder;
  }
  return undefined;
}

/** Windows keeps no such mode. */
function isReadableByAll(path: string): boolean {
  if (process.platform === 'win32') return false;
  try {
    return (statSync(path).mode & READABLE_BY_ALL) !== 0;
  } catch {
    return false;
  }
}
