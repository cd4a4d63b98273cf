import type { SapWorkflowConfig } from '../config/config.ts';
import type { AnswerHead, BufferedAnswer } from '../forward/upstream-request.ts';
import { header, isJson, isSuccess, isWithoutContent, parseJson } from './answers.ts';
import { prependMembers } from './json-bytes.ts';
import { nameStarter } from './name-starter.ts';
import type { ForwardOperation, Offer, OperationAnswer, OperationInput, OperationRequest } from './operation.ts';
import { formatQuery, toUpstreamQuery, type QueryPair } from './query.ts';
import { startedBefore } from './sap-workflow-look-up.ts';
import { sapWorkflowRefusals } from './sap-workflow-refusals.ts';
import { sapWorkflowTable, type SapWorkflowRow } from './sap-workflow-table.ts';

/**
 * SAP Workflow and SAP Build Process Automation: the Workflow REST API, v1 (api.sap.com). Both run the same API; process
 * automation has another base, and an environment with its API key.
 */
export function sapWorkflow(service: SapWorkflowConfig): Offer {
  const operations = sapWorkflowTable.map((row) => toOperation(row, service));
  return { service: service.name, operations, refusalRules: sapWorkflowRefusals };
}

function toOperation(row: SapWorkflowRow, service: SapWorkflowConfig): ForwardOperation {
  const { context, upstream, filters } = row;
  const isStart = context !== undefined;
  return {
    kind: 'forward',
    id: row.id,
    method: row.method,
    path: row.path,
    summary: row.summary,
    effect: row.effect ?? 'read',
    authorities: [row.authority],
    query: filters ? { kind: 'filters', filters } : { kind: 'none' },
    body: row.body ?? { kind: 'none' },
    status: row.status ?? 200,
    repeatsWhenBusy: row.repeatsWhenBusy ?? false,
    needsIdentity: isStart && service.identity !== undefined,
    passes: isStart ? () => false : passesJson,
    answerHeaders: ['content-type', 'content-encoding', 'content-language', 'x-total-count'],
    toRequest: (input) => ({
      ...toRequest(upstream, filters ? toUpstreamQuery(input.query, filters) : [], input, service),
      ...bodyOf(row, withStarter(row, input, service)),
    }),
    ...(isStart ? startOf(service) : { fromAnswer: untypedAnswer }),
  };
}

/** What the answer to a start becomes, and how one is found whose answer was lost. */
function startOf(service: SapWorkflowConfig): Pick<ForwardOperation, 'fromAnswer' | 'lookUp'> {
  return {
    fromAnswer: (answer, input) => startedInstance(service.name, answer, input),
    async lookUp(input, followUp, window) {
      const found = await startedBefore(input, window, followUp, (query) =>
        toRequest(['GET', '/workflow-instances'], query, input, service),
      );
      return found && startedInstance(service.name, found, input);
    },
  };
}

function toRequest(
  [method, template]: SapWorkflowRow['upstream'],
  query: readonly QueryPair[],
  { params, headers }: OperationInput,
  { environmentId, apiKey }: SapWorkflowConfig,
): OperationRequest {
  const path = template.includes(':')
    ? template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
    : template;
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

/** The input of a start with who starts it in its context, where the service's `identity` asks for that. */
function withStarter(row: SapWorkflowRow, input: OperationInput, service: SapWorkflowConfig): OperationInput {
  const { identity, body } = input;
  if (row.context === undefined || service.identity === undefined) return input;
  if (identity === undefined || body === undefined)
    throw new Error('a start without a body or an identity came through');
  return { ...input, body: nameStarter(body, row.context, service.identity.as, identity) };
}

function bodyOf(row: SapWorkflowRow, input: OperationInput): { body?: Buffer } {
  if (row.toBody) return { body: row.toBody(input) };
  return input.body === undefined ? {} : { body: input.body };
}

function passesJson(head: AnswerHead): boolean {
  return isSuccess(head) && (isJson(head) || isWithoutContent(head));
}

/** A success that does not say what it holds: nothing, or JSON all the same. Anything else is not the runtime's. */
function untypedAnswer(answer: BufferedAnswer): OperationAnswer | undefined {
  if (!isSuccess(answer) || answer.truncated || header(answer, 'content-type') !== undefined) return undefined;
  const { status, body } = answer;
  if (body.length === 0) return { status, body: undefined };
  if (parseJson(answer) === undefined) return undefined;
  const total = header(answer, 'x-total-count');
  return {
    status,
    headers: { 'content-type': 'application/json', ...(total === undefined ? {} : { 'x-total-count': total }) },
    body,
  };
}

/** 201 with `Location`, and the engine's own bytes where they name the three facts that every engine's start gives. */
function startedInstance(service: string, answer: BufferedAnswer, input: OperationInput): OperationAnswer | undefined {
  if (!isSuccess(answer) || answer.truncated) return undefined;
  const instance = parseJson(answer);
  if (typeof instance !== 'object' || instance === null || !('id' in instance)) return undefined;
  const { id, definitionId, status } = instance as { id: unknown; definitionId?: unknown; status?: unknown };
  // Half a surrogate pair cannot stand in the Location.
  if (typeof id !== 'string' || id === '' || !id.isWellFormed()) return undefined;
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
