import type { Problem, UpstreamFacts } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { isSuccess } from './answers.ts';
import { firstRefusals, lastRefusals } from './common-refusals.ts';
import type { Refusal, RefusalRule } from './operation.ts';
import { doing, refusalProblem } from './refusal-problem.ts';
import { shownText } from './shown-text.ts';
import { saysTokenRefused } from './workflowgen-answer.ts';
import {
  ABSENT_TEXT,
  created,
  graphqlOf,
  hasData,
  hasErrors,
  isNothing,
  namesProcess,
  PERMISSION_TEXT,
  someError,
  VARIABLE_TEXT,
} from './workflowgen-signs.ts';

/** Where every installation shows its schema. */
const SCHEMA = 'https://<host>/wfgen/graphql/schema';

/** How much of an error text that was made for callers is told. */
const SHOWN_CHARACTERS = 300;

/** For the log: what WorkflowGen says stays out of it, so this only says which of its refusals it was. */
class GraphqlRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = 'GraphqlRefusal';
    this.code = code;
  }
}

function rule(
  name: string,
  code: ProblemCode,
  when: RefusalRule['when'],
  details: (refusal: Refusal) => Parameters<typeof refusalProblem>[2],
): RefusalRule {
  return { name, when, problem: (refusal): Problem => refusalProblem(refusal, code, details(refusal)) };
}

const accessRules: readonly RefusalRule[] = [
  rule(
    'a fresh token is refused',
    'token-rejected',
    (refusal) => {
      const graphql = graphqlOf(refusal);
      return refusal.answer.status === 401 || (graphql !== undefined && saysTokenRefused(graphql));
    },
    () => ({
      detail: 'WorkflowGen refuses a fresh access token.',
      hint: 'Register the client id in WorkflowGen (Administration, Applications) as an active "Non-interactive Client", and let "audience" of token.params be the identifier of its GraphQL API. If GraphqlApiKeyEnabled is on, set "apiKey" of the service.',
    }),
  ),
  rule(
    'a variable does not fit',
    'upstream-invalid-request',
    (refusal) => someError(refusal, (text) => VARIABLE_TEXT.test(text)),
    (refusal) => ({
      status: 400,
      detail: 'WorkflowGen does not accept a value; nothing was done.',
      hint: variableHint(refusal),
      upstream: variableError(refusal),
    }),
  ),
  rule(
    'the user behind the client lacks a right',
    'authority-missing',
    (refusal) =>
      refusal.answer.status === 403 || (!hasData(refusal) && someError(refusal, (text) => PERMISSION_TEXT.test(text))),
    (refusal) => ({
      detail: `WorkflowGen refused to ${doing(refusal)}: the user for whom it is done lacks the right.`,
      hint: 'The user is "Impersonate username" of the registered application, or the one that "identity" of the service names. Give that user access to the GraphQL API and to the process.',
    }),
  ),
  rule(
    'larger than the web server takes',
    'upstream-invalid-request',
    ({ answer, text }) => answer.status === 413 || (answer.status === 404 && text.includes('404.13')),
    () => ({
      status: 413,
      detail: 'The web server in front of WorkflowGen does not take a body of this size; nothing was done.',
      hint: 'Send smaller files, or raise maxAllowedContentLength of IIS (30000000 bytes unless changed).',
    }),
  ),
  rule(
    'the path leads to something else',
    'upstream-protocol-error',
    (refusal) => [404, 405].includes(refusal.answer.status) || (refusal.answer.status === 400 && !graphqlOf(refusal)),
    ({ answer }) => ({
      detail: `A web server answered ${answer.status} in place of the GraphQL API.`,
      hint: 'Compare "url" of the service, its host name too, with the address of the GraphQL API, usually https://<host>/wfgen/graphql.',
    }),
  ),
];

const resultRules: readonly RefusalRule[] = [
  rule(
    'there is no such request',
    'instance-not-found',
    (refusal) =>
      refusal.operation.path.startsWith('/instances/:id') &&
      graphqlOf(refusal) !== undefined &&
      isNothing(graphqlOf(refusal)?.data?.['request']) &&
      (!hasErrors(refusal) || someError(refusal, (text) => ABSENT_TEXT.test(text))),
    ({ service }) => ({
      detail: 'There is no request with this number.',
      hint: `The id of an instance is the request's number. Find it with GET /api/${service}/instances.`,
    }),
  ),
  rule(
    'a request was made, but its number did not come',
    'outcome-unknown',
    (refusal) => isStart(refusal) && isSuccess(refusal.answer) && !isNothing(created(refusal)),
    ({ service }) => ({
      detail: 'WorkflowGen has probably made the request, but did not tell its number.',
      hint: `Look for it with GET /api/${service}/instances before you send it again.`,
    }),
  ),
  rule(
    'there is no such process',
    'definition-not-found',
    (refusal) =>
      isStart(refusal) && someError(refusal, (text) => namesProcess(text, refusal) && ABSENT_TEXT.test(text)),
    () => ({
      detail: 'WorkflowGen knows no active process of this name; no request was made.',
      hint: 'Compare the name with the process in the administration; letters count by case, and the process must be active.',
    }),
  ),
  rule(
    'the document does not fit the schema',
    'upstream-failed',
    ({ answer }) => answer.status === 400,
    (refusal) => ({
      detail: 'WorkflowGen does not accept the GraphQL document; nothing was done.',
      hint: `Compare the names in the document with the schema of your version: ${SCHEMA}.`,
      retryable: refusal.operation.effect === 'read',
      cause: new GraphqlRefusal('document-refused'),
    }),
  ),
  rule('errors in place of a result', 'upstream-failed', hasErrors, (refusal) => ({
    detail: isStart(refusal)
      ? 'WorkflowGen reports an error in place of the request, so none was made; its text is withheld.'
      : 'WorkflowGen reports an error in place of a result; its text is withheld.',
    hint: errorsHint(refusal),
    retryable: refusal.operation.effect === 'read',
    cause: new GraphqlRefusal('errors-in-answer'),
  })),
];

function isStart({ operation }: Refusal): boolean {
  return operation.id === 'start-definition';
}

function errorsHint(refusal: Refusal): string {
  if (isStart(refusal))
    return 'Compare names and types of the parameters with the process data of the process; the log of WorkflowGen has the error.';
  const hint = `Compare the document with the schema of your version (${SCHEMA}); the log of WorkflowGen has the error.`;
  return refusal.operation.effect === 'read' ? hint : `Look at the state before you send it again. ${hint}`;
}

function variableHint(refusal: Refusal): string {
  const what = isStart(refusal)
    ? 'Compare names and types of the parameters with the process data of the process. A text in the form of a date is sent as a date.'
    : 'Compare the variables with the types that the document declares.';
  return variableError(refusal).error === undefined ? what : `${what} See upstream.error for WorkflowGen's words.`;
}

/** Of a failure of the server nothing is told, even where it reads like this. */
function variableError(refusal: Refusal): UpstreamFacts {
  const message = graphqlOf(refusal)?.errors.find((text) => VARIABLE_TEXT.test(text));
  const shown = shownText(message?.slice(0, SHOWN_CHARACTERS));
  return shown === undefined || refusal.answer.status >= 500 ? {} : { error: { message: shown } };
}

/** Why WorkflowGen refused, and the cure. */
export const workflowgenRefusals: readonly RefusalRule[] = [
  ...firstRefusals,
  ...accessRules,
  ...resultRules,
  ...lastRefusals,
];
