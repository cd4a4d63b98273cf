import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Instance } from './instance.ts';
import { contextMember } from './instance-routes.ts';
import { jsonBody } from './workflow-call.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';
import { technicalError } from './workflow-error.ts';
import type { WorkflowRoute } from './workflow-route.ts';

export const messageRoutes: readonly WorkflowRoute[] = [
  { method: 'POST', path: '/messages', authority: 'MESSAGE_SEND', handle: sendMessage },
];

/** Gives a message to the instances that wait for it. @throws WorkflowError 400, or 422 when nobody waits */
function sendMessage(call: WorkflowCall, engine: WorkflowEngine): Answer {
  const body = jsonBody(call);
  const context = contextMember(body);
  const name = body.value['definitionId'];
  const addressed = addressedBy(body.value);
  if (typeof name !== 'string' || addressed === undefined) {
    throw technicalError(
      400,
      "A message needs 'definitionId' and either 'workflowInstanceId' or 'workflowDefinitionId' with 'businessKey'.",
    );
  }
  const consumers = engine
    .instances()
    .filter((instance) => instance.definition.environmentId === call.environmentId)
    .filter((instance) => instance.status === 'RUNNING' && instance.awaited.has(name) && addressed(instance));
  if (consumers.length === 0) {
    throw technicalError(422, `The message '${name}' was not consumed by any workflow instance.`, {
      code: 'rest.message.no.match',
    });
  }
  for (const instance of consumers) {
    engine.consumeMessage(instance, name, context);
  }
  return jsonAnswer(
    200,
    consumers.map(({ id }) => ({ id })),
  );
}

/** Either one instance, or those of a definition with a business key; never both. */
function addressedBy(message: Readonly<Record<string, unknown>>): ((instance: Instance) => boolean) | undefined {
  const { workflowInstanceId, workflowDefinitionId, businessKey } = message;
  const byKey = workflowDefinitionId !== undefined || businessKey !== undefined;
  if (typeof workflowInstanceId === 'string' && !byKey) {
    return (instance) => instance.id === workflowInstanceId;
  }
  if (workflowInstanceId === undefined && typeof workflowDefinitionId === 'string' && typeof businessKey === 'string') {
    return (instance) => instance.definition.id === workflowDefinitionId && instance.businessKey === businessKey;
  }
  return undefined;
}
