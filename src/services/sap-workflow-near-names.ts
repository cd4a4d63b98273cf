import { closestNames } from '../config/closest-name.ts';
import { isSuccess, parseJson } from './answers.ts';
import type { FollowUp, Refusal } from './operation.ts';
import { scopeNames } from './refusal-problem.ts';

/** The engine lists at most so many at once. */
const MOST_DEFINITIONS = 1000;

const MOST_NAMES = 5;

/**
 * Ids of deployed definitions that are nearly the one that was not found. Empty where the client or the caller may not
 * list them, and where asking fails: a hint must not turn into a second problem.
 */
export async function nearDefinitionIds(id: string, refusal: Refusal, followUp: FollowUp): Promise<string[]> {
  const { service, tokenScopes, mayCall } = refusal;
  if (!clientMayList(tokenScopes) || mayCall?.('GET', `/api/${service}/definitions`) !== true) return [];
  try {
    const answer = await followUp({
      method: 'GET',
      path: `/workflow-definitions?%24top=${MOST_DEFINITIONS}`,
      headers: { accept: 'application/json' },
    });
    return isSuccess(answer) ? closestNames(id, idsOf(parseJson(answer)), MOST_NAMES) : [];
  } catch {
    return [];
  }
}

/** By the authority of the Workflow service, or the role of process automation. */
function clientMayList(tokenScopes: readonly string[]): boolean {
  return scopeNames(tokenScopes).some(
    (name) => name === 'WORKFLOW_DEFINITION_GET' || name === 'ProcessAutomationAdmin',
  );
}

function idsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('id' in item)) return [];
    return typeof item.id === 'string' && /^[\w.-]{1,255}$/.test(item.id) ? [item.id] : [];
  });
}
