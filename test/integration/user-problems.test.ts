import { describe, expect, it } from '@jest/globals';
import { sandboxProblems, type SandboxProblemName } from '../../sandbox/problems.ts';
import type { RequestProblem, SandboxProblem, SettingsProblem } from '../../sandbox/problems/sandbox-problem.ts';
import { sourcesOf } from '../../sandbox/run-problem.ts';
import type { Answer } from '../support/flowgate-stack.ts';
import { problemWith } from '../support/config-sources.ts';
import { PROBLEM_KEY, useProblems } from '../support/problem-stack.ts';

/** The numbers are those of docs/troubleshooting.md. */
interface Row {
  readonly number: number;
  readonly problem: SandboxProblemName;
  /** Cause and cure: what `detail` and `hint` must say; of a configuration problem both are one text. */
  readonly says?: readonly string[];
  readonly retryable?: boolean;
  /** What else must be so. */
  readonly also?: (answer: Answer) => void;
}

const rows: readonly Row[] = [
  {
    number: 1,
    problem: 'token-address-unknown',
    says: [
      'The token address answered 404.',
      'Use `url` of the service key; its subdomain may be wrong or, on a trial, expired.',
    ],
  },
  { number: 1, problem: 'subdomain-expired', says: ['no such subdomain', 'wrong or, on a trial, expired'] },
  {
    number: 2,
    problem: 'host-unknown',
    says: ['unknown to the platform', '"endpoints.workflow_rest_url"', 'process automation: "endpoints.api"'],
  },
  { number: 3, problem: 'client-id-with-line-break', says: ['clientid has blanks around it or inside', 'Copy'] },
  {
    number: 4,
    problem: 'basic-only-server',
    says: [
      '401 invalid_client',
      'If the server takes Basic only, set `auth: client_secret_basic`; Flowgate encodes it.',
    ],
    retryable: false,
  },
  { number: 5, problem: 'two-bindings' },
  { number: 6, problem: 'key-of-plan-api', says: ['is of plan api', 'plan integration-flow'] },
  {
    number: 6,
    problem: 'token-of-plan-api',
    says: [
      'Flow calls need a key of',
      'with plan integration-flow; this token comes from plan api.',
      'role ESBMessaging.send',
    ],
    also: ({ text }) => expect(text).not.toMatch(/clientIds|UnauthorizedException/),
  },
  {
    number: 7,
    problem: 'flow-address-of-a-template',
    says: ['placeholder', 'must be the path shown under Endpoints', 'starting with /http/ or /cxf/'],
  },
  {
    number: 8,
    problem: 'key-of-plan-api',
    says: ['Where the cockpit does not offer that service, add its entitlement'],
  },
  {
    number: 9,
    problem: 'three-partners',
    says: ['may not call', 'POST /api/integration/flows/product-details'],
    also: () => expect(stack.sandbox.control.counters().flowRuns).toEqual({}),
  },
  {
    number: 10,
    problem: 'audience-missing',
    says: ['400 invalid_request', '`token.params`', '`audience`'],
    also: ({ text }) => expect(text).not.toContain('is required'),
  },
  {
    number: 11,
    problem: 'client-grant-missing',
    says: [
      '403 access_denied',
      "Authorise the application on the API's Machine-to-Machine tab; `params.audience` must equal the API Identifier.",
    ],
    also: ({ text }) => expect(text).not.toContain('api.example.com'),
  },
  { number: 10, problem: 'audience-unknown', says: ['403 access_denied', '`token.params`', '`audience`'] },
  {
    number: 12,
    problem: 'shared-environment',
    says: ['eu10.sandbox.purchasing.approval', 'shared environment', '"environmentId" and "apiKey"'],
  },
  {
    number: 13,
    problem: 'token-rate-limit',
    says: ['limits our requests', 'other apps'],
    retryable: true,
    also: ({ headers }) => expect(headers.get('retry-after')).toBe('7'),
  },
  {
    number: 14,
    problem: 'token-call-per-request',
    also: () => expect(stack.sandbox.control.counters().tokenRequests).toBe(1),
  },
  { number: 15, problem: 'token-revoked' },
  {
    number: 15,
    problem: 'token-refused-twice',
    says: ['refuses a fresh access token', 'another subaccount or region'],
    retryable: false,
  },
  {
    number: 16,
    problem: 'authority-added',
    also: () => expect(stack.sandbox.control.counters().tokenRequests).toBe(2),
  },
  {
    number: 17,
    problem: 'secret-rotated',
    says: [
      'The client or its secret is not accepted: key deleted or rotated? Make a new one and restart',
      '`nextClientSecret` avoids the gap',
    ],
    retryable: false,
  },
  {
    number: 18,
    problem: 'token-server-slow',
    says: ['took too long', 'while waiting for the answer', 'after 5.', 'firewall', 'token.url'],
    retryable: true,
  },
  {
    number: 19,
    problem: 'token-server-down',
    says: ['cannot be reached', 'refused the connection', 'Try again'],
    retryable: true,
    also: ({ headers }) => expect(Number(headers.get('retry-after'))).toBeGreaterThan(0),
  },
  { number: 19, problem: 'token-server-down-later' },
  {
    number: 20,
    problem: 'token-server-login-page',
    says: ['The authorization server answered 200 without a token (text/html).', 'asks again after a pause'],
  },
  {
    number: 22,
    problem: 'redis-away',
    says: ['The record of keys is not reachable; sending without it could start twice.', 'Retry-After'],
    retryable: true,
    also: () => expect(stack.sandbox.control.counters().requests.workflow).toEqual({}),
  },
  { number: 22, problem: 'redis-away-without-a-key' },
  {
    number: 23,
    problem: 'authority-missing',
    says: [
      'the client has no WORKFLOW_INSTANCE_START. It has TASK_GET.',
      '{"authorities":["TASK_GET","WORKFLOW_INSTANCE_START"],"defaultCollectionQueryFilter":"own"}',
      'cf update-service',
    ],
    retryable: false,
  },
  { number: 25, problem: 'authority-missing-for-the-context', says: ['has no WORKFLOW_INSTANCE_GET_CONTEXT.'] },
  { number: 25, problem: 'role-missing-in-process-automation', says: ['role ProcessAutomationAdmin'] },
  {
    number: 26,
    problem: 'definition-misspelt',
    says: ['"onbording" is deployed', 'Did you mean "onboarding"', 'GET /api/workflow/definitions'],
  },
  { number: 26, problem: 'definition-id-missing', says: ['definitionId'] },
  { number: 27, problem: 'content-type-missing', says: ['Send Content-Type: application/json.'] },
  {
    number: 28,
    problem: 'completed-instances',
    also: ({ json }) => expect(json).toEqual([expect.objectContaining({ status: 'COMPLETED' })]),
  },
  {
    number: 29,
    problem: 'started-by-a-technical-id',
    also: () => {
      const sent = stack.sandbox.control.lastRequest('workflow')?.rawBody.toString() ?? '';
      expect(JSON.parse(sent)).toMatchObject({ context: { startedBy: 'sandbox' } });
    },
  },
  { number: 30, problem: 'cancel-takes-effect-later' },
  {
    number: 31,
    problem: 'instance-busy',
    says: ['Another activity', 'in the background', 'Try again in a few seconds.'],
    retryable: true,
  },
  {
    number: 32,
    problem: 'flow-of-another-subaccount',
    says: ['Key and flow address must come from the same subaccount: compare the host with "url" of the service key.'],
    also: ({ text }) => expect(text).not.toMatch(/<|SecurityContext/),
  },
  {
    number: 33,
    problem: 'basic-of-a-person',
    says: ['Send x-api-key or a Bearer JWT; Flowgate uses the service key itself.'],
  },
  { number: 34, problem: 'csrf-protected' },
  {
    number: 34,
    problem: 'csrf-handshake-fails',
    says: ['asks for a CSRF token', 'csrf: always', 'switch "CSRF Protected" off'],
    also: ({ text }) => expect(text).not.toContain('<html'),
  },
  {
    number: 35,
    problem: 'flow-role-missing',
    says: ['user role', 'The token holds: ESBMessaging.send.', '"User Role"', 'takes up to 1 hour to arrive'],
  },
  {
    number: 36,
    problem: 'flow-fails',
    says: ['ended with an error', 'under Monitor, Message Processing'],
    also: ({ json, text }) => {
      const { hint, upstream } = json as { hint: string; upstream: { messageProcessingLogId: string } };
      expect(upstream.messageProcessingLogId).toMatch(/^AG[\w-]{20,}$/);
      expect(hint).toContain(upstream.messageProcessingLogId);
      expect(text).not.toMatch(/IllegalState|refused the message/);
    },
  },
  {
    number: 37,
    problem: 'flow-address-wrong',
    says: ['no such address', 'SOAP senders under /cxf/', 'A fresh deployment needs up to 3 minutes.'],
  },
  { number: 37, problem: 'flow-host-wrong', says: ['host', 'unknown to the platform', '"url"'], retryable: true },
  {
    number: 38,
    problem: 'flow-slow',
    says: ['waiting for the answer', 'of 1 s', 'timeout of the flow product-details', 'before you send it again'],
    retryable: false,
  },
  {
    number: 39,
    problem: 'flow-headers',
    also: ({ headers }) => expect(headers.get('sap_messageprocessinglogid')).toBeNull(),
  },
  { number: 40, problem: 'workflow-server-restarted' },
  {
    number: 40,
    problem: 'workflow-server-secret',
    says: ['`token.clientSecret` must equal the API access token', 'client secret'],
    also: ({ text }) => expect(text).not.toMatch(/Exception|C:/),
  },
  { number: 41, problem: 'workflow-server-says-200', says: ['no scheme "NoScheme"', '/api/approvals/definitions'] },
  {
    number: 41,
    problem: 'workflow-server-process-unknown',
    says: ['no process with this id', '/api/approvals/instances'],
  },
  {
    number: 42,
    problem: 'graphql-says-200',
    says: ['reports an error in place of the request, so none was made', 'the log of WorkflowGen'],
    retryable: false,
    also: ({ text }) => expect(text).not.toMatch(/C:|Object reference/),
  },
  { number: 42, problem: 'graphql-value-wrong', says: ['does not accept a value; nothing was done', 'parameters'] },
  { number: 42, problem: 'graphql-token-expired' },
  {
    number: 43,
    problem: 'preflight',
    also: ({ headers }) => expect(headers.get('access-control-allow-origin')).toBe('https://shop.example.com'),
  },
  {
    number: 43,
    problem: 'origin-not-listed',
    says: ['Add the exact origin, scheme and port, to CORS_ORIGINS or to "origins" of the caller.'],
  },
  {
    number: 45,
    problem: 'no-credential',
    says: ['no credential', 'x-api-key'],
    also: ({ headers }) => expect(headers.get('content-type')).toContain('application/problem+json'),
  },
  { number: 45, problem: 'login-page', says: ['web application or a login page'] },
  { number: 45, problem: 'login-redirect', says: ['redirect', 'login page', 'API address from the service key'] },
  {
    number: 46,
    problem: 'idle-connections',
    also: ({ headers }) => expect(headers.get('keep-alive')).toBe('timeout=120'),
  },
  {
    number: 47,
    problem: 'service-away',
    says: ['not available', 'Retry-After'],
    retryable: true,
    also: ({ json }) => expect(json).toMatchObject({ upstream: { status: 503 } }),
  },
  {
    number: 49,
    problem: 'service-slow',
    says: ['waiting for the answer', 'of 1 s', 'set by limits.timeout'],
    retryable: true,
    also: ({ json }) => expect((json as { detail: string }).detail).toMatch(/after 1(?:\.\d)? s of 1 s/),
  },
];

const all: Readonly<Record<SandboxProblemName, SandboxProblem>> = sandboxProblems;

const ofRequests = rows.flatMap((row) => {
  const problem = all[row.problem];
  return problem.kind === 'request' ? [{ ...row, problem, name: row.problem, symptom: problem.symptom }] : [];
});

const ofSettings = rows.flatMap((row) => {
  const problem = all[row.problem];
  return problem.kind === 'settings' ? [{ ...row, problem, name: row.problem, symptom: problem.symptom }] : [];
});

const stack = useProblems();

describe('what users run into, at a request', () => {
  it.each(ofRequests)('$number, $name: $symptom', async ({ problem, says = [], retryable, also }) => {
    const answer = await stack.show(problem);
    expectAnswer(answer, problem, says);
    if (retryable !== undefined) expect(answer.json).toMatchObject({ retryable });
    also?.(answer);
  });
});

describe('what users run into, before the first request', () => {
  it.each(ofSettings)('$number, $name: $symptom', ({ problem, says = [] }) => {
    const text = reportOf(problem);
    for (const words of says) expect(text).toContain(words);
  });
});

it('every problem of the sandbox is one of them', () => {
  expect(new Set(rows.map(({ problem }) => problem))).toEqual(new Set(Object.keys(sandboxProblems)));
});

function expectAnswer(
  { status, json, text }: Answer,
  { expect: expected }: RequestProblem,
  says: readonly string[],
): void {
  if (expected.code === undefined) {
    expect([status, text]).toEqual([expected.status, expect.not.stringContaining('/problems/')]);
    return;
  }
  expect(json).toMatchObject(expected);
  const { detail, hint } = json as { detail: string; hint: string };
  expect(says.length).toBeGreaterThan(0);
  for (const words of says) expect(`${detail}\n${hint}`).toContain(words);
}

/** What Flowgate reports of the setting that is wrong. */
function reportOf(problem: SettingsProblem): string {
  const { env, file } = sourcesOf(problem, stack.sandbox, { port: 0, apiKey: PROBLEM_KEY });
  return problemWith(problem.expect.setting, { env, file });
}
