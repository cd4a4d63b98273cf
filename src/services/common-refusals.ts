import { header, isSuccess, retryAfterSeconds } from './answers.ts';
import type { Refusal, RefusalRule } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';

/** A header that Cloud Foundry's router sets on its own errors: the application behind it has not answered. */
function routerError({ answer }: Refusal): string | undefined {
  return header(answer, 'x-cf-routererror');
}

const redirected: RefusalRule = {
  name: 'a redirect is never followed: it would carry the token to another place',
  when: ({ answer }) => answer.status >= 300 && answer.status < 400,
  problem: (refusal) =>
    refusalProblem(refusal, 'upstream-redirected', {
      detail: 'The service answered with a redirect, usually to a login page.',
      hint: 'The address of the service is probably that of a web application. Take the API address from the service key, or compare `url` of the service.',
    }),
};

const unknownRoute: RefusalRule = {
  name: "the platform's router knows no such host",
  when: (refusal) => refusal.answer.status === 404 && routerError(refusal) !== undefined,
  problem: (refusal) =>
    refusalProblem(refusal, 'upstream-unreachable', {
      detail: 'The host of the service address is unknown to the platform; the service was not reached.',
      hint: 'Compare the address with the service key: "endpoints.workflow_rest_url" (process automation: "endpoints.api"), or "url" of an integration-flow key or of the service.',
    }),
};

const rateLimited: RefusalRule = {
  name: 'too many requests',
  when: ({ answer }) => answer.status === 429,
  problem: (refusal) => {
    const seconds = retryAfterSeconds(refusal.answer);
    return refusalProblem(refusal, 'upstream-rate-limited', {
      detail: 'The service limits the requests of this OAuth client; nothing was done.',
      hint: 'Wait as long as Retry-After says and send the request again. All callers of this service share the limit.',
      retryAfterSeconds: seconds ?? 5,
    });
  },
};

const unavailable: RefusalRule = {
  name: 'restarting or full',
  when: ({ answer }) => answer.status === 503,
  problem: (refusal) => {
    const seconds = retryAfterSeconds(refusal.answer);
    return refusalProblem(refusal, 'upstream-unavailable', {
      detail: 'The service is not available at the moment.',
      hint: 'Wait as long as Retry-After says and send the request again.',
      ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    });
  },
};

const routerGaveUp: RefusalRule = {
  name: 'a router in between gave up waiting for the service',
  when: ({ answer }) => answer.status === 502 || answer.status === 504,
  problem: (refusal) => {
    if (refusal.operation.effect === 'start')
      return refusalProblem(refusal, 'outcome-unknown', {
        status: refusal.answer.status,
        detail: 'A router in front of the service answered in its place: the request may have been carried out.',
        hint: 'Look whether it happened before you send it again.',
      });
    return upstreamFailed(refusal);
  },
};

const failed: RefusalRule = {
  name: 'the service itself failed',
  when: ({ answer }) => answer.status >= 500 || [408, 421, 425].includes(answer.status),
  problem: upstreamFailed,
};

const notUnderstood: RefusalRule = {
  name: 'a success that is not what this route answers with',
  when: ({ answer }) => isSuccess(answer),
  problem: (refusal) =>
    refusalProblem(refusal, 'upstream-protocol-error', {
      detail: 'The service answered with success, but not with what this API answers with.',
      hint: `The address of the service may be that of a web application or a login page. Take the API address from the service key, or compare \`url\` of the service.${refusal.operation.effect === 'start' ? ' If it is the right one, look whether the request was carried out before you send it again.' : ''}`,
    }),
};

function upstreamFailed(refusal: Refusal) {
  const isRead = refusal.operation.effect === 'read';
  return refusalProblem(refusal, 'upstream-failed', {
    detail: `The service failed with status ${refusal.answer.status}; its text is withheld.`,
    hint: isRead
      ? 'Send the request again. If it stays so, give the correlation id, which was sent along, to the operator of the service.'
      : 'Look at the state of the resource before you send it again. If it stays so, give the correlation id, which was sent along, to the operator of the service.',
    retryable: isRead,
  });
}

/** Rules that hold before a kind's own. */
export const firstRefusals: readonly RefusalRule[] = [redirected, unknownRoute];

/** Rules that hold after a kind's own. */
export const lastRefusals: readonly RefusalRule[] = [rateLimited, unavailable, routerGaveUp, failed, notUnderstood];

export { routerError };
