import type { SapWorkflowConfig } from '../config/config.ts';
import type { AnswerHead, BufferedAnswer } from '../forward/upstream-request.ts';
import { isJson, isSuccess, isWithoutContent, parseJson } from './answers.ts';
import { prependMembers, wrapBytes } from './json-bytes.ts';
import type {
  Effect,
  ForwardOperation,
  Method,
  Offer,
  OperationAnswer,
  OperationInput,
  OperationRequest,
} from './operation.ts';
import { formatQuery, toUpstreamQuery, type FilterTable, type QueryPair } from './query.ts';
import { checkCascade, checkMessage, checkStart, checkTaskCompletion } from './sap-workflow-bodies.ts';
import { definitionFilters, instanceFilters, singleInstanceFilters, taskFilters } from './sap-workflow-filters.ts';
import { sapWorkflowRefusals } from './sap-workflow-refusals.ts';

/**
 * SAP Workflow and SAP Build Process Automation: the Workflow REST API, v1 (api.sap.com). Both run the same API; process
 * automation has another base, and an environment with its API key.
 */
export function sapWorkflow(service: SapWorkflowConfig): Offer {
  const operations = [...definitionOperations, ...instanceOperations, ...changeOperations, ...taskOperations].map(
    (row) => toOperation(row, service),
  );
  return { service: service.name, operations, refusalRules: sapWorkflowRefusals };
}

/** One row of the table: what stands upstream for a public route. */
interface Row {
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
  /** Makes the upstream's body out of the caller's bytes. */
  readonly toBody?: (input: OperationInput) => Buffer;
  readonly fromAnswer?: 'started-instance';
}

const NO_BODY = { kind: 'none' } as const;
const JSON_BODY = { kind: 'json', required: true } as const;

const definitionOperations: readonly Row[] = [
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
    fromAnswer: 'started-instance',
  },
];

const instanceOperations: readonly Row[] = [
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
    fromAnswer: 'started-instance',
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

const changeOperations: readonly Row[] = [
  {
    id: 'replace-instance-context',
    method: 'PUT',
    path: '/instances/:id/context',
    summary: 'Replaces the context of an instance',
    effect: 'change',
    authority: 'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
    upstream: ['PUT', '/workflow-instances/:id/context'],
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

const taskOperations: readonly Row[] = [
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

function statusChange(action: string, status: string, authority: string, effect: Effect): Row {
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

function toOperation(row: Row, service: SapWorkflowConfig): ForwardOperation {
  const { fromAnswer, upstream, filters } = row;
  const passes = fromAnswer === undefined ? passesJson : () => false;
  return {
    kind: 'forward',
    id: row.id,
    method: row.method,
    path: row.path,
    summary: row.summary,
    effect: row.effect ?? 'read',
    authorities: [row.authority],
    query: filters ? { kind: 'filters', filters } : { kind: 'none' },
    body: row.body ?? NO_BODY,
    status: row.status ?? 200,
    passes,
    answerHeaders: ['content-type', 'content-language', 'x-total-count'],
    toRequest: (input) => ({
      ...toRequest(upstream, filters ? toUpstreamQuery(input.query, filters) : [], input, service),
      ...bodyOf(row, input),
    }),
    ...(fromAnswer ? { fromAnswer: (answer, input) => startedInstance(service.name, answer, input) } : {}),
  };
}

function toRequest(
  [method, template]: Row['upstream'],
  query: readonly QueryPair[],
  { params, headers }: OperationInput,
  { environmentId, apiKey }: SapWorkflowConfig,
): OperationRequest {
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const environment: QueryPair[] = environmentId === undefined ? [] : [['environmentId', environmentId]];
  return {
    method,
    path: `${path}${formatQuery([...query, ...environment])}`,
    headers: {
      accept: 'application/json',
      ...(headers['accept-language'] === undefined ? {} : { 'accept-language': headers['accept-language'] }),
      ...(apiKey === undefined ? {} : { 'irpa-api-key': apiKey.reveal() }),
    },
  };
}

function bodyOf(row: Row, input: OperationInput): { body?: Buffer } {
  if (row.toBody) return { body: row.toBody(input) };
  return input.body === undefined ? {} : { body: input.body };
}

function passesJson(head: AnswerHead): boolean {
  return isSuccess(head) && (isJson(head) || isWithoutContent(head));
}

/** 201 with `Location`, and the engine's own bytes where they name the three facts that every engine's start gives. */
function startedInstance(service: string, answer: BufferedAnswer, input: OperationInput): OperationAnswer | undefined {
  if (!isSuccess(answer) || answer.truncated) return undefined;
  const instance = parseJson(answer);
  if (typeof instance !== 'object' || instance === null || !('id' in instance)) return undefined;
  const { id, definitionId, status } = instance as { id: unknown; definitionId?: unknown; status?: unknown };
  if (typeof id !== 'string' || id === '') return undefined;
  const missing = {
    ...(typeof definitionId === 'string' ? {} : { definitionId: startedDefinition(input) }),
    ...(typeof status === 'string' ? {} : { status: 'RUNNING' }),
  };
  return {
    status: 201,
    headers: { 'content-type': 'application/json', location: `/api/${service}/instances/${encodeURIComponent(id)}` },
    body: Object.keys(missing).length === 0 ? answer.body : prependMembers(missing, answer.body, false),
  };
}

function startedDefinition({ params, json }: OperationInput): string {
  const definitionId = params['id'] ?? json?.['definitionId'];
  return typeof definitionId === 'string' ? definitionId : '';
}
