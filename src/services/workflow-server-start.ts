import type { BufferedAnswer } from '../forward/upstream-request.ts';
import type { FollowUp, LookedUp, OperationAnswer, OperationInput } from './operation.ts';
import { uuidV5 } from './uuid-v5.ts';
import type { WorkflowServerApi } from './workflow-server-api.ts';
import { ask, processExists, readEnvelope } from './workflow-server-envelope.ts';
import { processStatuses } from './workflow-server-filters.ts';

/** The namespace of the ids that are derived here. */
const NAMESPACE = '5b0c7f3e-9a1d-4e62-8c55-2f6d1f0a7b94';

/**
 * The id of the process that a start creates. The server takes it from its client, so a start with an `Idempotency-Key`
 * always names the same process, and repeating it cannot make a second one.
 */
export function processIdOf(service: string, input: OperationInput): string {
  const { idempotencyKey, freshId, caller, identity, params } = input;
  if (idempotencyKey === undefined) return freshId;
  const name = [caller, identity ?? null, service, params['id'], idempotencyKey];
  return uuidV5(NAMESPACE, JSON.stringify(name));
}

/**
 * The answer to a start, which brings nothing itself: 201 with the id and the status that the process has by now.
 *
 * A failed start whose process exists is a repeated one: the first has done it.
 *
 * @returns `undefined` when there is no such process
 */
export async function startedProcess(
  service: string,
  answer: BufferedAnswer,
  input: OperationInput,
  api: WorkflowServerApi,
  followUp: FollowUp,
): Promise<OperationAnswer | undefined> {
  const envelope = readEnvelope(answer);
  if (envelope === undefined) return undefined;
  const id = processIdOf(service, input);
  if (!envelope.success && (await processExists(id, api, followUp)) !== true) return undefined;
  return started(service, id, input, api, followUp);
}

/**
 * Finds out by its id whether a start whose answer was lost has made its process. A server that does not tell proves
 * nothing: then the start must not be sent again.
 */
export async function lookUpProcess(
  service: string,
  input: OperationInput,
  api: WorkflowServerApi,
  followUp: FollowUp,
): Promise<LookedUp> {
  const id = processIdOf(service, input);
  const exists = await processExists(id, api, followUp);
  if (exists === true) return started(service, id, input, api, followUp);
  return exists === false ? 'not-done' : undefined;
}

async function started(
  service: string,
  id: string,
  { params }: OperationInput,
  api: WorkflowServerApi,
  followUp: FollowUp,
): Promise<OperationAnswer> {
  const status = statusOf(await ask(api('getinstanceinfo', { processId: id }), followUp));
  return {
    status: 201,
    headers: { 'content-type': 'application/json', location: `/api/${service}/instances/${id}` },
    body: Buffer.from(JSON.stringify({ id, definitionId: params['id'], status })),
  };
}

/** By the facts about a process; one of which nothing can be learnt has at least been initialized. */
function statusOf(info: unknown): string {
  const hasStatus = typeof info === 'object' && info !== null && 'InstanceStatus' in info;
  const status =
    hasStatus && typeof info.InstanceStatus === 'number' ? processStatuses[info.InstanceStatus] : undefined;
  return status ?? 'Initialized';
}
