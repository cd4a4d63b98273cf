import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from './problem.ts';

/** RFC 9110, section 11.6.1: a 401 names the schemes that would be accepted. */
const AUTHENTICATE = 'ApiKey realm="flowgate", Bearer realm="flowgate"';

/**
 * Answers with a problem document. When the answer has already begun, the connection is destroyed instead: appending
 * an error to half an answer would make it look whole.
 */
export function sendProblem(response: ServerResponse, problem: Problem, correlationId: string): number {
  if (response.headersSent) {
    response.destroy();
    return 0;
  }
  const body = Buffer.from(JSON.stringify(problem.toDocument(correlationId)));
  response.statusCode = problem.status;
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Content-Length', body.length);
  if (problem.retryAfterSeconds !== undefined) response.setHeader('Retry-After', problem.retryAfterSeconds);
  if (problem.details.allow) response.setHeader('Allow', problem.details.allow.join(', '));
  if (problem.status === 401) response.setHeader('WWW-Authenticate', AUTHENTICATE);
  // A body that nobody will read must not be taken for the next request, nor be waited for.
  if (hasUnreadBody(response.req)) response.setHeader('Connection', 'close');
  if (response.req.method === 'HEAD') {
    response.end();
    return 0;
  }
  response.end(body);
  return body.length;
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}
