import type { BufferedAnswer } from '../forward/upstream-request.ts';

/** Where the text of a refusal stands, bytes. */
const TEXT_BYTES = 4096;

/** Written by every version, and by those up to 8.x that have a static token. */
const NOT_AUTHENTICATED = /OpenId Connect authentication for Workflow API failed|AccessToken is (?:not valid|on)/;

/** Written from 9.0 on when the token lacks the claim `WorkflowApiPermissions` of an operation. */
const NOT_AUTHORIZED = /OpenId Connect authorization for Workflow API failed/;

/**
 * Whether the server refused the token. It tells so with status 500, as the text of an exception with its stack trace;
 * the check comes before the operation, so nothing was done. A normal event: without a certificate of its own a server
 * signs with a key that it makes at its start, and every restart voids all tokens.
 */
export function refusesToken(answer: BufferedAnswer): boolean {
  return NOT_AUTHENTICATED.test(exceptionText(answer));
}

/** Whether the server took the token and found that it does not allow the operation. Nothing was done. */
export function lacksAuthority(answer: BufferedAnswer): boolean {
  return NOT_AUTHORIZED.test(exceptionText(answer));
}

/** The beginning of an exception in plain text; what looks like JSON is an envelope, and its text that of an operation. */
function exceptionText({ status, body }: BufferedAnswer): string {
  const text = status === 500 ? body.toString('utf8', 0, TEXT_BYTES) : '';
  return /^\s*\{/.test(text) ? '' : text;
}
