import { Problem } from '../problems/problem.ts';
import { TokenFailure } from './token-failure.ts';

/** `credentials-rejected` by ourselves: what is configured cannot be used, and nothing was sent. */
export function unusableConfiguration(code: string, detail: string, hint: string): Problem {
  const cause = new TokenFailure('configuration', 'configuration', code);
  return new Problem('credentials-rejected', { detail, hint, cause });
}
