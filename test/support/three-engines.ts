import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { API_KEY, useFlowgate, type FlowgateStack } from './flowgate-stack.ts';

export const GUEST_KEY = 'guest-key-0123456789abcdef';
export const READER_KEY = 'reader-key-0123456789abcdef';
const ORIGIN = 'https://intranet.example.com';

/** A workflow engine, and what differs between engines: names, and how the emulated one is made to refuse. */
export interface Engine {
  readonly service: string;
  readonly upstream: 'workflow' | 'workflowServer' | 'workflowgen';
  /** What is started. */
  readonly definition: string;
  readonly body: string;
  /** The filter of its list that limits how many come. */
  readonly filter: string;
  /** The id of an instance that there is not. */
  readonly unknownId: string;
  /** Where a start arrives upstream, as the sandbox counts it, and where a read of one instance does. */
  readonly startRoute: string;
  readonly readPath: string;
  /** Where its tokens come from. */
  readonly tokens: {
    readonly upstream: 'authorizationServer' | 'workflowServer' | 'workflowgen';
    readonly path: string;
  };
  /** How it says that a token is refused. */
  readonly refusal: { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
  /** Voids the tokens that were given out. */
  voidTokens(stack: FlowgateStack): Promise<void> | void;
  /** Withholds from the caller `guest` the right to start something. */
  deny(stack: FlowgateStack): void;
}

export const engines: readonly Engine[] = [
  {
    service: 'workflow',
    upstream: 'workflow',
    definition: 'onboarding',
    body: '{"employee":"Ada Lovelace"}',
    filter: 'top',
    unknownId: '5f8c6f0e-0000-4000-8000-000000000000',
    startRoute: 'POST /workflow-instances',
    readPath: '/workflow-service/rest/v1/workflow-instances/',
    tokens: { upstream: 'authorizationServer', path: '/oauth/token' },
    refusal: { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: '' },
    voidTokens: ({ sandbox }) => sandbox.control.expireTokens(),
    deny: ({ sandbox }) => sandbox.control.setAuthorities({ authorities: ['WORKFLOW_INSTANCE_GET'] }),
  },
  {
    service: 'approvals',
    upstream: 'workflowServer',
    definition: 'TestScheme',
    body: '{"customer_name":"Ada Lovelace"}',
    filter: 'take',
    unknownId: '5f8c6f0e-0000-4000-8000-000000000000',
    startRoute: 'POST /workflowapi/createinstance',
    readPath: '/workflowapi/getinstanceinfo',
    tokens: { upstream: 'workflowServer', path: '/connect/token' },
    refusal: {
      status: 500,
      headers: { 'content-type': 'text/plain' },
      body: 'Exception System.Exception:OpenId Connect authentication for Workflow API failed:   at X.Y() in C:\\Z',
    },
    voidTokens: ({ sandbox }) => sandbox.control.restartWorkflowServer(),
    deny: ({ sandbox }) => sandbox.control.denyOperations({ operations: ['createinstance'] }),
  },
  {
    service: 'requests',
    upstream: 'workflowgen',
    definition: 'SIMPLE_REQUEST',
    body: '{"SUBJECT":"Laptop"}',
    filter: 'size',
    unknownId: '999999',
    startRoute: 'POST /wfgen/graphql',
    readPath: '/wfgen/graphql',
    tokens: { upstream: 'workflowgen', path: '/oauth/token' },
    refusal: { status: 401, headers: { 'content-type': 'text/plain' }, body: 'Unauthorized' },
    voidTokens: ({ sandbox }) => sandbox.control.expireTokens(),
    deny: () => undefined, // the emulated one gives the user `guest` no right to start anything
  },
];

/** Each engine twice: as it should be, and as `<service>-wrong` with a secret that is not its own. */
function configuration({ serviceKeys, workflowServer, workflowgen }: Sandbox): string {
  const { uaa, endpoints } = serviceKeys.workflow;
  const identity = { from: 'caller' };
  const services = (suffix: string, secret?: string): object => ({
    [`workflow${suffix}`]: {
      kind: 'sap-workflow',
      url: endpoints.workflow_rest_url,
      token: { url: `${uaa.url}/oauth/token`, clientId: uaa.clientid, clientSecret: secret ?? uaa.clientsecret },
    },
    [`approvals${suffix}`]: {
      kind: 'workflow-server',
      url: workflowServer.url,
      token: { clientId: workflowServer.clientId, clientSecret: secret ?? workflowServer.clientSecret },
      identity,
    },
    [`requests${suffix}`]: {
      kind: 'workflowgen',
      url: workflowgen.graphqlUrl,
      token: {
        url: workflowgen.tokenUrl,
        clientId: workflowgen.clientId,
        clientSecret: secret ?? workflowgen.clientSecret,
        params: { audience: workflowgen.graphqlUrl },
      },
      apiKey: workflowgen.apiKey,
      identity,
    },
  });
  return JSON.stringify({
    services: { ...services(''), ...services('-wrong', 'wrong-secret-0123456789') },
    callers: {
      tester: { apiKeys: [API_KEY], allow: ['* /api/**'], origins: [ORIGIN] },
      guest: { apiKeys: [GUEST_KEY], allow: ['* /api/**'] },
      reader: { apiKeys: [READER_KEY], allow: ['GET /api/**'] },
    },
    limits: { body: '2kb', timeout: '5s' },
  });
}

/** Flowgate in front of all three engines, a fresh one for each test. */
export function useThreeEngines(): FlowgateStack {
  return useFlowgate({ file: configuration, env: { API_KEYS: '', WORKFLOW_SERVICE_KEY: '' } });
}
