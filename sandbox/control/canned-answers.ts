import { tooManyTokenRequests } from '../authorization-server/xsuaa-answers.ts';
import { htmlAnswer, jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { logId } from '../workflow/workflow-error.ts';

export const upstreamNames = [
  'authorizationServer',
  'workflow',
  'integration',
  'workflowServer',
  'workflowgen',
  'httpApi',
] as const;

export type UpstreamName = (typeof upstreamNames)[number];

/** What a browser sign-on in front of a service answers: 200, but not the service's. */
export const loginPage: Answer = htmlAnswer(
  200,
  '<!doctype html><html><head><title>Log on</title></head><body><form method="post"></form></body></html>',
);

/** The router's answer for a host that it does not know: the service was not reached. */
export function unknownRoute(host: string): Answer {
  return {
    status: 404,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Cf-RouterError': 'unknown_route' },
    body: `404 Not Found: Requested route ('${host}') does not exist.\n`,
  };
}

export function redirect(location: string): Answer {
  return { status: 302, headers: { Location: location } };
}

/** 200 and a JSON content type, but no JSON. */
export const garbage: Answer = {
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: '{"access_token":"eyJhbGciOi',
};

/** @param retryAfter in seconds; the workflow API never sends one by itself */
export function rateLimited(upstream: UpstreamName, retryAfter: number | undefined): Answer {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  switch (upstream) {
    case 'authorizationServer':
      return tooManyTokenRequests(retryAfter);
    case 'workflow':
      return jsonAnswer(
        429,
        {
          error: {
            code: 'bpm.workflowruntime.rate.limit.exceeded',
            message: 'The rate limit of your tenant is exceeded.',
            logId: logId(),
          },
        },
        headers,
      );
    case 'integration':
    case 'workflowServer':
    case 'workflowgen':
    case 'httpApi':
      // Only an API management in front of the runtime limits requests; the body is made up.
      return { status: 429, headers: { 'Content-Type': 'text/plain', ...headers }, body: 'Too Many Requests' };
    default:
      return upstream satisfies never;
  }
}

/** A failure of the service itself (500, 503) or of the router before it (502, 504). */
export function failure(upstream: UpstreamName, status: number): Answer {
  if (status === 502 || status === 504) {
    return {
      status,
      headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Cf-RouterError': 'endpoint_failure' },
      body: `${status} Registered endpoint failed to handle the request.\n`,
    };
  }
  if (upstream === 'workflow' && status === 500) {
    return jsonAnswer(500, {
      error: { code: 'bpm.workflowruntime.internal.server.error', message: 'Internal server error', logId: logId() },
    });
  }
  return htmlAnswer(status, `<html><body><h1>HTTP Status ${status}</h1></body></html>`);
}
