import type { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { isJson, retryAfterSeconds } from './answers.ts';
import { firstRefusals, lastRefusals } from './common-refusals.ts';
import type { FollowUp, Refusal, RefusalRule } from './operation.ts';
import { doing, refusalProblem } from './refusal-problem.ts';
import { authoritiesJson, heldAuthorities } from './sap-workflow-authorities.ts';
import { callersError, errorCode, errorOf, messageOf } from './sap-workflow-error.ts';
import { nearDefinitionIds } from './sap-workflow-near-names.ts';

function rule(
  name: string,
  code: ProblemCode,
  when: RefusalRule['when'],
  details: (refusal: Refusal) => Parameters<typeof refusalProblem>[2],
): RefusalRule {
  return {
    name,
    when,
    problem: (refusal): Problem =>
      refusalProblem(refusal, code, { upstream: callersError(refusal), ...details(refusal) }),
  };
}

/** The HTML or text of a web server, not the JSON of the runtime: the address is wrong rather than the id. */
function isForeign({ answer, json }: Refusal): boolean {
  return answer.body.length > 0 && json === undefined && !isJson(answer);
}

function isAbout(refusal: Refusal, ...roots: readonly string[]): boolean {
  return roots.some((root) => refusal.operation.path.startsWith(root));
}

const workflowRules: readonly RefusalRule[] = [
  rule(
    'a fresh token is refused',
    'token-rejected',
    ({ answer }) => answer.status === 401,
    () => ({
      detail: 'The service refuses a fresh access token.',
      hint: 'The service key may belong to another subaccount or region than the service address, or may have been deleted. Take both from one service key.',
    }),
  ),
  {
    name: 'an authority is missing',
    when: ({ answer }) => answer.status === 403,
    problem: authorityMissing,
  },
  rule(
    'the path leads to something else',
    'upstream-protocol-error',
    (refusal) => refusal.answer.status === 404 && isForeign(refusal),
    () => ({
      detail: 'A web server answered 404 in place of the workflow API.',
      hint: 'Compare the address with "endpoints.workflow_rest_url" of the service key; for process automation, "restPath" is /workflow/rest or /public/workflow/rest.',
    }),
  ),
  rule(
    'the tenant has used up its quota',
    'upstream-rate-limited',
    (refusal) => ['rate.limit.exceeded', 'rest.instance.limit.reached'].includes(errorCode(refusal)),
    ({ answer }) => ({
      detail: 'The quota of the workflow tenant is used up; nothing was done.',
      hint: 'Wait as long as Retry-After says. If it is the number of instances, end or delete old ones.',
      retryAfterSeconds: retryAfterSeconds(answer) ?? 5,
    }),
  ),
  rule(
    'the task is done already',
    'upstream-conflict',
    (refusal) => errorCode(refusal) === 'rest.task.final.status',
    () => ({
      detail: 'The task has been completed or cancelled before.',
      hint: 'Nothing needs to be done: read the task to see who completed it and when. Trying again does not help.',
    }),
  ),
  rule(
    'the instance is suspended',
    'upstream-conflict',
    (refusal) => errorCode(refusal) === 'task.suspended.status',
    ({ service }) => ({
      detail: 'The instance of this task is suspended.',
      hint: `Resume the instance first: POST /api/${service}/instances/<id>/resume.`,
    }),
  ),
  rule(
    'the instance has ended',
    'upstream-conflict',
    (refusal) =>
      refusal.answer.status === 409 && /\b(?:completed|cancell?ed|final|finished)\b/i.test(messageOf(refusal)),
    () => ({
      detail: 'The instance has ended; it takes no more changes.',
      hint: 'Read the instance to see its status. Trying again does not help.',
    }),
  ),
  rule(
    'the engine is busy with the instance',
    'upstream-conflict',
    ({ answer }) => answer.status === 409,
    () => ({
      detail: 'Another activity of this instance runs in the background.',
      hint: 'Try again in a few seconds.',
      retryable: true,
    }),
  ),
  {
    name: 'the definition is not deployed',
    when: (refusal) =>
      refusal.answer.status === 404 &&
      (errorCode(refusal) === 'definition.not.found' ||
        isAbout(refusal, '/definitions') ||
        refusal.operation.id === 'start-instance'),
    problem: definitionNotFound,
  },
  rule(
    'no such task',
    'task-not-found',
    (refusal) => refusal.answer.status === 404 && isAbout(refusal, '/tasks'),
    ({ service }) => ({
      detail: 'There is no task with this id.',
      hint: `Find the id with GET /api/${service}/tasks.`,
    }),
  ),
  rule(
    'no such instance',
    'instance-not-found',
    ({ answer }) => answer.status === 404,
    ({ service }) => ({
      detail: 'There is no workflow instance with this id.',
      hint: `Find the id with GET /api/${service}/instances?status=all. Deleted instances are gone for good.`,
    }),
  ),
  rule(
    'nobody waits for the message',
    'message-not-consumed',
    (refusal) =>
      refusal.answer.status === 422 &&
      (errorCode(refusal) === 'rest.message.no.match' || isAbout(refusal, '/messages')),
    () => ({
      detail: 'No workflow instance waits for this message now.',
      hint: 'Compare the message name, the instance id or the business key with the instance, and see whether it has reached the step that waits.',
    }),
  ),
  rule(
    'the context does not fit',
    'context-invalid',
    ({ answer }) => answer.status === 422,
    ({ service }) => ({
      detail: 'The names or values of the context do not fit what the workflow expects.',
      hint: `See upstream.error.details and the sample: GET /api/${service}/definitions/<id>/sample-context. Names are case-sensitive; inputs of process automation may have to be nested.`,
    }),
  ),
  ...lastRefusals,
  rule(
    'the request does not fit the API',
    'upstream-invalid-request',
    () => true,
    (refusal) => ({
      status: refusal.answer.status === 413 || refusal.answer.status === 415 ? refusal.answer.status : 400,
      detail: `The workflow service does not accept the request (status ${refusal.answer.status}).`,
      hint:
        errorOf(refusal.json) === undefined
          ? 'Flowgate does not know this refusal, and it came without an error that may be shown. Give upstream.requestId to the operator of the service.'
          : 'See upstream.error for its own words.',
    }),
  ),
];

async function definitionNotFound(refusal: Refusal, followUp: FollowUp): Promise<Problem> {
  const { params, service } = refusal;
  const near = await nearDefinitionIds(refusal, followUp);
  const named = params['id'] === undefined ? 'No such workflow definition' : `No workflow definition "${params['id']}"`;
  return refusalProblem(refusal, 'definition-not-found', {
    upstream: callersError(refusal),
    detail: `${named} is deployed.`,
    hint: `${near.length > 0 ? `Did you mean ${near.map((id) => `"${id}"`).join(' or ')}? ` : ''}Compare the id with GET /api/${service}/definitions; letters count by case. In process automation, a project in a shared environment needs "environmentId" and "apiKey" of the service.`,
  });
}

function authorityMissing(refusal: Refusal): Problem {
  const needed = refusal.operation.authorities;
  const held = heldAuthorities(refusal.tokenScopes);
  const missing = needed.filter((authority) => !held.includes(authority));
  const refused = `The ${refusal.service} service refused to ${doing(refusal)}`;
  if (missing.length === 0)
    return refusalProblem(refusal, 'authority-missing', {
      upstream: callersError(refusal),
      detail: `${refused}, although the token holds ${needed.join(', ')}.`,
      hint: 'The resource may belong to another client: "defaultCollectionQueryFilter" of the service instance decides what it sees. In process automation, the client needs the role ProcessAutomationParticipant to start and ProcessAutomationAdmin for the rest.',
    });
  return refusalProblem(refusal, 'authority-missing', {
    upstream: callersError(refusal),
    detail: `${refused}: the client has no ${missing.join(', ')}.${held.length > 0 ? ` It has ${held.join(', ')}.` : ''}`,
    hint: `Add it to "authorities" of the service instance (the list replaces the old one): save ${authoritiesJson(held, missing)} as config.json and run cf update-service <instance> -c config.json. Flowgate fetches a new token by itself.${held.length === 0 ? processAutomationHint(refusal) : ''}`,
  });
}

/** Process automation asks for roles; a client of the Workflow service holds some authority at least. */
function processAutomationHint({ operation }: Refusal): string {
  const role = operation.id.startsWith('start-') ? 'ProcessAutomationParticipant' : 'ProcessAutomationAdmin';
  return ` Process automation has no such authorities: there the client needs the role ${role}.`;
}

/** Why the workflow engine refused, and the cure (api.sap.com; error codes of the runtime). */
export const sapWorkflowRefusals: readonly RefusalRule[] = [...firstRefusals, ...workflowRules];
