import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { isSuccess, parseJson } from './answers.ts';
import type { FollowUp, JsonObject, OperationInput, OperationRequest, SentWindow } from './operation.ts';
import type { QueryPair } from './query.ts';

/** Without it only running and erroneous ones are found. */
const EVERY_STATUS = 'RUNNING,ERRONEOUS,SUSPENDED,CANCELED,COMPLETED';

/**
 * Looks for the instance that a start of unknown outcome may have made: by its definition, its business key and the time
 * of its start. The engine takes no business key with a start; models derive it from the member `businessKey` of the
 * context, so it works where they do.
 *
 * @param toRequest makes the request for the list of instances
 * @returns an answer as the start would have had, when exactly one instance fits; with none or several nothing is proven
 */
export async function startedBefore(
  input: OperationInput,
  window: SentWindow,
  followUp: FollowUp,
  toRequest: (query: readonly QueryPair[]) => OperationRequest,
): Promise<BufferedAnswer | undefined> {
  const definitionId = input.params['id'] ?? input.json?.['definitionId'];
  const businessKey = businessKeyOf(input);
  if (typeof definitionId !== 'string' || businessKey === undefined) return undefined;
  const answer = await followUp(
    toRequest([
      ['definitionId', definitionId],
      ['businessKey', businessKey],
      ['startedFrom', new Date(window.fromMs).toISOString()],
      ['startedUpTo', new Date(window.upToMs).toISOString()],
      ['status', EVERY_STATUS],
      ['$top', '2'],
    ]),
  );
  const found = isSuccess(answer) && !answer.truncated ? parseJson(answer) : undefined;
  const [instance, ...others] = Array.isArray(found) ? (found as readonly unknown[]) : [];
  if (!isOf(instance, definitionId, businessKey) || others.length > 0) return undefined;
  return {
    kind: 'buffered',
    status: 201,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(instance)),
    truncated: false,
  };
}

/** Of the context, which is the body itself or a member of the engine's own start body. */
function businessKeyOf({ params, json }: OperationInput): string | undefined {
  const context = params['id'] === undefined ? json?.['context'] : json;
  const key = typeof context === 'object' && context !== null ? (context as JsonObject)['businessKey'] : undefined;
  return typeof key === 'string' && key !== '' && key.length <= 255 ? key : undefined;
}

/** A server that ignores a filter would answer with whatever it has. */
function isOf(instance: unknown, definitionId: string, businessKey: string): boolean {
  if (typeof instance !== 'object' || instance === null) return false;
  const facts = instance as JsonObject;
  return facts['definitionId'] === definitionId && facts['businessKey'] === businessKey;
}
