import { bad, good, type Checked } from './checked.ts';

/** How `loadConfig` reads files; throws as `fs.readFileSync` does. */
export type ReadFile = (path: string) => string;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'names a file that does not exist',
  ENOTDIR: 'names a file that does not exist',
  EISDIR: 'names a folder, not a file',
  EACCES: 'names a file that this process may not read',
  EPERM: 'names a file that this process may not read',
};

/** The text of a file without a byte order mark, or why it cannot be had. The path is not part of the problem. */
export function readTextFile(readFile: ReadFile, path: string): Checked<string> {
  try {
    return good(readFile(path).replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = REASONS[errorCode(error)] ?? 'names a file that cannot be read';
    return bad(reason, 'Check the path and the permissions of the file.');
  }
}

/** The system's code of an error, such as `ENOENT`; empty where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
