import type { ProblemRequest } from '../../sandbox/problems/sandbox-problem.ts';
import { requests } from '../../sandbox/problems/sandbox-problem.ts';
import type { ProblemCode } from '../../src/problems/problem-table.ts';

/** What an upstream really sends, to the letter, and what becomes of it. */
export interface RealRefusal {
  readonly name: string;
  readonly upstream: 'workflow' | 'integration' | 'workflowServer' | 'workflowgen';
  /** Tells the API from the token endpoint, where one server is both. */
  readonly path?: string;
  readonly request: ProblemRequest;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly code: ProblemCode;
  readonly answered: number;
  readonly retryable: boolean;
  /** Words of `detail` and `hint`. */
  readonly says: readonly string[];
  /** Words of the upstream that must not pass. */
  readonly withheld?: readonly string[];
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const XML_TYPE = { 'Content-Type': 'application/xml' };
const TEXT_TYPE = { 'Content-Type': 'text/plain' };
const HTML_TYPE = { 'Content-Type': 'text/html;charset=utf-8' };
const ROUTER = { ...TEXT_TYPE, 'X-Cf-RouterError': 'unknown_route' };
const NO_ROUTE = "404 Not Found: Requested route ('x.cfapps.eu10.hana.ondemand.com') does not exist.";
const TOMCAT_404 =
  '<!doctype html><html lang="en"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status 404 – Not Found</h1></body></html>';
const LOG_ID = 'AGxyABCDEFG-HIJKLMNOPQ-RSTUV';

const instance = { path: '/api/workflow/instances/4711' } as const;
const task = { path: '/api/workflow/tasks/4711' } as const;
const completion = { method: 'POST', path: '/api/workflow/tasks/4711/complete', body: '{}' } as const;
const taskChange = { method: 'PATCH', path: '/api/workflow/tasks/4711', body: '{"priority":"HIGH"}' } as const;
const cancel = { method: 'POST', path: '/api/workflow/instances/4711/cancel', body: '{}' } as const;
const message = {
  method: 'POST',
  path: '/api/workflow/messages',
  body: '{"definitionId":"paid","workflowInstanceId":"4711","context":{}}',
} as const;

/** The JSON of SAP's workflow runtime. */
function runtime(code: string | undefined, text: string, details?: object[]): string {
  const prefixed = code === undefined ? {} : { code: `bpm.workflowruntime.${code}` };
  return JSON.stringify({ error: { ...prefixed, message: text, logId: '0a1b2c', ...(details && { details }) } });
}

type Rest = Omit<RealRefusal, 'upstream' | 'headers'> & Pick<Partial<RealRefusal>, 'headers'>;

const workflow = (rest: Rest): RealRefusal => ({ headers: JSON_TYPE, ...rest, upstream: 'workflow' });
const flow = (rest: Omit<Rest, 'request'>): RealRefusal => ({
  ...rest,
  upstream: 'integration',
  request: requests.product,
});
const server = (rest: Omit<Rest, 'headers'>): RealRefusal => ({
  ...rest,
  upstream: 'workflowServer',
  path: '/workflowapi',
  headers: TEXT_TYPE,
});
const graphql = (rest: Omit<Rest, 'request'>): RealRefusal => ({
  ...rest,
  upstream: 'workflowgen',
  path: '/wfgen/graphql',
  request: { path: '/api/requests/instances' },
});

const ofTheWorkflowRuntime: readonly RealRefusal[] = [
  workflow({
    name: 'a token of another landscape, in the flat shape of UnauthorizedError',
    request: requests.definitions,
    status: 401,
    body: '{"error":"unauthorized","error_description":"Invalid token planted"}',
    code: 'token-rejected',
    answered: 502,
    retryable: false,
    says: ['refuses a fresh access token', 'another subaccount or region'],
    withheld: ['planted'],
  }),
  workflow({
    name: 'the same without a body',
    request: requests.definitions,
    status: 401,
    headers: {},
    body: '',
    code: 'token-rejected',
    answered: 502,
    retryable: false,
    says: ['refuses a fresh access token'],
  }),
  workflow({
    name: 'a role is missing, as process automation says it',
    request: requests.definitions,
    status: 403,
    body: runtime('rest.user.not.sufficient.privileges', 'Access denied.'),
    code: 'authority-missing',
    answered: 502,
    retryable: false,
    says: ['although the token holds WORKFLOW_DEFINITION_GET', 'ProcessAutomationAdmin'],
  }),
  workflow({
    name: 'a 403 of a firewall in front, though the token has what is needed',
    request: requests.definitions,
    status: 403,
    headers: HTML_TYPE,
    body: '<html><body>planted: request blocked</body></html>',
    code: 'authority-missing',
    answered: 502,
    retryable: false,
    says: ['although the token holds', 'proxy or a firewall'],
    withheld: ['planted'],
  }),
  workflow({
    name: 'an unknown definition',
    request: requests.start,
    status: 404,
    body: runtime('definition.not.found', "The workflow definition with ID 'onboarding' could not be found."),
    code: 'definition-not-found',
    answered: 404,
    retryable: false,
    says: ['No workflow definition "onboarding" is deployed.'],
  }),
  ...['instance.not.found', 'rest.instance.not.found'].map((code) =>
    workflow({
      name: `an unknown instance, ${code}`,
      request: instance,
      status: 404,
      body: runtime(code, 'Not found.'),
      code: 'instance-not-found',
      answered: 404,
      retryable: false,
      says: ['no workflow instance with this id', 'GET /api/workflow/instances?status=all'],
    }),
  ),
  workflow({
    name: 'an unknown task',
    request: task,
    status: 404,
    body: runtime('rest.task.not.found', 'Not found.'),
    code: 'task-not-found',
    answered: 404,
    retryable: false,
    says: ['no task with this id', 'GET /api/workflow/tasks'],
  }),
  workflow({
    name: 'the text of the router',
    request: requests.definitions,
    status: 404,
    headers: ROUTER,
    body: NO_ROUTE,
    code: 'upstream-unreachable',
    answered: 502,
    retryable: true,
    says: ['unknown to the platform', '"endpoints.workflow_rest_url"'],
    withheld: ['Requested route'],
  }),
  ...[
    ['a list that is not there, in the JSON of another server', '{"status":404,"error":"Not Found","path":"/planted"}'],
    ['a list that is not there, in the JSON of a gateway', '{"message":"no Route matched with those planted"}'],
    ['a list that is not there, in an array', '["planted"]'],
    ['a list that is not there, without a body', ''],
  ].map(([name = '', body = '']) =>
    workflow({
      name,
      request: { path: '/api/workflow/instances' },
      status: 404,
      body,
      code: 'upstream-protocol-error',
      answered: 502,
      retryable: false,
      says: ['in place of the workflow API', '"restPath" is /workflow/rest or /public/workflow/rest'],
      withheld: ['planted'],
    }),
  ),
  workflow({
    name: 'a start at an address that leads to another server',
    request: requests.start,
    status: 404,
    body: '{"timestamp":1,"status":404,"error":"Not Found","path":"/planted"}',
    code: 'upstream-protocol-error',
    answered: 502,
    retryable: false,
    says: ['"endpoints.workflow_rest_url"'],
    withheld: ['planted'],
  }),
  workflow({
    name: 'a task that is done',
    request: completion,
    status: 400,
    body: runtime('rest.task.final.status', 'Final status.'),
    code: 'upstream-conflict',
    answered: 409,
    retryable: false,
    says: ['completed or cancelled before', 'Trying again does not help.'],
  }),
  ...[400, 422].map((status) =>
    workflow({
      name: `a property of a task that cannot be changed so, with ${status}`,
      request: taskChange,
      status,
      body: runtime('task.change.property.invalid', 'Invalid.', [{ severity: 'ERROR', message: 'priority is final' }]),
      code: 'upstream-invalid-request',
      answered: 400,
      retryable: false,
      says: ['does not accept the request', 'See upstream.error'],
    }),
  ),
  workflow({
    name: 'a task of an instance that is suspended',
    request: completion,
    status: 409,
    body: runtime('task.suspended.status', 'Suspended.'),
    code: 'upstream-conflict',
    answered: 409,
    retryable: false,
    says: ['suspended', 'POST /api/workflow/instances/<id>/resume'],
  }),
  workflow({
    name: 'an instance that is busy, to a request that is not repeated',
    request: cancel,
    status: 409,
    body: '{"error":{"message":"There is another activity in the background.","logId":"0a1b2c"}}',
    code: 'upstream-conflict',
    answered: 409,
    retryable: true,
    says: ['in the background', 'Try again in a few seconds.'],
  }),
  ...[413, 415].map((status) =>
    workflow({
      name: `a body that is not taken, with ${status}`,
      request: requests.start,
      status,
      headers: {},
      body: '',
      code: 'upstream-invalid-request',
      answered: status,
      retryable: false,
      says: [`status ${status}`],
    }),
  ),
  workflow({
    name: 'a context that does not fit',
    request: requests.start,
    status: 422,
    body: runtime('context.invalid', 'Invalid.', [{ severity: 'ERROR', message: 'orderId is missing' }]),
    code: 'context-invalid',
    answered: 422,
    retryable: false,
    says: ['See upstream.error and the sample', 'GET /api/workflow/definitions/onboarding/sample-context'],
  }),
  workflow({
    name: 'a 422 to a request without a context',
    request: cancel,
    status: 422,
    body: runtime(undefined, 'This status cannot be set.'),
    code: 'upstream-invalid-request',
    answered: 400,
    retryable: false,
    says: ['status 422', 'See upstream.error'],
  }),
  workflow({
    name: 'a message that nobody waits for',
    request: message,
    status: 422,
    body: runtime('rest.message.no.match', 'No match.'),
    code: 'message-not-consumed',
    answered: 422,
    retryable: false,
    says: ['waits for this message'],
  }),
  ...[
    [429, 'rate.limit.exceeded'] as const,
    [400, 'rest.instance.limit.reached'] as const,
    [403, 'rest.instance.limit.reached'] as const,
  ].map(([status, code]) =>
    workflow({
      name: `a quota that is used up, ${code} with ${status}`,
      request: requests.start,
      status,
      body: runtime(code, 'Limit.'),
      code: 'upstream-rate-limited',
      answered: 429,
      retryable: true,
      says: ['quota of the workflow tenant', 'Retry-After'],
    }),
  ),
  workflow({
    name: 'a failure of the runtime',
    request: requests.definitions,
    status: 500,
    body: runtime('internal.server.error', 'planted'),
    code: 'upstream-failed',
    answered: 502,
    retryable: true,
    says: ['failed with status 500', 'Send the request again.'],
    withheld: ['planted'],
  }),
  ...[502, 504].map((status) =>
    workflow({
      name: `a router that gave up during a start, with ${status}`,
      request: requests.start,
      status,
      headers: { ...TEXT_TYPE, 'X-Cf-RouterError': 'endpoint_failure' },
      body: '502 Bad Gateway: Registered endpoint failed to handle the request.',
      code: 'outcome-unknown',
      answered: status,
      retryable: false,
      says: ['may have been carried out', 'before you send it again'],
      withheld: ['Registered endpoint'],
    }),
  ),
];

const NO_AUTHENTICATION =
  '<UnauthorizedException><error>unauthorized</error><error_description>An Authentication object was not found in the SecurityContext</error_description></UnauthorizedException>';
const WRONG_PLAN =
  'Jwt token with audience [uaa, it!b12000, it!b12000.NodeManager, sb-0a1b!b12345|it!b12000] is not issued for these clientIds: [sb-it-rt-acme!b12000, it-rt-acme!b12000].';

const ofFlows: readonly RealRefusal[] = [
  flow({
    name: 'no token seen, or one of another subaccount, in XML',
    status: 401,
    headers: XML_TYPE,
    body: NO_AUTHENTICATION,
    code: 'token-rejected',
    answered: 502,
    retryable: false,
    says: ['same subaccount', '"url" of the service key'],
    withheld: ['SecurityContext'],
  }),
  ...[
    {
      kind: 'XML',
      headers: XML_TYPE,
      body: `<UnauthorizedException><error_description>${WRONG_PLAN}</error_description></UnauthorizedException>`,
    },
    {
      kind: 'JSON',
      headers: JSON_TYPE,
      body: JSON.stringify({ error: 'unauthorized', error_description: WRONG_PLAN }),
    },
  ].map(({ kind, headers, body }) =>
    flow({
      name: `a token of plan api, in ${kind}`,
      status: 401,
      headers,
      body,
      code: 'wrong-service-plan',
      answered: 502,
      retryable: false,
      says: ['plan integration-flow; this token comes from plan api', 'entitlement'],
      withheld: ['clientIds', 'it!b12000'],
    }),
  ),
  flow({
    name: 'a user role that is missing, in the HTML of Tomcat',
    status: 403,
    headers: HTML_TYPE,
    body: TOMCAT_404.replaceAll('404 – Not Found', '403 – Forbidden'),
    code: 'authority-missing',
    answered: 502,
    retryable: false,
    says: ['The token holds: ESBMessaging.send.', '"User Role"', 'up to 1 hour'],
    withheld: ['Forbidden'],
  }),
  flow({
    name: 'an unknown address, in the HTML of Tomcat',
    status: 404,
    headers: HTML_TYPE,
    body: TOMCAT_404,
    code: 'flow-not-found',
    answered: 502,
    retryable: false,
    says: ['/cxf/', 'up to 3 minutes'],
    withheld: ['HTTP Status'],
  }),
  flow({
    name: 'the text of the router',
    status: 404,
    headers: ROUTER,
    body: NO_ROUTE,
    code: 'upstream-unreachable',
    answered: 502,
    retryable: true,
    says: ['unknown to the platform'],
    withheld: ['Requested route'],
  }),
  ...[
    `An internal server error occured: The MPL ID for the failed message is : ${LOG_ID}`,
    `An internal server error occurred: The MPL ID for the failed message is: ${LOG_ID}`,
    `java.lang.IllegalStateException: planted\nAn internal server error occured: The MPL ID for the failed message is : ${LOG_ID}`,
  ].map((body, at) =>
    flow({
      name: `an exception inside the flow, ${at + 1}`,
      status: 500,
      headers: TEXT_TYPE,
      body,
      code: 'flow-failed',
      answered: 502,
      retryable: false,
      says: [`Search the id ${LOG_ID} under Monitor, Message Processing`],
      withheld: ['planted', 'internal server error'],
    }),
  ),
  flow({
    name: 'a runtime that restarts',
    status: 503,
    headers: HTML_TYPE,
    body: '<html>planted</html>',
    code: 'upstream-unavailable',
    answered: 503,
    retryable: true,
    says: ['not available'],
    withheld: ['planted'],
  }),
  flow({
    name: 'a limit of API Management',
    status: 429,
    headers: JSON_TYPE,
    body: '{"fault":{"faultstring":"planted"}}',
    code: 'upstream-rate-limited',
    answered: 429,
    retryable: true,
    says: ['limits the requests'],
    withheld: ['planted'],
  }),
];

const TRACE = '   at Server.Check() in C:\\Server.cs';

const ofWorkflowServer: readonly RealRefusal[] = [
  ...[
    'OpenId Connect authentication for Workflow API failed',
    "AccessToken is not valid! Check 'token' parameter in the query.",
    "AccessToken is on. Add 'token' parameter for each workflowapi request!",
  ].map((text) =>
    server({
      name: text,
      request: requests.schemes,
      status: 500,
      body: `Exception System.Exception:${text}:${TRACE}`,
      code: 'token-rejected',
      answered: 502,
      retryable: false,
      says: ['`token.clientSecret` must equal'],
      withheld: ['Exception', 'C:', 'AccessToken'],
    }),
  ),
  server({
    name: 'OpenId Connect authorization for Workflow API failed',
    request: requests.schemes,
    status: 500,
    body: `Exception System.Exception:OpenId Connect authorization for Workflow API failed:${TRACE}`,
    code: 'authority-missing',
    answered: 502,
    retryable: false,
    says: ['WorkflowApiPermissions:getschemelist'],
    withheld: ['Exception', 'C:'],
  }),
  server({
    name: 'a failed operation within a 200',
    request: requests.schemes,
    status: 200,
    body: '{"data":null,"success":false,"error":"planted. InnerException: planted","message":""}',
    code: 'upstream-failed',
    answered: 502,
    retryable: true,
    says: ['reports that the operation failed', 'log of WorkflowServer'],
    withheld: ['planted'],
  }),
  server({
    name: 'a 400 of something in front of it',
    request: requests.schemes,
    status: 400,
    body: 'planted',
    code: 'upstream-invalid-request',
    answered: 400,
    retryable: false,
    says: ['status 400', 'does not know this refusal', '`url` of the service'],
    withheld: ['planted', 'larger'],
  }),
];

const ofWorkflowGen: readonly RealRefusal[] = [
  graphql({
    name: 'a host name that IIS does not know',
    status: 400,
    headers: { 'Content-Type': 'text/html; charset=us-ascii' },
    body: '<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid Hostname</h2></BODY></HTML>',
    code: 'upstream-protocol-error',
    answered: 502,
    retryable: false,
    says: ['A web server answered 400 in place of the GraphQL API.', 'its host name too'],
    withheld: ['Invalid Hostname'],
  }),
  ...['Bearer planted-0123456789', 'eyJhbGciOiJSUzI1NiJ9.planted', '<html><body>planted</body></html>'].map((value) =>
    graphql({
      name: `a value that is refused and quoted, ${value}`,
      status: 200,
      headers: JSON_TYPE,
      body: JSON.stringify({ errors: [{ message: `Variable "$v0" got invalid value "${value}"` }] }),
      code: 'upstream-invalid-request',
      answered: 400,
      retryable: false,
      says: ['does not accept a value; nothing was done'],
      withheld: ['planted', 'upstream.error'],
    }),
  ),
  graphql({
    name: 'a document that does not fit the schema',
    status: 400,
    headers: JSON_TYPE,
    body: '{"errors":[{"message":"Cannot query field \\"planted\\" on type \\"Query\\"."}]}',
    code: 'upstream-failed',
    answered: 502,
    retryable: true,
    says: ['does not accept the GraphQL document', '/wfgen/graphql/schema'],
    withheld: ['planted'],
  }),
];

export const realRefusals: readonly RealRefusal[] = [
  ...ofTheWorkflowRuntime,
  ...ofFlows,
  ...ofWorkflowServer,
  ...ofWorkflowGen,
];
