import { wantsCsrfToken } from '../forward/csrf-sessions.ts';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { header, parseJson } from './answers.ts';
import type { Effect } from './operation.ts';

/**
 * Whether an answer says that the token was refused and nothing was done, so that the same request may be sent again
 * with a fresh one.
 *
 * A 401 means "not applied" (RFC 9110, section 15.5.2), which is enough for what may happen twice. A start needs proof
 * that the refusal is about the token: a bearer challenge (RFC 6750, section 3) or one of the known refusals. A 403 to a
 * start must be the workflow runtime's own: an integration flow may answer 403 after it has run.
 */
export function isTokenRefusal(answer: BufferedAnswer, effect: Effect): boolean {
  if (answer.status === 403) return !wantsCsrfToken(answer) && (effect !== 'start' || isRuntimeError(answer));
  if (answer.status !== 401) return false;
  return effect !== 'start' || /^bearer\b/i.test(header(answer, 'www-authenticate') ?? '') || isKnownRefusal(answer);
}

/** The error of SAP's workflow runtime, `{"error":{"message":…}}`: it looks at authorities before it does anything. */
function isRuntimeError(answer: BufferedAnswer): boolean {
  const json = parseJson(answer);
  if (typeof json !== 'object' || json === null || !('error' in json)) return false;
  return typeof json.error === 'object' && json.error !== null;
}

/** RFC 6750's and XSUAA's JSON, and the XML of SAP Cloud Integration. */
function isKnownRefusal(answer: BufferedAnswer): boolean {
  const json = parseJson(answer);
  if (typeof json === 'object' && json !== null && 'error' in json)
    return json.error === 'invalid_token' || json.error === 'unauthorized';
  return answer.body.subarray(0, 4096).includes('<UnauthorizedException>');
}
