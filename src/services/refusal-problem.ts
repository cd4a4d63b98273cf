import { Problem, type ProblemDetails, type UpstreamFacts } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { header } from './answers.ts';
import type { Refusal } from './operation.ts';

/** Makes the problem of a refusal: the service's name and what may be told of its answer come along. */
export function refusalProblem(
  refusal: Refusal,
  code: ProblemCode,
  details: Omit<ProblemDetails, 'service' | 'upstream'> & { readonly upstream?: UpstreamFacts },
): Problem {
  const requestId = header(refusal.answer, 'x-vcap-request-id');
  return new Problem(code, {
    ...details,
    service: refusal.service,
    upstream: {
      status: refusal.answer.status,
      ...(requestId !== undefined && /^[\w-]{1,64}$/.test(requestId) ? { requestId } : {}),
      ...details.upstream,
    },
  });
}

/** What the operation was about to do, to finish the sentence "The service refused to …". */
export function doing(refusal: Refusal): string {
  const { effect, id } = refusal.operation;
  if (id.startsWith('start-')) return 'start an instance';
  return effect === 'read' ? 'read this' : 'do this';
}

/** The last segment of each scope: `workflow!b10150.WORKFLOW_INSTANCE_START` has a landscape prefix to leave out. */
export function scopeNames(scopes: readonly string[]): string[] {
  return scopes.map((scope) => scope.slice(scope.lastIndexOf('.') + 1));
}
