import type { ServerResponse } from 'node:http';
import { CallerGone } from './failure-problem.ts';

/**
 * The outcome of what is waited for before anything is sent, or `CallerGone` when the caller leaves first: then nothing
 * is sent for it, and it does not keep others from being served. What is waited for goes on.
 */
export async function whileCallerStays<T>(work: Promise<T>, caller: ServerResponse | undefined): Promise<T> {
  if (caller === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new CallerGone());
  if (caller.destroyed) leave();
  caller.once('close', leave);
  try {
    return await Promise.race([promise, work]);
  } finally {
    caller.off('close', leave);
  }
}
