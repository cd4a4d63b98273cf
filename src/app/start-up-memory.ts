import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_EVERY_MS = 1_000;
/** After these the program is warm, and to throw away what was compiled would cost more than the memory is worth. */
const MOST_CHECKS = 10;
/** A probe, or a first try, between two checks. More is work that must not wait. */
const FEW_REQUESTS = 2;

/**
 * Gives the memory that loading took back to the system, once, as soon as there is next to nothing to do.
 *
 * V8 lets the space for young objects grow with the first modules it loads, and keeps it while nothing happens, because
 * nothing happens: some 40 MB that a small instance on a shared platform is billed for. Its collection of last resort,
 * some 50 ms when nobody waits, gives that back. Only in the first seconds: it also throws away what was compiled, and
 * after it thousands of requests take up to twice as long.
 *
 * @param requests how many requests have come so far
 */
export function giveBackStartUpMemory(requests: () => number): void {
  let seen = requests();
  let checks = 0;
  const timer = setInterval(() => {
    checks++;
    const isQuiet = requests() - seen <= FEW_REQUESTS;
    seen = requests();
    if (isQuiet) collectAll();
    if (isQuiet || checks === MOST_CHECKS) clearInterval(timer);
  }, CHECK_EVERY_MS).unref();
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** V8's `gc` is there for contexts that are made after the flag is set. */
function collectAll(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
