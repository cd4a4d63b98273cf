import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * What this process holds after everything that can be collected was, in bytes.
 *
 * Garbage that nobody has collected yet depends on the machine's load, so no figure of it can be asserted.
 */
export function liveMemory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage();
}
