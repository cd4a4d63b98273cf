import type { IncomingHttpHeaders } from 'node:http';
import { readQuotas } from './token-quota.ts';

const SHORTEST_S = 1;
/** The longest `Retry-After` that is believed, and that callers are told, in seconds. */
export const LONGEST_RETRY_AFTER_S = 60;
/** A reset is a fact, but clocks differ, and a quota may be raised before its time is over. */
const LONGEST_RESET_S = 15 * 60;

/**
 * How long the server asks to be left alone, in whole seconds: `Retry-After` in seconds or as a date (RFC 9110, section
 * 10.2.3), at most a minute; else until a used-up quota or the moment in `x-ratelimit-reset` (epoch seconds, Auth0), at
 * most 15 minutes. `undefined`: it does not say.
 */
export function requestedPauseSeconds(headers: Readonly<IncomingHttpHeaders>, nowMs: number): number | undefined {
  const retryAfter = retryAfterSeconds(headers['retry-after'], nowMs);
  if (retryAfter !== undefined) return clamp(retryAfter, LONGEST_RETRY_AFTER_S);
  const reset = quotaSeconds(headers) ?? resetSeconds(headers['x-ratelimit-reset'], nowMs);
  return reset === undefined ? undefined : clamp(reset, LONGEST_RESET_S);
}

function clamp(seconds: number, longest: number): number {
  return Math.min(longest, Math.max(SHORTEST_S, Math.ceil(seconds)));
}

function retryAfterSeconds(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  // Date.parse takes much that is no date of HTTP ("-5", "1.5"): those have no blank-separated month.
  const dateMs = /[A-Za-z]{3}/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(dateMs) ? undefined : (dateMs - nowMs) / 1000;
}

/** Until the last of the used-up quotas begins anew. */
function quotaSeconds(headers: Readonly<IncomingHttpHeaders>): number | undefined {
  const usedUp = readQuotas(headers).filter(({ remaining }) => remaining === 0);
  return usedUp.length === 0 ? undefined : Math.max(...usedUp.map(({ resetSeconds }) => resetSeconds));
}

function resetSeconds(value: string | string[] | undefined, nowMs: number): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) - nowMs / 1000 : undefined;
}
