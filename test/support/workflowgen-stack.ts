import { beforeAll } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { useFlowgate, type FlowgateStack, type StackOptions } from './flowgate-stack.ts';

const DOCUMENTS = {
  'open-requests': `# The newest requests
query ($size: Int!, $since: DateTime) {
  requests(page: { size: $size }, filter: { createdSince: $since }) { totalCount items { number status } }
}`,
  'two-requests':
    'query ($one: Int!, $other: Int!) { a: request(number: $one) { number } b: request(number: $other) { number } }',
  'start-file':
    'mutation ($file: Upload!, $annex: Upload, $subject: String!) { createRequest(input: { processName: "SIMPLE_REQUEST_FILE", parameters: [' +
    '{ name: "REQUEST_SUBJECT", textValue: $subject }, { name: "REQUEST_FILE", fileValue: { upload: $file } }, { name: "REQUEST_ANNEX", fileValue: { upload: $annex } }' +
    '] }) { request { number dataset { items { name textValue file { name contentType size sha256 } } } } } }',
  'start-one-file':
    'mutation ($file: Upload!) { createRequest(input: { processName: "SIMPLE_REQUEST_FILE", parameters: [{ name: "REQUEST_FILE", fileValue: { upload: $file } }] }) ' +
    '{ request { number dataset(filter: { names: ["REQUEST_FILE"] }) { items { file { name contentType size sha256 } } } } } }',
  'update-dataset':
    'mutation ($number: Int!, $subject: String!) { updateRequestDataset(input: { number: $number, parameters: [{ name: "SUBJECT", textValue: $subject }] }) { clientMutationId } }',
  'wrong-names': 'query { requestz { totalCount } }',
  'wrong-change': 'mutation { createRequestz { request { number } } }',
};

const file = ({ workflowgen }: Sandbox): string => `
services:
  requests:
    kind: workflowgen
    url: ${workflowgen.graphqlUrl}
    token:
      url: ${workflowgen.tokenUrl}
      clientId: ${workflowgen.clientId}
      clientSecret: "${workflowgen.clientSecret}"
      params: { audience: "${workflowgen.graphqlUrl}" }
    apiKey: "${workflowgen.apiKey}"
    operations:
${Object.keys(DOCUMENTS)
  .map(
    (name) =>
      `      ${name}: { document: ./graphql/${name}.graphql${name === 'start-one-file' ? ', maxBody: 300mb' : ''} }`,
  )
  .join('\n')}
  impersonated:
    kind: workflowgen
    url: ${workflowgen.graphqlUrl}
    token:
      url: ${workflowgen.tokenUrl}
      clientId: ${workflowgen.clientId}
      clientSecret: "${workflowgen.clientSecret}"
      params: { audience: "${workflowgen.graphqlUrl}" }
      headers: { x-client: another } # so that its tokens are its own
    apiKey: "${workflowgen.apiKey}"
    identity: { from: caller }
  no-audience:
    kind: workflowgen
    url: ${workflowgen.graphqlUrl}
    token: { url: ${workflowgen.tokenUrl}, clientId: ${workflowgen.clientId}, clientSecret: "${workflowgen.clientSecret}" }
callers:
  guest: { apiKeys: [guest-key-0123456789], allow: ["* /api/**"] }
  reader: { apiKeys: [reader-key-0123456789], allow: ["GET /api/**", "POST /api/requests/operations/open-requests"] }
`;

/** Flowgate in front of the emulated WorkflowGen, as the services `requests`, `impersonated` and `no-audience`. */
export function useWorkflowgen(options: Pick<StackOptions, 'env' | 'port'> = {}): FlowgateStack {
  const files = Object.fromEntries(Object.entries(DOCUMENTS).map(([name, text]) => [`graphql/${name}.graphql`, text]));
  const stack = useFlowgate({ ...options, file, files });
  beforeAll(() => stack.secrets.plantAllOf('WorkflowGen', stack.sandbox.workflowgen));
  return stack;
}

/** The GraphQL request that WorkflowGen has seen last, where it was JSON. */
export function lastGraphql(stack: FlowgateStack) {
  const last = stack.sandbox.control.lastRequest('workflowgen');
  if (last === undefined) throw new Error('WorkflowGen has seen nothing');
  const { query, variables } = JSON.parse(last.rawBody.toString('utf8')) as {
    query: string;
    variables: Record<string, unknown>;
  };
  return { query, variables, text: last.rawBody.toString('utf8'), headers: last.headers };
}

export function graphqlRequests(stack: FlowgateStack): number {
  return stack.sandbox.control.counters().requests.workflowgen['POST /wfgen/graphql'] ?? 0;
}
