import { closestNames } from '../config/closest-name.ts';
import { isSuccess, parseJson } from './answers.ts';
import type { FollowUp, Refusal } from './operation.ts';
import { heldAuthorities } from './sap-workflow-authorities.ts';

/** The engine lists at most so many at once. */
const MOST_DEFINITIONS = 1000;

const MOST_NAMES = 5;

/**
 * Ids of deployed definitions that are nearly the one that was not found. Empty where the client or the caller may not
 * list them, and where asking fails: a hint must not turn into a second problem.
 */
export async function nearDefinitionIds(refusal: Refusal, followUp: FollowUp): Promise<string[]> {
  const { params, service, tokenScopes, mayCall } = refusal;
  const id = params['id'];
  const clientMayList = heldAuthorities(tokenScopes).includes('WORKFLOW_DEFINITION_GET');
  if (id === undefined || !clientMayList || mayCall?.('GET', `/api/${service}/definitions`) !== true) return [];
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

function idsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('id' in item)) return [];
    return typeof item.id === 'string' && /^[\w.-]{1,255}$/.test(item.id) ? [item.id] : [];
  });
}
