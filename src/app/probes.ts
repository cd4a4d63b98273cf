import type { Response } from 'express';
import { Problem } from '../problems/problem.ts';
import { localsOf, type Handle } from './exchange.ts';
import { refuseWrites } from './read-only.ts';
import type { Readiness } from './readiness.ts';

/** Alive, and nothing else: it is answered before callers and without a look at any upstream. */
export function healthRoute(): Handle {
  return (request, response) => {
    localsOf(response).record.route = '/health';
    refuseWrites(request);
    answer(response, '{"status":"ok"}');
  };
}

/** Whether requests should be sent here. It names nothing: whoever may not know more sees only yes or no. */
export function readyRoute(readiness: Readiness): Handle {
  return async (request, response) => {
    localsOf(response).record.route = '/ready';
    refuseWrites(request);
    if (!(await readiness.isReady())) throw notReady();
    answer(response, '{"status":"ready"}');
  };
}

function answer(response: Response, body: string): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(body);
}

function notReady(): Problem {
  return new Problem('token-unavailable', {
    detail: 'No service can be called: there is no access token, and none can be had.',
    hint: 'The log of this server says why; callers who are granted /status see it there.',
  });
}

/** The answer to every request that comes while this instance ends. */
export function shuttingDown(): Problem {
  return new Problem('shutting-down', {
    detail: 'This instance is shutting down. Nothing was done.',
    hint: 'Send the request again: another instance takes it, or this one when it is back.',
    retryAfterSeconds: 1,
  });
}
