import type { GraphqlOperationConfig, WorkflowgenConfig } from '../config/config.ts';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { wrapBytes } from './json-bytes.ts';
import type { ForwardOperation, LocalOperation, Operation, OperationAnswer } from './operation.ts';
import { readSuccess } from './workflowgen-answer.ts';
import { graphqlOperation, type WorkflowgenApi } from './workflowgen-api.ts';
import { uploadForm } from './workflowgen-form.ts';
import { checkVariables, isRequired, typeText } from './workflowgen-variables.ts';

/** The documents of the configuration, each a route of its own, and the list of them. */
export function configuredOperations(service: WorkflowgenConfig, api: WorkflowgenApi): Operation[] {
  return [listOperations(service), ...service.operations.map((operation) => runDocument(operation, api))];
}

function listOperations({ name: service, operations }: WorkflowgenConfig): LocalOperation {
  return {
    kind: 'local',
    id: 'list-operations',
    method: 'GET',
    path: '/operations',
    summary: 'Lists the GraphQL documents that this caller may run, with their variables',
    effect: 'read',
    authorities: [],
    query: { kind: 'none' },
    body: { kind: 'none' },
    status: 200,
    answer({ mayCall }) {
      const callable = operations
        .map((operation) => ({ operation, path: `/api/${service}/operations/${operation.name}` }))
        .filter(({ path }) => mayCall('POST', path))
        .map(({ operation: { name, document }, path }) => ({
          name,
          path,
          type: document.type,
          variables: document.variables.map((variable) => ({
            name: variable.name,
            type: typeText(variable.type),
            required: isRequired(variable),
            upload: variable.isUpload,
          })),
          document: document.text,
        }));
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(callable)),
      };
    },
  };
}

function runDocument(
  { name, document, timeoutMs, maxBodyBytes }: GraphqlOperationConfig,
  api: WorkflowgenApi,
): ForwardOperation {
  const hasUploads = document.variables.some(({ isUpload }) => isUpload);
  return {
    ...graphqlOperation,
    id: `run-${name}`,
    method: 'POST',
    path: `/operations/${name}`,
    summary: `Runs the GraphQL ${document.type} ${name}; the body is its variables${hasUploads ? ', or a form with its files' : ''}`,
    effect: document.type === 'query' ? 'read' : 'start',
    query: { kind: 'none' },
    body: {
      kind: 'json',
      required: true,
      check: (variables) => checkVariables(document, variables),
      ...(hasUploads ? { form: uploadForm(document, maxBodyBytes) } : {}),
    },
    status: 200,
    timeout: { ms: timeoutMs, setting: `timeout of the operation ${name}, or limits.timeout` },
    toRequest: (input) => {
      if (input.formType !== undefined) return api(input, { contentType: input.formType, bytes: input.body });
      const bytes = wrapBytes({ query: document.text }, 'variables', input.body ?? Buffer.from('{}'));
      return api(input, { contentType: 'application/json', bytes });
    },
    fromAnswer: partialData,
  };
}

/**
 * The bytes of `data` where there is anything in it. A partial answer passes with `null` where its errors struck: what a
 * document asks for beside is the caller's to miss. All `null` is no answer.
 */
function partialData(answer: BufferedAnswer): OperationAnswer | undefined {
  const success = readSuccess(answer);
  if (success === undefined) return undefined;
  const isEmpty = success.errors.length > 0 && Object.values(success.data ?? {}).every((value) => value === null);
  if (isEmpty) return undefined;
  return { status: 200, headers: { 'content-type': 'application/json' }, body: success.dataBytes };
}
