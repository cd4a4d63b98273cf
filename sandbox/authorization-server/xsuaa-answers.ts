import { htmlAnswer, jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';

/** XSUAA says the same in two ways: older landscapes `unauthorized`, newer ones `invalid_client`. */
export const badCredentialsForms = ['unauthorized', 'invalid_client'] as const;

export type BadCredentialsForm = (typeof badCredentialsForms)[number];

export const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

export function badCredentials(form: BadCredentialsForm): Answer {
  return jsonAnswer(401, { error: form, error_description: 'Bad credentials' }, noStore);
}

export const missingGrantType: Answer = jsonAnswer(
  400,
  { error: 'invalid_request', error_description: 'Missing grant type' },
  noStore,
);

export const onlyPost: Answer = jsonAnswer(
  405,
  { error: 'method_not_allowed', error_description: 'Request method is not supported' },
  { Allow: 'POST', ...noStore },
);

/** A subdomain that belongs to no tenant, or to a trial that has expired. */
export const unknownZone: Answer = htmlAnswer(404, 'The subdomain does not map to a valid identity zone');

/** More than 60 token requests per second in one subaccount, for long enough. @param retryAfter in seconds */
export function tooManyTokenRequests(retryAfter: number | undefined): Answer {
  const html =
    '<html><head><title>429 Too Many Requests</title></head><body><h1>429 Too Many Requests</h1></body></html>';
  return htmlAnswer(429, html, retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) });
}
