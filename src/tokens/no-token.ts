import { Problem } from '../problems/problem.ts';
import { TokenFailure } from './token-failure.ts';

/** The token's life was over when its answer came. */
export function bornTooLate(): Problem {
  return new Problem('token-unavailable', {
    detail: 'The access token had run out before it arrived.',
    hint: 'The authorization server gives tokens of a very short life: make it longer there.',
    cause: new TokenFailure('answer', 'answer', 'expired-on-arrival', 200),
  });
}

/** `requestToken` throws problems only: anything else is a mistake of ours, and its text may hold anything. */
export function ourOwnFault(): Problem {
  return new Problem('internal', {
    detail: 'Getting an access token failed for a reason of our own.',
    hint: 'Try again. If this stays so, report it with the correlation id.',
  });
}
