import type { Problem } from '../problems/problem.ts';
import { TokenFailure } from './token-failure.ts';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const LEAST_MS = 100;
/** A refused client, an unknown host: somebody has to mend it, so asking often is of no use. */
const REFUSED_MS = 30_000;

/**
 * How long the authorization server is left alone after a failed fetch, in milliseconds: as long as it asks for, 30 s
 * after a refusal, else 0.5 s doubling to 30 s with full jitter, so that instances do not come back together.
 * @param failuresInRow from 1 on
 * @param random a number from 0 to 1
 */
export function pauseAfter(problem: Problem, failuresInRow: number, random: number): number {
  const { cause, details } = problem;
  const requested = (cause instanceof TokenFailure ? cause.pauseSeconds : undefined) ?? details.retryAfterSeconds;
  if (requested !== undefined) return requested * 1000;
  if (!problem.retryable) return REFUSED_MS;
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failuresInRow - 1));
  return Math.max(LEAST_MS, random * ceiling);
}
