import type { Problem } from '../problems/problem.ts';
import type { FollowUp, Refusal } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';
import { callersError, isRuntimeAnswer } from './sap-workflow-error.ts';
import { nearDefinitionIds } from './sap-workflow-near-names.ts';

/**
 * Whether a 404 says that the address is wrong rather than an id: it is not the runtime's JSON, or the request names
 * nothing that might be absent. An empty answer to a request that names something is in doubt, and taken for the id.
 */
export function isElsewhere(refusal: Refusal): boolean {
  if (refusal.answer.status !== 404) return false;
  if (refusal.answer.body.length > 0 && !isRuntimeAnswer(refusal)) return true;
  return !namesSomething(refusal);
}

/** By an id in its path, or in the body of a start or a message. */
function namesSomething({ operation }: Refusal): boolean {
  return operation.path.includes(':') || operation.effect === 'start';
}

/** That a definition is not deployed, with ids that are nearly the one that was named. */
export async function definitionNotFound(refusal: Refusal, followUp: FollowUp): Promise<Problem> {
  const { service } = refusal;
  const id = namedDefinition(refusal);
  const near = id === undefined ? [] : await nearDefinitionIds(id, refusal, followUp);
  const named = id === undefined ? 'No such workflow definition' : `No workflow definition "${id}"`;
  return refusalProblem(refusal, 'definition-not-found', {
    upstream: callersError(refusal),
    detail: `${named} is deployed.`,
    hint: `${near.length > 0 ? `Did you mean ${near.map((other) => `"${other}"`).join(' or ')}? ` : ''}Compare the id with GET /api/${service}/definitions; letters count by case. In process automation, a project in a shared environment needs "environmentId" and "apiKey" of the service.`,
  });
}

/** In the path, or in the engine's own start body, where it may be anything. */
function namedDefinition({ params, sent }: Refusal): string | undefined {
  const id = params['id'] ?? sent?.['definitionId'];
  return typeof id === 'string' && /^[\w.-]{1,255}$/.test(id) ? id : undefined;
}
