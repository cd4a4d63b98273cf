import type { Socket } from 'node:net';
import type { Finding } from './finding.ts';

/**
 * What a connection shows first, or `late` when the time is over; then it is closed.
 *
 * @param open opens the connection and tells, once or more, what it shows: only the first counts
 */
export async function socketFinding(
  limitMs: number,
  late: Finding,
  open: (tell: (finding: Finding) => void) => Socket,
): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const timer = setTimeout(() => resolve(late), limitMs);
  const socket = open(resolve);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
