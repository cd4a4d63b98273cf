import type { Answer } from '../http/answer.ts';

/** An operation that failed: told within a 200. */
export class OperationFailure extends Error {}

/** A request that did not come as far as an operation: 500, with a stack trace in plain text. */
export class RequestFailure extends Error {}

export const notAuthenticated = 'OpenId Connect authentication for Workflow API failed';
export const notAuthorized = 'OpenId Connect authorization for Workflow API failed';
export const wrongAccessToken = "AccessToken is not valid! Check 'token' parameter in the query.";

/** @param data JSON text, put in as it is */
export function success(data: string): Answer {
  return envelope(`{"data":${data},"success":true,"error":"","message":""}`);
}

/** What the server makes of an error, wherever it arose. */
export function failureAnswer(error: unknown): Answer {
  if (error instanceof OperationFailure) {
    return envelope(`{"data":null,"success":false,"error":${JSON.stringify(error.message)},"message":""}`);
  }
  if (error instanceof RequestFailure) {
    const text = `Exception System.Exception:${error.message}:${stackTrace}`;
    return { status: 500, headers: { 'Content-Type': 'text/plain' }, body: text };
  }
  throw error;
}

const stackTrace = [
  '   at OptimaJet.WorkflowServer.WorkflowApi.CheckToken(HttpContext context)',
  '   at OptimaJet.WorkflowServer.WorkflowApi.ProcessRequest(HttpContext context) in C:\\build\\WorkflowApi.cs:line 214',
].join('\r\n');

function envelope(body: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body };
}
