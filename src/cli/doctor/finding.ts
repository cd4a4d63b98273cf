import type { Problem } from '../../problems/problem.ts';

/** `skipped`: not looked at, because something before it failed or it does not apply. */
export type Mark = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one look brought. Holds no secret and no token. */
export interface Finding {
  /** What was looked at, in one or two words: `token`, `flow orders`. */
  readonly step: string;
  readonly mark: Mark;
  /** What was found, as a sentence or less. */
  readonly detail: string;
  /** What to do about it. */
  readonly cure?: string;
}

export function ok(step: string, detail: string): Finding {
  return { step, mark: 'ok', detail };
}

export function warning(step: string, detail: string, cure: string): Finding {
  return { step, mark: 'warning', detail, cure };
}

export function failed(step: string, detail: string, cure: string): Finding {
  return { step, mark: 'failed', detail, cure };
}

export function skipped(step: string, why: string): Finding {
  return { step, mark: 'skipped', detail: why };
}

/** What the server would answer its callers with is what the doctor tells. */
export function failedBy(step: string, problem: Problem): Finding {
  const { detail, hint } = problem.details;
  const facts = factsOf(problem);
  return failed(step, facts.length === 0 ? detail : `${detail} (${facts.join(', ')})`, hint);
}

/** What hints speak of, and callers find elsewhere in their answer. */
function factsOf({ details: { detail, upstream }, retryAfterSeconds }: Problem): string[] {
  if (upstream?.status === undefined) return [];
  const { status, requestId, messageProcessingLogId } = upstream;
  return [
    ...(detail.includes(`status ${status}`) ? [] : [`status ${status}`]),
    ...(requestId === undefined ? [] : [`request id ${requestId}`]),
    ...(messageProcessingLogId === undefined ? [] : [`message processing log ${messageProcessingLogId}`]),
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After ${retryAfterSeconds} s`]),
  ];
}
