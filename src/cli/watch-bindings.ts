import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import type { ConfigSources } from '../config/load-config.ts';

/** Kubernetes takes up to a minute to bring a changed secret into a folder, so a few seconds more do not matter. */
const LOOK_EVERY_MS = 5_000;

/**
 * Looks at the bindings that are mounted as files, and tells when one has changed. Polls, because not every file system
 * that a platform mounts tells of changes by itself.
 *
 * @returns ends it; `undefined` when nothing is mounted
 */
export function watchBindings(
  sources: ConfigSources,
  onChange: () => void,
  everyMs: number = LOOK_EVERY_MS,
): (() => void) | undefined {
  const { SERVICE_BINDING_ROOT: root, VCAP_SERVICES_FILE_PATH: file } = sources.env;
  if (!root?.trim() && !file?.trim()) return undefined;
  let known = fingerprint(sources);
  const timer = setInterval(() => {
    const now = fingerprint(sources);
    if (now === known) return;
    known = now;
    onChange();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Of all names and contents. What cannot be read counts as not there. */
function fingerprint({ env, readFile, listDirectory }: ConfigSources): string {
  const hash = createHash('sha256');
  const file = env['VCAP_SERVICES_FILE_PATH']?.trim();
  const root = env['SERVICE_BINDING_ROOT']?.trim();
  if (file) addFile(hash, file, readFile);
  if (root && listDirectory) {
    for (const binding of attempt(() => listDirectory(root)) ?? []) {
      const folder = join(root, binding);
      for (const name of attempt(() => listDirectory(folder)) ?? []) addFile(hash, join(folder, name), readFile);
    }
  }
  return hash.digest('hex');
}

function addFile(hash: Hash, path: string, readFile: ConfigSources['readFile']): void {
  const text = attempt(() => readFile(path));
  hash.update(JSON.stringify([path, text === undefined]));
  if (text !== undefined) hash.update(text);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
