import type { AccessToken } from './access-token.ts';

/** When a token is renewed and when it is no longer used: milliseconds since its request was sent. */
export interface TokenTimes {
  /** From here on it is renewed in the background, while callers keep it. */
  readonly softAgeMs: number;
  /** From here on a caller waits for a new one; this one serves only while none can be had. */
  readonly earlyAgeMs: number;
  /** From here on it is never used. */
  readonly hardAgeMs: number;
}

/** Spreads the renewals of several instances that started together. */
const SOFT_SHARE = 0.8;
const SOFT_SPREAD = 0.1;
/**
 * A token must outlive the request it is sent with, and a slow start of that request. Of a short life it is less than
 * what is left at the renewal: a renewal is to be over before anybody waits for it.
 */
const EARLY_MS = 60_000;
const EARLY_SHARE = 0.1;
/** The way to the service, and clocks that differ by a little. */
const HARD_MS = 5000;
const HARD_SHARE = 0.1;
/** A server's hint may not ask for renewals all the time. */
const LEAST_HINTED_SHARE = 0.25;

/**
 * The three ages of a token. For one of an hour: renewed from 42 to 48 min on, waited for from 59 min on, never used
 * after 59 min 55 s. Always soft ≤ early ≤ hard, whatever the life.
 * @param random a number from 0 to 1, drawn once per token
 */
export function tokenTimes(
  { lifeSeconds, refreshInSeconds }: Pick<AccessToken, 'lifeSeconds' | 'refreshInSeconds'>,
  random: number,
): TokenTimes {
  const lifeMs = lifeSeconds * 1000;
  const planned = lifeMs * (SOFT_SHARE - SOFT_SPREAD * random);
  const hinted = Math.max((refreshInSeconds ?? Infinity) * 1000, lifeMs * LEAST_HINTED_SHARE);
  return {
    softAgeMs: Math.min(planned, hinted),
    earlyAgeMs: lifeMs - Math.min(EARLY_MS, lifeMs * EARLY_SHARE),
    hardAgeMs: lifeMs - Math.min(HARD_MS, lifeMs * HARD_SHARE),
  };
}
