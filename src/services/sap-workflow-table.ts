import { prependMembers, wrapBytes } from './json-bytes.ts';
import type { ContextPlace } from './name-starter.ts';
import type { Effect, ForwardOperation, Method, OperationInput } from './operation.ts';
import type { FilterTable } from './query.ts';
import { checkCascade, checkMessage, checkStart, checkTaskCompletion } from './sap-workflow-bodies.ts';
import { definitionFilters, instanceFilters, singleInstanceFilters, taskFilters } from './sap-workflow-filters.ts';

/** One row of the table: what stands upstream for a public route. */
export interface SapWorkflowRow {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly effect?: Effect;
  readonly authority: string;
  /** The upstream's method and path below `/v1`, where they are not the same. */
  readonly upstream: readonly [method: Method, path: string];
  readonly filters?: FilterTable;
  readonly body?: ForwardOperation['body'];
  readonly status?: number;
  /** The engine answers 409 while another activity runs; nothing was done then. */
  readonly repeatsWhenBusy?: boolean;
  /** Makes the upstream's body out of the caller's bytes. */
  readonly toBody?: (input: OperationInput) => Buffer;
  /** Of a start: where its context stands in the caller's body. */
  readonly context?: ContextPlace;
}

const JSON_BODY = { kind: 'json', required: true } as const;

const definitionOperations: readonly SapWorkflowRow[] = [
  {
    id: 'list-definitions',
    method: 'GET',
    path: '/definitions',
    summary: 'Lists the workflow definitions',
    authority: 'WORKFLOW_DEFINITION_GET',
    upstream: ['GET', '/workflow-definitions'],
    filters: definitionFilters,
  },
  {
    id: 'get-definition',
    method: 'GET',
    path: '/definitions/:id',
    summary: 'Reads one workflow definition',
    authority: 'WORKFLOW_DEFINITION_GET',
    upstream: ['GET', '/workflow-definitions/:id'],
  },
  {
    id: 'list-definition-versions',
    method: 'GET',
    path: '/definitions/:id/versions',
    summary: 'Lists the versions of a workflow definition',
    authority: 'WORKFLOW_DEFINITION_GET',
    upstream: ['GET', '/workflow-definitions/:id/versions'],
  },
  {
    id: 'get-sample-context',
    method: 'GET',
    path: '/definitions/:id/sample-context',
    summary: 'Reads the sample start context of a workflow definition',
    authority: 'WORKFLOW_DEFINITION_GET_SAMPLE_CONTEXT',
    upstream: ['GET', '/workflow-definitions/:id/sample-contexts/default-start-context'],
  },
  {
    id: 'start-definition',
    method: 'POST',
    path: '/definitions/:id/instances',
    summary: 'Starts an instance of a workflow definition; the body is its context',
    effect: 'start',
    authority: 'WORKFLOW_INSTANCE_START',
    upstream: ['POST', '/workflow-instances'],
    body: JSON_BODY,
    status: 201,
    toBody: ({ params, body }) => wrapBytes({ definitionId: params['id'] ?? '' }, 'context', body ?? Buffer.from('{}')),
    context: 'body',
  },
];

const instanceOperations: readonly SapWorkflowRow[] = [
  {
    id: 'start-instance',
    method: 'POST',
    path: '/instances',
    summary: "Starts an instance with the engine's own start body",
    effect: 'start',
    authority: 'WORKFLOW_INSTANCE_START',
    upstream: ['POST', '/workflow-instances'],
    body: { ...JSON_BODY, check: checkStart },
    status: 201,
    context: 'member',
  },
  {
    id: 'list-instances',
    method: 'GET',
    path: '/instances',
    summary: 'Lists workflow instances; without status only those that are RUNNING or ERRONEOUS',
    authority: 'WORKFLOW_INSTANCE_GET',
    upstream: ['GET', '/workflow-instances'],
    filters: instanceFilters,
  },
  {
    id: 'get-instance',
    method: 'GET',
    path: '/instances/:id',
    summary: 'Reads one workflow instance',
    authority: 'WORKFLOW_INSTANCE_GET',
    upstream: ['GET', '/workflow-instances/:id'],
    filters: singleInstanceFilters,
  },
  {
    id: 'get-instance-context',
    method: 'GET',
    path: '/instances/:id/context',
    summary: 'Reads the context of an instance',
    authority: 'WORKFLOW_INSTANCE_GET_CONTEXT',
    upstream: ['GET', '/workflow-instances/:id/context'],
  },
  {
    id: 'list-instance-attributes',
    method: 'GET',
    path: '/instances/:id/attributes',
    summary: 'Lists the custom attributes of an instance',
    authority: 'WORKFLOW_INSTANCE_GET_ATTRIBUTES',
    upstream: ['GET', '/workflow-instances/:id/attributes'],
  },
  {
    id: 'list-instance-error-messages',
    method: 'GET',
    path: '/instances/:id/error-messages',
    summary: 'Lists the error messages of an instance',
    authority: 'WORKFLOW_INSTANCE_GET_ERROR_MESSAGES',
    upstream: ['GET', '/workflow-instances/:id/error-messages'],
  },
  {
    id: 'list-instance-execution-logs',
    method: 'GET',
    path: '/instances/:id/execution-logs',
    summary: 'Lists the execution log of an instance',
    authority: 'WORKFLOW_INSTANCE_GET_EXECUTION_LOGS',
    upstream: ['GET', '/workflow-instances/:id/execution-logs'],
  },
];

const changeOperations: readonly SapWorkflowRow[] = [
  {
    id: 'replace-instance-context',
    method: 'PUT',
    path: '/instances/:id/context',
    summary: 'Replaces the context of an instance',
    effect: 'change',
    authority: 'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
    upstream: ['PUT', '/workflow-instances/:id/context'],
    repeatsWhenBusy: true,
    body: JSON_BODY,
    status: 204,
  },
  {
    id: 'merge-instance-context',
    method: 'PATCH',
    path: '/instances/:id/context',
    summary: 'Merges into the context of an instance',
    effect: 'change',
    authority: 'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
    upstream: ['PATCH', '/workflow-instances/:id/context'],
    repeatsWhenBusy: true,
    body: JSON_BODY,
    status: 204,
  },
  statusChange('cancel', 'CANCELED', 'WORKFLOW_INSTANCE_CANCEL', 'change'),
  statusChange('suspend', 'SUSPENDED', 'WORKFLOW_INSTANCE_SUSPEND', 'change'),
  // A second RUNNING on an instance that failed again in between would retry it again.
  statusChange('resume', 'RUNNING', 'WORKFLOW_INSTANCE_RETRY_RESUME', 'start'),
  {
    id: 'send-message',
    method: 'POST',
    path: '/messages',
    summary: 'Sends a message to the instances that wait for it',
    effect: 'start',
    authority: 'MESSAGE_SEND',
    upstream: ['POST', '/messages'],
    body: { ...JSON_BODY, check: checkMessage },
  },
];

const taskOperations: readonly SapWorkflowRow[] = [
  {
    id: 'list-tasks',
    method: 'GET',
    path: '/tasks',
    summary: 'Lists user tasks',
    authority: 'TASK_GET',
    upstream: ['GET', '/task-instances'],
    filters: taskFilters,
  },
  {
    id: 'get-task',
    method: 'GET',
    path: '/tasks/:id',
    summary: 'Reads one user task',
    authority: 'TASK_GET',
    upstream: ['GET', '/task-instances/:id'],
  },
  {
    id: 'get-task-context',
    method: 'GET',
    path: '/tasks/:id/context',
    summary: 'Reads the context of a user task',
    authority: 'TASK_GET_CONTEXT',
    upstream: ['GET', '/task-instances/:id/context'],
  },
  {
    id: 'update-task',
    method: 'PATCH',
    path: '/tasks/:id',
    summary: 'Changes a user task',
    effect: 'change',
    authority: 'TASK_UPDATE',
    upstream: ['PATCH', '/task-instances/:id'],
    body: JSON_BODY,
    status: 204,
  },
  {
    id: 'complete-task',
    method: 'POST',
    path: '/tasks/:id/complete',
    summary: 'Completes a user task, with a context to merge and a decision if there is one',
    effect: 'start',
    authority: 'TASK_COMPLETE',
    upstream: ['PATCH', '/task-instances/:id'],
    body: { kind: 'json', required: false, check: checkTaskCompletion },
    status: 204,
    toBody: (input) => withStatus('COMPLETED', input),
  },
];

function statusChange(action: string, status: string, authority: string, effect: Effect): SapWorkflowRow {
  return {
    id: `${action}-instance`,
    method: 'POST',
    path: `/instances/:id/${action}`,
    summary: `Asks the engine to ${action} an instance; it takes effect a little later`,
    effect,
    authority,
    upstream: ['PATCH', '/workflow-instances/:id'],
    body: { kind: 'json', required: false, check: checkCascade },
    status: 202,
    toBody: (input) => withStatus(status, input),
  };
}

/** `{"status":…}` with the members that the caller sent, which have been checked by name. */
function withStatus(status: string, { body, json }: OperationInput): Buffer {
  const isEmpty = json === undefined || Object.keys(json).length === 0;
  return prependMembers({ status }, body ?? Buffer.from('{}'), isEmpty);
}

/** Every operation of SAP Workflow that Flowgate offers: method, path, what it becomes upstream, and what it needs. */
export const sapWorkflowTable: readonly SapWorkflowRow[] = [
  ...definitionOperations,
  ...instanceOperations,
  ...changeOperations,
  ...taskOperations,
];
