import { wrongAudience } from '../integration/integration-answers.ts';
import { requests, type SandboxProblems } from './sandbox-problem.ts';

/** Partner `a` may call one flow, `b` another, and `c` may list the flows. */
const partners = `callers:
  a: { apiKeys: [key-of-partner-a-0123456789], allow: ["POST /api/integration/flows/product-details"], rateLimit: 60/min }
  b: { apiKeys: [key-of-partner-b-0123456789], allow: ["POST /api/integration/flows/orders"] }
  c: { apiKeys: [key-of-partner-c-0123456789], allow: ["GET /api/integration/flows"] }
`;

/** Wrong keys, addresses and plans. */
export const setUpProblems = {
  'token-address-unknown': {
    kind: 'request',
    symptom: 'The token call gives 404 although client id and secret are right',
    breaks: ({ control }) => control.answer({ upstream: 'authorizationServer', status: 404, body: 'Not Found' }),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'subdomain-expired': {
    kind: 'request',
    symptom: 'The authorization server knows no such subdomain: a trial has expired',
    breaks: ({ control }) => control.unknownZone(),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'host-unknown': {
    kind: 'request',
    symptom: 'Every workflow call gives 404: the host of the address does not exist on the platform',
    breaks: ({ control }) => control.unknownRoute({ upstream: 'workflow' }),
    request: requests.definitions,
    expect: { status: 502, code: 'upstream-unreachable' },
  },
  'client-id-with-line-break': {
    kind: 'settings',
    symptom: 'The client id was copied with a line break at its end',
    settings: ({ serviceKeys: { workflow } }) => {
      const uaa = { ...workflow.uaa, clientid: `${workflow.uaa.clientid}\n` };
      return { env: { WORKFLOW_SERVICE_KEY: JSON.stringify({ ...workflow, uaa }) } };
    },
    expect: { setting: 'WORKFLOW_SERVICE_KEY' },
  },
  'basic-only-server': {
    kind: 'request',
    symptom: '401 with the right secret: the provider takes it in a Basic header only',
    breaks: ({ control }) => refuseClient(control, 401, 'invalid_client', 'Client authentication failed: use Basic.'),
    request: requests.definitions,
    expect: { status: 502, code: 'credentials-rejected' },
  },
  'two-bindings': {
    kind: 'request',
    symptom: 'A second instance was bound, and libraries take the first one: here each has its own routes',
    settings: ({ serviceKeys }) => {
      const binding = { label: 'workflow', plan: 'lite', tags: [], credentials: serviceKeys.workflow };
      const bindings = [
        { ...binding, name: 'hr' },
        { ...binding, name: 'purchasing' },
      ];
      return { env: { WORKFLOW_SERVICE_KEY: '', VCAP_SERVICES: JSON.stringify({ workflow: bindings }) } };
    },
    request: { path: '/api/purchasing/definitions' },
    expect: { status: 200 },
  },
  'key-of-plan-api': {
    kind: 'settings',
    symptom: 'The service key was made for plan api, which cannot call flows',
    settings: ({ serviceKeys }) => ({
      env: { INTEGRATION_SERVICE_KEY: JSON.stringify(serviceKeys.integrationApiPlan) },
    }),
    expect: { setting: 'INTEGRATION_SERVICE_KEY' },
  },
  'token-of-plan-api': {
    kind: 'request',
    symptom: 'Flows answer 401 "Jwt token with audience ... is not issued for these clientIds"',
    breaks: ({ control }) => {
      const { status, headers, body } = wrongAudience(['uaa', 'it!b12000'], 'sandbox');
      control.answer({
        upstream: 'integration',
        status,
        headers: headers as Record<string, string>,
        body: String(body),
      });
    },
    request: requests.product,
    expect: { status: 502, code: 'wrong-service-plan' },
  },
  'flow-address-of-a-template': {
    kind: 'settings',
    symptom: 'The address of a flow is a template that was never filled in',
    settings: () => ({ env: { INTEGRATION_FLOWS: 'product-details=https://<tenant>.example.com/http/<flow>' } }),
    expect: { setting: 'INTEGRATION_FLOWS' },
  },
  'three-partners': {
    kind: 'request',
    symptom: 'Three partners, three service keys, one client id: here each is a caller with a list of its own',
    settings: () => ({ file: partners }),
    request: { ...requests.product, headers: { 'x-api-key': 'key-of-partner-b-0123456789' } },
    expect: { status: 403, code: 'forbidden' },
  },
  'audience-missing': {
    kind: 'request',
    symptom: 'The provider answers 400 although the client is right: it wants an audience',
    breaks: ({ control }) => refuseClient(control, 400, 'invalid_request', 'The audience parameter is required.'),
    request: requests.definitions,
    expect: { status: 502, code: 'credentials-rejected' },
  },
  'client-grant-missing': {
    kind: 'request',
    symptom: 'Auth0 answers 403 "Client is not authorized to access ..."',
    breaks: ({ control }) =>
      refuseClient(control, 403, 'access_denied', 'Client is not authorized to access "https://api.example.com".'),
    request: requests.definitions,
    expect: { status: 502, code: 'credentials-rejected' },
  },
  'shared-environment': {
    kind: 'request',
    symptom: 'Process automation: a definition is not found although it is deployed, to a shared environment',
    settings: ({ serviceKeys }) => ({ env: { WORKFLOW_SERVICE_KEY: JSON.stringify(serviceKeys.processAutomation) } }),
    request: {
      ...requests.start,
      path: '/api/workflow/definitions/eu10.sandbox.purchasing.approval/instances',
    },
    expect: { status: 404, code: 'definition-not-found' },
  },
} as const satisfies SandboxProblems;

function refuseClient(
  control: {
    answer(options: {
      upstream: 'authorizationServer';
      status: number;
      body: string;
      headers: Record<string, string>;
    }): void;
  },
  status: number,
  error: string,
  description: string,
): void {
  const body = JSON.stringify({ error, error_description: description });
  control.answer({ upstream: 'authorizationServer', status, headers: { 'Content-Type': 'application/json' }, body });
}
