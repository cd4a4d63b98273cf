import type { WorkflowServerConfig } from '../config/config.ts';
import type { ForwardOperation, Offer, OperationAnswer, OperationInput } from './operation.ts';
import { toUpstreamQuery } from './query.ts';
import { textMember, workflowServerApi, type BodyMember, type WorkflowServerApi } from './workflow-server-api.ts';
import { checkOffered } from './workflow-server-commands.ts';
import { readEnvelope, wasNotExecuted, type Envelope } from './workflow-server-envelope.ts';
import { guid, name } from './workflow-server-filters.ts';
import { workflowServerRefusals } from './workflow-server-refusals.ts';
import { lacksAuthority, refusesToken } from './workflow-server-signs.ts';
import { lookUpProcess, processIdOf, startedProcess } from './workflow-server-start.ts';
import { workflowServerTable, type WorkflowServerRow } from './workflow-server-table.ts';

/**
 * Optimajet WorkflowServer: its Workflow API, as far as it is about single processes. The server's token opens every
 * operation for every identity, so what is offered here, and who acts, is decided here alone.
 */
export function workflowServer(service: WorkflowServerConfig): Offer {
  const api = workflowServerApi(service);
  return {
    service: service.name,
    operations: workflowServerTable
      .filter((row) => isOffered(row, service))
      .map((row) => toOperation(row, service, api)),
    refusalRules: workflowServerRefusals(service, api),
    refusesToken,
    lacksAuthority,
  };
}

function isOffered({ only }: WorkflowServerRow, { identity, administration }: WorkflowServerConfig): boolean {
  if (only === 'identity') return identity !== undefined;
  return only !== 'administration' || administration;
}

function toOperation(row: WorkflowServerRow, service: WorkflowServerConfig, api: WorkflowServerApi): ForwardOperation {
  const { operation, filters, acts = false, answer, offeredBy } = row;
  return {
    kind: 'forward',
    id: row.id,
    method: row.method,
    path: row.path,
    summary: row.summary,
    effect: row.effect ?? 'read',
    authorities: [permission(row), ...(offeredBy ? [permission(offeredBy)] : [])],
    needsIdentity: acts && service.identity !== undefined,
    query: filters ? { kind: 'filters', filters } : { kind: 'none' },
    body: row.body ?? { kind: 'none' },
    status: STATUS_OF[answer],
    paramPatterns: { id: isAboutProcess(row) ? guid : name, command: name },
    answerHeaders: [],
    // A failed operation is told within a 200, so no answer passes before it was read.
    passes: () => false,
    toRequest: (input) =>
      api(operation, {
        processId: processIdFor(row, service, input),
        filters: filters ? toUpstreamQuery(input.query, filters) : [],
        members: [...(row.members?.(input) ?? []), ...(acts ? identityMember(input) : [])],
      }),
    fromAnswer: toAnswer(row, service, api),
    ...(offeredBy && {
      beforehand: {
        read: toOperation(offeredBy, service, api),
        check: (offered, input) => checkOffered(service.name, offered, input),
      },
    }),
    ...(answer === 'started' && {
      namesWhatItMakes: true,
      lookUp: (input, followUp) => lookUpProcess(service.name, input, api, followUp),
    }),
  };
}

function permission({ operation }: WorkflowServerRow): string {
  return `WorkflowApiPermissions:${operation}`;
}

const STATUS_OF = { data: 200, process: 200, executed: 200, nothing: 204, started: 201 } as const;

function isAboutProcess({ path }: WorkflowServerRow): boolean {
  return path.startsWith('/instances/:id');
}

function processIdFor(
  row: WorkflowServerRow,
  { name }: WorkflowServerConfig,
  input: OperationInput,
): string | undefined {
  if (row.answer === 'started') return processIdOf(name, input);
  return isAboutProcess(row) ? input.params['id'] : undefined;
}

/** Who acts is who has been authenticated here. Without `identity` in the configuration the server is told nobody. */
function identityMember({ identity }: OperationInput): BodyMember[] {
  return identity === undefined ? [] : [textMember('identityId', identity)];
}

function toAnswer(
  row: WorkflowServerRow,
  { name: service }: WorkflowServerConfig,
  api: WorkflowServerApi,
): NonNullable<ForwardOperation['fromAnswer']> {
  return (answer, input, followUp) => {
    if (row.answer === 'started') return startedProcess(service, answer, input, api, followUp);
    const envelope = readEnvelope(answer);
    return envelope?.success ? answerOf(row, envelope) : undefined;
  };
}

function answerOf(row: WorkflowServerRow, { data, value }: Envelope): OperationAnswer | undefined {
  if (row.answer === 'process' && (value === null || value === undefined)) return undefined;
  if (row.answer === 'executed' && wasNotExecuted(value)) return undefined;
  if (row.answer === 'nothing' || data === undefined) return { status: 204, body: undefined };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: data };
}
