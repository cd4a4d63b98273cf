import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Drained {
  beginDraining(): void;
  close(): Promise<void>;
}

export interface DrainTimes {
  /** All of it, milliseconds: within the time after which the platform ends the process. */
  readonly graceMs: number;
  /** How long connections without a request stay open, so that the next request on them is answered with 503. */
  readonly lingerMs?: number;
}

const LINGER_MS = 500;
const LOOK_EVERY_MS = 50;

/**
 * Ends a server in order: it accepts no connection, answers new requests on open ones with 503, finishes what runs, and
 * closes the rest.
 *
 * @returns whether everything was finished within the grace
 */
export async function drain(
  server: Server,
  host: Drained,
  { graceMs, lingerMs = LINGER_MS }: DrainTimes,
): Promise<boolean> {
  host.beginDraining();
  const closed = once(server, 'close');
  // Not http.Server's own close, which would cut idle connections while a request may be on its way to us.
  NetServer.prototype.close.call(server);
  const startMs = performance.now();
  const idle = setInterval(() => {
    // A connection that is kept alive becomes idle when its last answer is out.
    if (performance.now() - startMs >= lingerMs) server.closeIdleConnections();
  }, LOOK_EVERY_MS);
  const finished = Promise.all([closed, host.close()]).then(() => true);
  const timeOver = new AbortController();
  try {
    const late = delay(graceMs, false, { signal: timeOver.signal }).catch(() => false);
    return await Promise.race([finished, late]);
  } finally {
    timeOver.abort();
    clearInterval(idle);
    server.closeAllConnections();
  }
}
