import { curlLine, placeToPaste, type Shell } from './curl-line.ts';
import { ownCorrelationId } from './start-flowgate.ts';

/** One thing to try: what it shows, and the line to paste into a shell. */
export interface FirstRunStep {
  readonly title: string;
  readonly command: string;
}

/** The authority that the client of the first run lacks, so that one step shows a refusal. */
export const withheldAuthority = 'WORKFLOW_INSTANCE_GET_EXECUTION_LOGS';

/** What that client may do: what Flowgate's routes need, but for the one, and nothing that erases data. */
export const firstRunAuthorities: readonly string[] = [
  'WORKFLOW_DEFINITION_GET',
  'WORKFLOW_DEFINITION_GET_SAMPLE_CONTEXT',
  'WORKFLOW_INSTANCE_START',
  'WORKFLOW_INSTANCE_GET',
  'WORKFLOW_INSTANCE_GET_ATTRIBUTES',
  'WORKFLOW_INSTANCE_GET_CONTEXT',
  'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
  'WORKFLOW_INSTANCE_GET_ERROR_MESSAGES',
  'WORKFLOW_INSTANCE_CANCEL',
  'WORKFLOW_INSTANCE_SUSPEND',
  'WORKFLOW_INSTANCE_RETRY_RESUME',
  'MESSAGE_SEND',
  'TASK_GET',
  'TASK_GET_CONTEXT',
  'TASK_COMPLETE',
  'TASK_UPDATE',
];

/**
 * The steps of the first run. Each line stands for itself: any of them can be pasted, in any order.
 *
 * @param url of Flowgate
 * @param instanceId of an instance that runs already
 * @param shell that the lines are for
 */
export function firstRunSteps(url: string, apiKey: string, instanceId: string, shell: Shell): FirstRunStep[] {
  const get = (path: string): string => line([], path);
  const post = (path: string, body: string): string => line(['-H', 'content-type: application/json', '-d', body], path);
  const line = (args: readonly string[], path: string): string =>
    curlLine(['-sS', '-w', String.raw`\n`, '-H', `x-api-key: ${apiKey}`, ...args, `${url}${path}`], shell);
  return [
    {
      title: 'Start a workflow',
      command: post(
        '/api/workflow/definitions/onboarding/instances',
        '{"employee":"Ada Lovelace","department":"Research"}',
      ),
    },
    { title: 'Look at one that runs', command: get(`/api/workflow/instances/${instanceId}`) },
    { title: 'List what runs', command: get('/api/workflow/instances?definitionId=onboarding&top=5') },
    {
      title: 'Call an integration flow',
      command: post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}'),
    },
    {
      title: 'Call a flow that is protected against CSRF (Flowgate makes the handshake)',
      command: post('/api/integration/flows/orders', '{"product":"HT-2000","quantity":1}'),
    },
    {
      title: 'Start a process in Optimajet WorkflowServer',
      command: post('/api/approvals/definitions/TestScheme/instances', '{"customer_name":"Ada Lovelace"}'),
    },
    {
      title: 'Make a request in WorkflowGen',
      command: post('/api/requests/definitions/SIMPLE_REQUEST/instances', '{"SUBJECT":"Laptop","AMOUNT":1249.90}'),
    },
    {
      title: 'Call any other API behind the same kind of token',
      command: get('/api/catalogue/products/HT-2000'),
    },
    {
      title: 'See a refusal that explains itself: the OAuth client lacks an authority',
      command: get(`/api/workflow/instances/${instanceId}/execution-logs`),
    },
  ];
}

/** Starts the instance that the steps look at, as any caller would. */
export async function startFirstInstance(url: string, apiKey: string): Promise<string> {
  const started = await fetch(`${url}/api/workflow/definitions/onboarding/instances`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json', 'x-correlation-id': ownCorrelationId },
    body: '{"employee":"Grace Hopper","department":"Research"}',
  });
  const { id } = (await started.json()) as { id: string };
  return id;
}

export function firstRunText(
  url: string,
  apiKey: string,
  steps: readonly FirstRunStep[],
  upstreams: Readonly<Record<string, string>>,
  shell: Shell,
): string {
  const lines = steps.map(({ title, command }, index) => `${index + 1}. ${title}\n\n${command}\n`);
  return `
Flowgate       ${url}
API key        ${apiKey}
In a browser   ${url}/docs (takes the key; reads and tries every route)

Behind it, emulated:

${addressLines(upstreams)}

Paste these lines into ${placeToPaste(shell)}, any of them. Each request is then listed below.

${lines.join('\n')}
Ctrl-C ends it.
`;
}

/** Names and addresses, in columns. */
export function addressLines(addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses)
    .map(([name, url]) => `${name.padEnd(15)}${url}`)
    .join('\n');
}
