import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_EVERY_MS = 1_000;
/** After the start nothing is warm yet, so a pause costs least. */
const QUIET_CHECKS_AFTER_START = 1;
/** Later, a break between two requests is not yet the end of the work. */
const QUIET_CHECKS = 15;
/** Less is not worth the pause. */
const WORTHWHILE_BYTES = 16 * 1024 * 1024;

/** What is known of the process from outside. */
export interface IdleMemoryOptions {
  /** Memory of the process, bytes. */
  readonly residentBytes: () => number;
  /** How many requests have come so far. */
  readonly requests: () => number;
  /** How many of them are being worked on. */
  readonly running: () => number;
}

/**
 * Gives memory back to the system once nothing has been asked for a while.
 *
 * V8 lets the space for young objects grow with the first modules it loads, and keeps it while nothing happens, because
 * nothing happens: some 40 MB that a small instance on a shared platform is billed for. Its collection of last resort,
 * some 50 ms when nobody waits, gives that back.
 *
 * @returns what ends it
 */
export function giveBackIdleMemory({ residentBytes, requests, running }: IdleMemoryOptions): () => void {
  let seen = requests();
  let quietChecks = 0;
  let needed = QUIET_CHECKS_AFTER_START;
  let residentAfterBytes = 0;
  const check = (): void => {
    const isQuiet = requests() === seen && running() === 0;
    seen = requests();
    quietChecks = isQuiet ? quietChecks + 1 : 0;
    if (quietChecks !== needed || residentBytes() - residentAfterBytes < WORTHWHILE_BYTES) return;
    collectAll();
    residentAfterBytes = residentBytes();
    needed = QUIET_CHECKS;
  };
  const timer = setInterval(check, CHECK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** V8's `gc` is there for contexts that are made after the flag is set. */
function collectAll(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
