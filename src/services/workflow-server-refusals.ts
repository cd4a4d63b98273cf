import { closestNames } from '../config/closest-name.ts';
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

/** Among so many schemes near names are looked for. */
const MOST_SCHEMES = 1000;

const MOST_NAMES = 5;

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
      const schemes = await schemesWithoutIt(refusal, api, followUp);
      if (schemes !== undefined) return definitionNotFound(refusal, schemes);
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

/** All schemes, where a start names none of them; `undefined`: it may be there, for letters might count by case or not. */
async function schemesWithoutIt(
  refusal: Refusal,
  api: WorkflowServerApi,
  followUp: FollowUp,
): Promise<string[] | undefined> {
  if (refusal.operation.id !== 'start-definition') return undefined;
  const schemes = await ask(api('getschemelist'), followUp);
  if (!Array.isArray(schemes)) return undefined;
  const codes = schemes.map(String);
  const code = refusal.params['id']?.toLowerCase();
  return codes.some((other) => other.toLowerCase() === code) ? undefined : codes;
}

async function lacksInstance(refusal: Refusal, api: WorkflowServerApi, followUp: FollowUp): Promise<boolean> {
  const id = refusal.params['id'];
  if (id === undefined || !refusal.operation.path.startsWith('/instances/:id')) return false;
  return (await processExists(id, api, followUp)) === false;
}

function definitionNotFound(refusal: Refusal, schemes: readonly string[]): Problem {
  const { params, service } = refusal;
  return refusalProblem(refusal, 'definition-not-found', {
    detail: `WorkflowServer has no scheme "${params['id']}".`,
    hint: `${didYouMean(refusal, schemes)}Compare it with GET /api/${service}/definitions; letters may count by case.`,
  });
}

/** Near names are told to who may list them all. */
function didYouMean({ params, service, mayCall }: Refusal, schemes: readonly string[]): string {
  if (mayCall?.('GET', `/api/${service}/definitions`) !== true) return '';
  const shown = schemes.filter((name) => /^[\p{L}\p{N} _.-]{1,255}$/u.test(name));
  const near = closestNames(params['id'] ?? '', shown.slice(0, MOST_SCHEMES), MOST_NAMES);
  return near.length === 0 ? '' : `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}? `;
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
    hint:
      answer.status === 413
        ? 'The body is larger than the server, or a proxy in front of it, takes: send less, or raise the limit there.'
        : 'Flowgate does not know this refusal. Compare `url` of the service with the address of WorkflowServer, and ask whether a proxy in front of it refuses the request.',
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
