import type { WorkflowgenConfig } from '../config/config.ts';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import type { ForwardOperation, Offer, OperationAnswer } from './operation.ts';
import { readSuccess, refusesToken } from './workflowgen-answer.ts';
import { graphqlOperation, workflowgenApi, type WorkflowgenApi } from './workflowgen-api.ts';
import { configuredOperations } from './workflowgen-operations.ts';
import { workflowgenRefusals } from './workflowgen-refusals.ts';
import { checkParameters, startBody, startedRequest } from './workflowgen-start.ts';
import { processName, requestNumber, workflowgenTable, type WorkflowgenRow } from './workflowgen-table.ts';

/**
 * WorkflowGen: starting requests and reading them, and the GraphQL documents that the configuration names. Callers send
 * variables only: a document of theirs could ask for anything that the user behind the OAuth client may see.
 */
export function workflowgen(service: WorkflowgenConfig): Offer {
  const api = workflowgenApi(service);
  const operations = [
    startDefinition(service, api),
    ...workflowgenTable.map((row) => readOperation(row, api)),
    ...configuredOperations(service, api),
  ];
  const needsIdentity = service.identity !== undefined;
  return {
    service: service.name,
    operations: operations.map((operation) =>
      operation.kind === 'forward' ? { ...operation, needsIdentity } : operation,
    ),
    refusalRules: workflowgenRefusals,
    refusesToken,
  };
}

function startDefinition({ name }: WorkflowgenConfig, api: WorkflowgenApi): ForwardOperation {
  return {
    ...graphqlOperation,
    id: 'start-definition',
    method: 'POST',
    path: '/definitions/:id/instances',
    summary: 'Creates a request of a process; the body is its parameters: texts, numbers and dates',
    effect: 'start',
    query: { kind: 'none' },
    body: { kind: 'json', required: true, check: checkParameters },
    status: 201,
    paramPatterns: { id: processName },
    toRequest: (input) => api(input, { contentType: 'application/json', bytes: startBody(input) }),
    fromAnswer: (answer, input) => startedRequest(name, answer, input),
  };
}

function readOperation(row: WorkflowgenRow, api: WorkflowgenApi): ForwardOperation {
  return {
    ...graphqlOperation,
    id: row.id,
    method: 'GET',
    path: row.path,
    summary: row.summary,
    effect: 'read',
    query: row.filters ? { kind: 'filters', filters: row.filters } : { kind: 'none' },
    body: { kind: 'none' },
    status: 200,
    paramPatterns: { id: requestNumber },
    toRequest: (input) => {
      const query = JSON.stringify({ query: row.document(input), variables: row.variables(input) });
      return api(input, { contentType: 'application/json', bytes: Buffer.from(query) });
    },
    fromAnswer: wholeData,
  };
}

/** The bytes of `data`, where nothing is missing in it: a route of ours promises its fields. */
function wholeData(answer: BufferedAnswer): OperationAnswer | undefined {
  const success = readSuccess(answer);
  if (success === undefined || success.errors.length > 0) return undefined;
  if (Object.values(success.data ?? {}).includes(null)) return undefined;
  return { status: 200, headers: { 'content-type': 'application/json' }, body: success.dataBytes };
}
