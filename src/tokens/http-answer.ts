import type { IncomingHttpHeaders } from 'node:http';

/** What came back from a token endpoint, read whole. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly text: string;
}

/** Media types that a problem may name. Anything else a server sends is not repeated to callers. */
const KNOWN_TYPES = new Set(['application/json', 'text/html', 'text/plain', 'text/xml', 'application/xml']);

/** What kind of body it was, in words that can be shown: `text/html`, `empty body`, `another content type`. */
export function contentKind({ headers, text }: HttpAnswer): string {
  if (text.trim() === '') return 'empty body';
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (KNOWN_TYPES.has(type)) return type;
  return type === '' ? 'no content type' : 'another content type';
}

const SHORTEST_S = 1;
const LONGEST_S = 60;

/**
 * How long the server asks to be left alone, in whole seconds from 1 to 60: `Retry-After` in seconds or as a date
 * (RFC 9110, section 10.2.3), else the moment in `x-ratelimit-reset` (epoch seconds, Auth0). `undefined`: it does not say.
 */
export function requestedPauseSeconds(headers: Readonly<IncomingHttpHeaders>, nowMs: number): number | undefined {
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs) ?? resetSeconds(headers['x-ratelimit-reset'], nowMs);
  return seconds === undefined ? undefined : Math.min(LONGEST_S, Math.max(SHORTEST_S, Math.ceil(seconds)));
}

function retryAfterSeconds(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  // Date.parse takes much that is no date of HTTP ("-5", "1.5"): those have no blank-separated month.
  const dateMs = /[A-Za-z]{3}/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(dateMs) ? undefined : (dateMs - nowMs) / 1000;
}

function resetSeconds(value: string | string[] | undefined, nowMs: number): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) - nowMs / 1000 : undefined;
}
