import { bad, good, type Checked } from './checked.ts';
import type { RateLimit } from './config.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES_PER_UNIT: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Node's timers fire at once beyond 2^31-1 ms (about 24.8 days); a day is more than any request may take. */
const LONGEST_DURATION_MS = 24 * 3_600_000;

/** A duration such as `250ms`, `60s`, `2m`, `1h`, in milliseconds: from 1 ms to 24 h. The unit is required. */
export function parseDuration(text: string): Checked<number> {
  const parts = /^(\d{1,9})(ms|s|m|h)$/.exec(text.trim());
  const ms = Number(parts?.[1]) * (MS_PER_UNIT[parts?.[2] ?? ''] ?? Number.NaN);
  if (!(ms >= 1 && ms <= LONGEST_DURATION_MS)) {
    return bad('is not a duration between 1ms and 24h', 'Write a whole number and its unit: 250ms, 60s, 2m or 1h.');
  }
  return good(ms);
}

/** A size such as `1mb`, `512kb` or plain bytes, in bytes: at least 1. `kb` is 1024 bytes. */
export function parseSize(text: string): Checked<number> {
  const parts = /^(\d{1,15})(b|kb|mb|gb)?$/i.exec(text.trim());
  const bytes = Number(parts?.[1]) * (BYTES_PER_UNIT[parts?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  if (!(bytes >= 1 && Number.isSafeInteger(bytes))) {
    return bad('is not a size', 'Write a whole number and its unit, such as 512kb or 40mb, or plain bytes.');
  }
  return good(bytes);
}

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** A rate such as `10/s`, `600/min` or `5000/h`: at least 1, at most a million. */
export function parseRate(text: string): Checked<RateLimit> {
  const parts = /^(\d{1,7}) ?\/ ?(s|min|h)$/.exec(text.trim());
  const requests = Number(parts?.[1]);
  const perSeconds = SECONDS_PER_UNIT[parts?.[2] ?? ''];
  if (perSeconds !== undefined && requests >= 1 && requests <= 1_000_000) return good({ requests, perSeconds });
  return bad('is not a rate', 'Write a whole number from 1 to 1000000 and its unit: 10/s, 600/min or 5000/h.');
}

/** A whole number in decimal digits, between the two limits. */
export function parseInteger(text: string, lowest: number, highest: number): Checked<number> {
  const number = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(number >= lowest && number <= highest)) {
    return bad(
      `is not a whole number from ${lowest} to ${highest}`,
      'Write it in digits alone, without sign, unit or point.',
    );
  }
  return good(number);
}

/** `true` or `false`, nothing else: a mistyped switch must not count as either. */
export function parseBoolean(text: string): Checked<boolean> {
  const word = text.trim();
  if (word === 'true') return good(true);
  if (word === 'false') return good(false);
  return bad('is neither true nor false', 'Write true or false.');
}
