import type { WorkflowServerConfig } from '../config/config.ts';
import type { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { isSuccess } from './answers.ts';
import { firstRefusals, lastRefusals } from './common-refusals.ts';
import type { FollowUp, Refusal, RefusalRule } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';
import type { WorkflowServerApi } from './workflow-server-api.ts';
import { ask, processExists, readEnvelope, wasNotExecuted } from './workflow-server-envelope.ts';
import { lacksAuthority, refusesToken } from './workflow-server-signs.ts';

/** Why WorkflowServer refused or failed, and the cure. Its own texts are those of exceptions: none is shown. */
export function workflowServerRefusals(service: WorkflowServerConfig, api: WorkflowServerApi): readonly RefusalRule[] {
  return [...firstRefusals, tokenRejected(service), ...rules, operationFailed(api), ...lastRefusals, notAccepted];
}

function tokenRejected({ accessToken }: WorkflowServerConfig): RefusalRule {
  return rule(
    'a fresh token is refused',
    'token-rejected',
    ({ answer }) => answer.status === 401 || refusesToken(answer),
    () => ({
      detail: 'WorkflowServer refuses the access token.',
      hint:
        accessToken === undefined
          ? '`token.clientSecret` must equal the API access token of the server (up to 8.x) or the client secret in its config.json (from 9.0 on). In a cluster all nodes need one certificate, else each refuses the tokens of the others.'
          : '`accessToken` must equal the API access token in the security settings of the server. If OpenID Connect is switched on there, give the same value as `token.clientSecret`, with `token.clientId: workflowapi`.',
    }),
  );
}

const rules: readonly RefusalRule[] = [
  rule(
    'the token does not allow the operation',
    'authority-missing',
    ({ answer }) => answer.status === 403 || lacksAuthority(answer),
    // The first is its own; another would be that of the read before it, which is refused by itself.
    ({ operation }) => ({
      detail: `The OAuth client lacks the permission ${operation.authorities[0]}.`,
      hint: 'Allow this operation to the client in the administration of WorkflowServer. Flowgate fetches a new token by itself.',
    }),
  ),
  rule(
    'the command was not executed',
    'upstream-conflict',
    ({ operation, answer }) => operation.id === 'execute-command' && wasNotExecuted(readEnvelope(answer)?.value),
    ({ service, params }) => ({
      detail: 'The command is not possible in the present state of the process, or not for who is acting.',
      hint: `See what is possible now: GET /api/${service}/instances/${params['id']}/commands. Trying again does not help.`,
    }),
  ),
  rule(
    'something else answers there',
    'upstream-protocol-error',
    ({ answer }) => answer.status === 404 || (isSuccess(answer) && readEnvelope(answer) === undefined),
    () => ({
      detail: 'What answered is not the Workflow API.',
      hint: 'Compare `url` of the service with the address of WorkflowServer, without /workflowapi: http://localhost:8077 if nothing was changed.',
    }),
  ),
];

/** `success:false`, or no process where there should be one: the cause is found by asking, for the text is free. */
function operationFailed(api: WorkflowServerApi): RefusalRule {
  return {
    name: 'the operation failed',
    when: ({ answer }) => readEnvelope(answer) !== undefined,
    async problem(refusal, followUp): Promise<Problem> {
      if (await lacksDefinition(refusal, api, followUp)) return definitionNotFound(refusal);
      if (await lacksInstance(refusal, api, followUp)) return instanceNotFound(refusal);
      const isRead = refusal.operation.effect === 'read';
      return refusalProblem(refusal, 'upstream-failed', {
        detail: 'WorkflowServer reports that the operation failed; its text is withheld.',
        hint: `Look into the log of WorkflowServer, at ${new Date().toISOString()}.${isRead ? '' : ' Look at the state of the process before you send it again.'}`,
        retryable: isRead,
      });
    },
  };
}

/** Whether a start names a scheme that is not there. In doubt it is: letters might count by case or not. */
async function lacksDefinition(refusal: Refusal, api: WorkflowServerApi, followUp: FollowUp): Promise<boolean> {
  if (refusal.operation.id !== 'start-definition') return false;
  const schemes = await ask(api('getschemelist'), followUp);
  const code = refusal.params['id']?.toLowerCase();
  return Array.isArray(schemes) && !schemes.some((scheme) => String(scheme).toLowerCase() === code);
}

async function lacksInstance(refusal: Refusal, api: WorkflowServerApi, followUp: FollowUp): Promise<boolean> {
  const id = refusal.params['id'];
  if (id === undefined || !refusal.operation.path.startsWith('/instances/:id')) return false;
  return (await processExists(id, api, followUp)) === false;
}

function definitionNotFound(refusal: Refusal): Problem {
  return refusalProblem(refusal, 'definition-not-found', {
    detail: `WorkflowServer has no scheme "${refusal.params['id']}".`,
    hint: `Compare it with GET /api/${refusal.service}/definitions; letters may count by case.`,
  });
}

function instanceNotFound(refusal: Refusal): Problem {
  return refusalProblem(refusal, 'instance-not-found', {
    detail: 'WorkflowServer has no process with this id.',
    hint: `Find the id with GET /api/${refusal.service}/instances. Deleted processes are gone for good.`,
  });
}

const notAccepted = rule(
  'the request does not fit the API',
  'upstream-invalid-request',
  () => true,
  ({ answer }) => ({
    status: answer.status === 413 || answer.status === 415 ? answer.status : 400,
    detail: `WorkflowServer, or something in front of it, does not accept the request (status ${answer.status}).`,
    hint: 'A body may be larger than a proxy in front of the server takes.',
  }),
);

function rule(
  name: string,
  code: ProblemCode,
  when: RefusalRule['when'],
  details: (refusal: Refusal) => Parameters<typeof refusalProblem>[2],
): RefusalRule {
  return { name, when, problem: (refusal) => refusalProblem(refusal, code, details(refusal)) };
}
