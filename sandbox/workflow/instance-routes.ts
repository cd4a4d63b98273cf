import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { findDefinition } from './definition-routes.ts';
import { attributesOf, instanceJson } from './instance.ts';
import type { Instance } from './instance.ts';
import { listInstances } from './instance-list.ts';
import { expandsAttributes } from './list-query.ts';
import { rawMember } from './raw-json.ts';
import { isObject, jsonBody } from './workflow-call.ts';
import type { JsonObject, WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';
import { technicalError } from './workflow-error.ts';
import type { WorkflowRoute } from './workflow-route.ts';

export const instanceRoutes: readonly WorkflowRoute[] = [
  { method: 'GET', path: '/workflow-instances', authority: 'WORKFLOW_INSTANCE_GET', handle: listInstances },
  { method: 'POST', path: '/workflow-instances', authority: 'WORKFLOW_INSTANCE_START', handle: startInstance },
  {
    method: 'GET',
    path: '/workflow-instances/:id',
    authority: 'WORKFLOW_INSTANCE_GET',
    handle: (call, engine) => jsonAnswer(200, instanceJson(instanceOf(call, engine), expandsAttributes(call.query))),
  },
  {
    method: 'PATCH',
    path: '/workflow-instances/:id',
    authority: (call) => [changeAuthorities[requestedStatus(call)]],
    handle: (call, engine) => {
      engine.changeStatus(instanceOf(call, engine), requestedStatus(call));
      return { status: 202 };
    },
  },
  {
    method: 'GET',
    path: '/workflow-instances/:id/attributes',
    authority: 'WORKFLOW_INSTANCE_GET_ATTRIBUTES',
    handle: (call, engine) => jsonAnswer(200, attributesOf(instanceOf(call, engine))),
  },
  {
    method: 'GET',
    path: '/workflow-instances/:id/context',
    authority: 'WORKFLOW_INSTANCE_GET_CONTEXT',
    handle: (call, engine) => rawJson(instanceOf(call, engine).contextText),
  },
  {
    method: 'PUT',
    path: '/workflow-instances/:id/context',
    authority: 'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
    handle: (call, engine) => writeContext(call, engine, 'replace'),
  },
  {
    method: 'PATCH',
    path: '/workflow-instances/:id/context',
    authority: 'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
    handle: (call, engine) => writeContext(call, engine, 'merge'),
  },
  {
    method: 'GET',
    path: '/workflow-instances/:id/error-messages',
    authority: 'WORKFLOW_INSTANCE_GET_ERROR_MESSAGES',
    handle: (call, engine) => jsonAnswer(200, errorMessages(instanceOf(call, engine))),
  },
  {
    method: 'GET',
    path: '/workflow-instances/:id/execution-logs',
    authority: 'WORKFLOW_INSTANCE_GET_EXECUTION_LOGS',
    handle: (call, engine) => jsonAnswer(200, instanceOf(call, engine).logs),
  },
];

/** Which authority a change of status needs. */
const changeAuthorities = {
  CANCELED: 'WORKFLOW_INSTANCE_CANCEL',
  RUNNING: 'WORKFLOW_INSTANCE_RETRY_RESUME',
  SUSPENDED: 'WORKFLOW_INSTANCE_SUSPEND',
} as const;

type ChangeableStatus = keyof typeof changeAuthorities;

/** JSON text as it was kept. */
export function rawJson(text: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: text };
}

/** The member `context` of a body as it was written; `{}` where there is none. @throws WorkflowError 400 */
export function contextMember(body: JsonObject): JsonObject {
  const text = rawMember(body.text, 'context');
  if (text === undefined) {
    return { text: '{}', value: {} };
  }
  const value = body.value['context'];
  if (!isObject(value)) {
    throw technicalError(400, "The property 'context' must be a JSON object.");
  }
  return { text, value };
}

/** An absent `definitionId` is a definition that does not exist: 404, not 400. */
function startInstance(call: WorkflowCall, engine: WorkflowEngine): Answer {
  const body = jsonBody(call);
  const definition = findDefinition(body.value['definitionId'], call, engine);
  return jsonAnswer(201, instanceJson(engine.start(definition, contextMember(body), call.clientId)));
}

function writeContext(call: WorkflowCall, engine: WorkflowEngine, mode: 'replace' | 'merge'): Answer {
  const context = jsonBody(call);
  engine.writeContext(instanceOf(call, engine), context, mode);
  return { status: 204 };
}

function requestedStatus(call: WorkflowCall): ChangeableStatus {
  const { value } = jsonBody(call);
  const { status, cascade = false } = value;
  if (typeof status !== 'string' || !(status in changeAuthorities) || typeof cascade !== 'boolean') {
    throw technicalError(400, 'The status must be one of CANCELED, RUNNING and SUSPENDED.');
  }
  return status as ChangeableStatus;
}

function instanceOf(call: WorkflowCall, engine: WorkflowEngine): Instance {
  const id = call.params['id'] ?? '';
  const instance = engine.instance(id);
  if (instance === undefined || instance.definition.environmentId !== call.environmentId) {
    throw technicalError(404, `The workflow instance with ID '${id}' could not be found.`, {
      code: 'rest.instance.not.found',
    });
  }
  return instance;
}

function errorMessages(instance: Instance): object[] {
  return instance.logs.flatMap(({ error, activityId, timestamp }) =>
    error === undefined ? [] : [{ activityId, activityName: 'Service Task', ...error, timestamp }],
  );
}
