import { requests, type SandboxProblems } from './sandbox-problem.ts';

const stackTrace =
  'Exception System.Exception:OpenId Connect authentication for Workflow API failed:   at Server.Check() in C:\\Server.cs';

/** What workflow engines refuse, the SAP one and the others. */
export const workflowProblems = {
  'definition-misspelt': {
    kind: 'request',
    symptom: '404 on a start: the definition is misspelt or not deployed',
    request: { ...requests.start, path: '/api/workflow/definitions/onbording/instances' },
    expect: { status: 404, code: 'definition-not-found' },
  },
  'definition-id-missing': {
    kind: 'request',
    symptom: "404 on a start in the engine's own form: definitionId is missing",
    request: { ...requests.start, path: '/api/workflow/instances', body: '{"context":{}}' },
    expect: { status: 400, code: 'invalid-body' },
  },
  'content-type-missing': {
    kind: 'request',
    symptom: '415: the body is not declared as JSON',
    request: { ...requests.start, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    expect: { status: 415, code: 'unsupported-media-type' },
  },
  'completed-instances': {
    kind: 'request',
    symptom: 'Completed instances are missing in the list: `status=all` brings them',
    breaks: ({ control }, instanceId) =>
      instanceId !== undefined && control.setInstanceStatus({ instanceId, status: 'COMPLETED' }),
    request: { path: '/api/workflow/instances?id={instance}&status=all' },
    expect: { status: 200 },
  },
  'started-by-a-technical-id': {
    kind: 'request',
    symptom: '"Started by" is a cryptic id: with `identity` the context names who it was',
    settings: () => ({ file: '  workflow: { identity: { from: caller, as: startedBy } }\n' }),
    request: requests.start,
    expect: { status: 201 },
  },
  'cancel-takes-effect-later': {
    kind: 'request',
    symptom: 'Cancelling is answered with 202, and a moment later the instance still runs',
    request: { method: 'POST', path: '/api/workflow/instances/{instance}/cancel', body: '{}' },
    expect: { status: 202 },
  },
  'instance-busy': {
    kind: 'request',
    symptom: '409 "another activity in the background", and it stays so',
    breaks: ({ control }) => control.busy({ times: 1000 }),
    request: { ...requests.context, method: 'PATCH', body: '{"note":"x"}' },
    expect: { status: 409, code: 'upstream-conflict' },
  },
  'service-slow': {
    kind: 'request',
    symptom: 'A read takes longer than the time that is set',
    settings: () => ({ file: 'limits: { timeout: 1s }\n' }),
    before: requests.definitions,
    breaks: ({ control }) => control.slow({ upstream: 'workflow', ms: 1500 }),
    request: requests.definitions,
    expect: { status: 504, code: 'upstream-timeout' },
  },
  'service-away': {
    kind: 'request',
    symptom: 'The service answers 503: the status must not become a 500 or a 200 on its way',
    breaks: ({ control }) => control.fail({ upstream: 'workflow', status: 503 }),
    request: requests.definitions,
    expect: { status: 503, code: 'upstream-unavailable' },
  },
  'login-page': {
    kind: 'request',
    symptom: 'A call gets the page of a browser sign-on with 200',
    breaks: ({ control }) => control.html({ upstream: 'workflow' }),
    request: requests.definitions,
    expect: { status: 502, code: 'upstream-protocol-error' },
  },
  'login-redirect': {
    kind: 'request',
    symptom: 'A call is redirected to a browser sign-on',
    breaks: ({ control }) => control.redirect({ upstream: 'workflow' }),
    request: requests.definitions,
    expect: { status: 502, code: 'upstream-redirected' },
  },
  'workflow-server-restarted': {
    kind: 'request',
    symptom: 'WorkflowServer answers 500 with a stack trace since its restart: mended, nobody sees it',
    before: requests.schemes,
    breaks: ({ control }) => control.restartWorkflowServer(),
    request: requests.process,
    expect: { status: 201 },
  },
  'workflow-server-secret': {
    kind: 'request',
    symptom: 'WorkflowServer answers 500 with a stack trace to every token',
    breaks: ({ control }) =>
      control.answer({ upstream: 'workflowServer', path: '/workflowapi', status: 500, body: stackTrace }),
    request: requests.schemes,
    expect: { status: 502, code: 'token-rejected' },
  },
  'workflow-server-says-200': {
    kind: 'request',
    symptom: 'WorkflowServer answers 200 and nothing happened: "success" is false',
    request: { ...requests.process, path: '/api/approvals/definitions/NoScheme/instances' },
    expect: { status: 404, code: 'definition-not-found' },
  },
  'workflow-server-process-unknown': {
    kind: 'request',
    symptom: 'WorkflowServer answers 200 to a process that is not there',
    request: { path: '/api/approvals/instances/0d4f1c9e-5de2-4a7b-a3be-47c9199a3967' },
    expect: { status: 404, code: 'instance-not-found' },
  },
} as const satisfies SandboxProblems;
