import type { Deadline } from '../forward/deadline.ts';
import type { Problem } from '../problems/problem.ts';

/** Longer delays make Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The outcome of what several wait for, or a problem when this one's time is over first. What is waited for goes on. */
export async function withinDeadline<T>(
  shared: Promise<T>,
  deadline: Deadline,
  tooLate: (deadline: Deadline) => Problem,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate(deadline)), Math.min(deadline.remainingMs(), LONGEST_TIMER_MS));
  try {
    return await Promise.race([shared, promise]);
  } finally {
    clearTimeout(timer);
  }
}
