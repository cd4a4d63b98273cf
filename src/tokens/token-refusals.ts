import { Problem } from '../problems/problem.ts';
import { explainRefusedClient, type RefusedClient } from './explain-refused-client.ts';
import { contentKind, type HttpAnswer } from './http-answer.ts';
import { readOAuthRefusal } from './oauth-refusal.ts';
import { LONGEST_RETRY_AFTER_S, requestedPauseSeconds } from './requested-pause.ts';
import { TokenFailure } from './token-failure.ts';
import { tokenAddress } from './token-address.ts';

/** `Retry-After` of a 429 that brings none, in seconds. */
const DEFAULT_PAUSE_S = 5;

/** An answer that says nothing about our client: the token endpoint is not there, not well, or not at this address. */
interface AvailabilityRule {
  matches(answer: HttpAnswer): boolean;
  readonly detail: string;
  readonly hint: string;
  readonly retryable: boolean;
}

/** The first rule that matches speaks. The order matters: a 404 may be an unknown host, an unknown zone or neither. */
const rules: readonly AvailabilityRule[] = [
  {
    matches: ({ status }) => status === 429,
    detail: 'The authorization server answered 429: it limits our requests.',
    hint: 'Try again after the pause. The limit of SAP counts for the whole subaccount: other apps of it count too.',
    retryable: true,
  },
  {
    matches: ({ status }) => status >= 300 && status < 400,
    detail: 'The authorization server answered with a redirect, which is never followed with a secret.',
    hint: `Give the address of the token endpoint itself: ${tokenAddress}.`,
    retryable: false,
  },
  {
    matches: ({ headers, text }) =>
      headers['x-cf-routererror'] === 'unknown_route' || /Requested route .{1,300} does not exist/.test(text),
    detail: 'The platform knows no such host: the authorization server was not reached.',
    hint: `Compare the host of the token address with the service key: ${tokenAddress}.`,
    retryable: false,
  },
  {
    matches: ({ text }) => /does not map to a valid identity zone/i.test(text),
    detail: 'The authorization server knows no such subdomain (identity zone).',
    hint: `The subdomain of the token address is wrong or, on a trial, expired: compare ${tokenAddress}.`,
    retryable: false,
  },
  {
    matches: ({ status }) => status === 404,
    detail: 'The token address answered 404.',
    hint: `Use \`url\` of the service key; its subdomain may be wrong or, on a trial, expired. It is set by ${tokenAddress}.`,
    retryable: false,
  },
  {
    matches: ({ status }) => status === 408 || status >= 500,
    detail: 'The authorization server failed.',
    hint: `Flowgate asks again after a pause. If this stays so, look at the state of the authorization server, and compare ${tokenAddress}.`,
    retryable: true,
  },
];

/** Rules for an answer that is neither about availability nor an OAuth error. */
const unexpected: AvailabilityRule = {
  matches: () => true,
  detail: 'The token address gave an answer that is not one of OAuth.',
  hint: `Something else answers there, or a proxy or firewall stands in between: compare ${tokenAddress}.`,
  retryable: false,
};

/**
 * What an answer other than 200 means: `token-unavailable` when the server is not there, `credentials-rejected` when
 * it refuses our client. Shows status, known error codes and the kind of body; never a text of the server.
 */
export function explainRefusal(answer: HttpAnswer, client: RefusedClient, nowMs: number): Problem {
  const rule = rules.find((candidate) => candidate.matches(answer));
  if (rule !== undefined) return unavailable(rule, answer, nowMs);
  const { status } = answer;
  const refusal = readOAuthRefusal(answer);
  // A 401 is about credentials whatever its body says (RFC 9110, section 15.5.2).
  const aboutClient = status === 401 || (refusal !== undefined && (status === 400 || status === 403));
  return aboutClient ? explainRefusedClient(status, refusal, client) : unavailable(unexpected, answer, nowMs);
}

function unavailable(rule: AvailabilityRule, answer: HttpAnswer, nowMs: number): Problem {
  const { status, headers } = answer;
  const pause = requestedPauseSeconds(headers, nowMs) ?? (status === 429 ? DEFAULT_PAUSE_S : undefined);
  // Only these two statuses give `Retry-After` the meaning "leave me alone" (RFC 6585, section 4; RFC 9110, 15.6.4).
  const obeyed = status === 429 || status === 503 ? pause : undefined;
  return new Problem('token-unavailable', {
    detail: `${rule.detail} (status ${status}, ${contentKind(answer)})`,
    hint: rule.hint,
    retryable: rule.retryable,
    // Told to callers at most a minute: they may ask more often than the server is asked.
    ...(obeyed === undefined ? {} : { retryAfterSeconds: Math.min(LONGEST_RETRY_AFTER_S, obeyed) }),
    cause: new TokenFailure('status', 'answer', `HTTP_${status}`, status, obeyed),
  });
}
