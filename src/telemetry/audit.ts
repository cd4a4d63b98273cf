import type { ProblemCode } from '../problems/problem-table.ts';

/** What a log line says beside the rest when its request was denied, or started or sent something. */
export interface AuditFields {
  readonly audit: true;
  /** The id of the operation; absent where the request came to none. */
  readonly operation: string | undefined;
  /** The parameters of the path, as they were sent. */
  readonly target: string | undefined;
  /** `unknown`: sent, but how it ended is not known, or not before the caller left. */
  readonly outcome: 'denied' | 'done' | 'failed' | 'unknown';
}

export interface AuditedRequest {
  readonly operation: string | undefined;
  readonly params: Readonly<Record<string, string>> | undefined;
  /** Whether the operation starts or sends something. */
  readonly starts: boolean;
  readonly code: string | undefined;
}

const DENIALS: ReadonlySet<string | undefined> = new Set<ProblemCode>([
  'unauthenticated',
  'forbidden',
  'origin-not-allowed',
  'misdirected-request',
  'rate-limited',
]);

/** A segment of a path as callers usually send it. Anything else may be something that slipped into the path. */
const USUAL = /^[A-Za-z0-9._~%-]{1,255}$/;

/**
 * @param status of the answer; `undefined`: there was none, because the caller left
 * @returns `undefined` for a request that needs no audit
 */
export function auditFields(request: AuditedRequest, status: number | undefined): AuditFields | undefined {
  const outcome = outcomeOf(request, status);
  if (outcome === undefined) return undefined;
  return { audit: true, operation: request.operation, target: targetOf(request.params), outcome };
}

function outcomeOf({ code, starts }: AuditedRequest, status: number | undefined): AuditFields['outcome'] | undefined {
  if (DENIALS.has(code)) return 'denied';
  if (!starts) return undefined;
  if (status === undefined || code === 'outcome-unknown') return 'unknown';
  return status < 400 ? 'done' : 'failed';
}

function targetOf(params: AuditedRequest['params']): string | undefined {
  const values = Object.values(params ?? {});
  if (values.length === 0) return undefined;
  return values.map((value) => (USUAL.test(value) ? value : '(unusual)')).join('/');
}
