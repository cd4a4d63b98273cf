import type { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { retryAfterSeconds } from './answers.ts';
import { firstRefusals, lastRefusals } from './common-refusals.ts';
import type { Refusal, RefusalRule } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';
import { authorityMissing } from './sap-workflow-authority-missing.ts';
import { callersError, errorCode, messageOf } from './sap-workflow-error.ts';
import { definitionNotFound, isElsewhere } from './sap-workflow-not-found.ts';

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

/** What takes a context; a 422 to anything else is about something else. */
function takesContext({ operation }: Refusal): boolean {
  return operation.id.startsWith('start-') || operation.path.endsWith('/context') || isTaskChange(operation.path);
}

function isTaskChange(path: string): boolean {
  return path === '/tasks/:id' || path === '/tasks/:id/complete';
}

function hasErrorToShow(refusal: Refusal): boolean {
  return callersError(refusal).error !== undefined;
}

function isAbout(refusal: Refusal, ...roots: readonly string[]): boolean {
  return roots.some((root) => refusal.operation.path.startsWith(root));
}

const workflowRules: readonly RefusalRule[] = [
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
  rule('the path leads to something else', 'upstream-protocol-error', isElsewhere, () => ({
    detail: 'Something else answered 404 in place of the workflow API.',
    hint: 'Compare the address with "endpoints.workflow_rest_url" of the service key; for process automation, "restPath" is /workflow/rest or /public/workflow/rest.',
  })),
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
    (refusal) =>
      refusal.answer.status === 422 && takesContext(refusal) && errorCode(refusal) !== 'task.change.property.invalid',
    (refusal) => ({
      detail: 'The names or values of the context do not fit what the workflow expects.',
      hint: `${hasErrorToShow(refusal) ? 'See upstream.error and the sample' : 'See the sample'}: GET /api/${refusal.service}/definitions/${sampleId(refusal)}/sample-context. Names are case-sensitive; inputs of process automation may have to be nested.`,
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
      hint: hasErrorToShow(refusal)
        ? 'See upstream.error for its own words.'
        : 'Flowgate does not know this refusal, and it came without an error that may be shown. Give the correlation id, which was sent along, to the operator of the service.',
    }),
  ),
];

/** The id that the path names; of other routes only its place. */
function sampleId({ operation, params }: Refusal): string {
  return operation.id === 'start-definition' ? (params['id'] ?? '<id>') : '<id>';
}

/** Why the workflow engine refused, and the cure (api.sap.com; error codes of the runtime). */
export const sapWorkflowRefusals: readonly RefusalRule[] = [...firstRefusals, ...workflowRules];
