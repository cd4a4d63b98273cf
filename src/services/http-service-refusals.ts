import { firstRefusals, lastRefusals } from './common-refusals.ts';
import type { RefusalRule } from './operation.ts';
import { refusalProblem } from './refusal-problem.ts';

const tokenRejected: RefusalRule = {
  name: 'a fresh token is refused',
  when: ({ answer }) => answer.status === 401,
  problem: (refusal) =>
    refusalProblem(refusal, 'token-rejected', {
      detail: 'The API refuses a fresh access token.',
      hint: 'Compare issuer and audience that the API expects with "token" of the service: its url, and audience, resource or scope in its params.',
    }),
};

const authorityMissing: RefusalRule = {
  name: 'the OAuth client lacks a right',
  when: ({ answer }) => answer.status === 403,
  problem: (refusal) =>
    refusalProblem(refusal, 'authority-missing', {
      detail: `The API refused the OAuth client.${scopesText(refusal.tokenScopes)}`,
      hint: 'Give the client the scope or role that this route of the API asks for, at the authorization server, and ask for it in token.params if the server grants only what is asked for.',
    }),
};

function scopesText(scopes: readonly string[]): string {
  return scopes.length === 0 ? '' : ` The token holds: ${scopes.join(', ')}.`;
}

/** Why an API refused what is about us, or failed; its refusals of the request itself pass as they are. */
export const httpServiceRefusals: readonly RefusalRule[] = [
  ...firstRefusals,
  tokenRejected,
  authorityMissing,
  ...lastRefusals,
];
