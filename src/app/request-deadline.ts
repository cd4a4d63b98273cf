import { Deadline } from '../forward/deadline.ts';
import type { Operation } from '../services/operation.ts';

export interface RequestDeadline {
  readonly deadline: Deadline;
  /** Where the caller's own wish governs: its seconds. */
  readonly waitSeconds: number | undefined;
}

/**
 * The one deadline of a request: of its operation, else of all; or shorter, where its caller wishes so.
 *
 * @param timeoutMs `limits.timeout`
 * @param prefer the header `Prefer`
 */
export function requestDeadline(operation: Operation, timeoutMs: number, prefer: unknown): RequestDeadline {
  const own = operation.kind === 'forward' ? operation.timeout : undefined;
  const { ms, setting } = own ?? { ms: timeoutMs, setting: 'limits.timeout' };
  const waitSeconds = preferredWait(prefer);
  if (waitSeconds === undefined || waitSeconds * 1000 >= ms)
    return { deadline: new Deadline(ms, setting), waitSeconds: undefined };
  return { deadline: new Deadline(waitSeconds * 1000, 'the request itself (Prefer: wait)'), waitSeconds };
}

/**
 * `wait` of `Prefer` in whole seconds from 1 on (RFC 7240, section 4.3). Of several the first counts; what is not
 * understood is ignored (section 2).
 */
function preferredWait(prefer: unknown): number | undefined {
  if (typeof prefer !== 'string') return undefined;
  for (const preference of prefer.split(',')) {
    const [name = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2);
    if (name.trim().toLowerCase() !== 'wait') continue;
    const digits = /^"?([1-9]\d{0,8})"?$/.exec(value.trim())?.[1];
    return digits === undefined ? undefined : Number(digits);
  }
  return undefined;
}
