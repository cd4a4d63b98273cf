import { Secret } from '../../config/secret.ts';

/** Enough of a digest to see whether two are the same, too little to guess what was hashed. */
const DIGEST_DIGITS = 4;

const SIZE_UNITS = [
  [1024 ** 2, 'mb'],
  [1024, 'kb'],
] as const;

const TIME_UNITS = [
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

/** `set (sha256:1a2b…)`: that there is a secret, and whether it is the one of another line. */
function shownSecret(secret: Secret): string {
  return `set (${shownDigest(secret.digest())})`;
}

export function shownDigest(hex: string): string {
  return `sha256:${hex.slice(0, DIGEST_DIGITS)}…`;
}

/** A size as the configuration has it: `40mb`. */
export function shownSize(bytes: number): string {
  return inUnits(bytes, SIZE_UNITS) ?? String(bytes);
}

/** A duration as the configuration has it: `30s`. */
export function shownDuration(ms: number): string {
  return inUnits(ms, TIME_UNITS) ?? `${ms}ms`;
}

function inUnits(value: number, units: readonly (readonly [number, string])[]): string | undefined {
  const unit = units.find(([size]) => value >= size && value % size === 0);
  return unit && `${value / unit[0]}${unit[1]}`;
}

/** A value that is not a group of settings. Key material is never shown, whichever way it came. */
export function shownValue(value: unknown): string {
  if (value instanceof Secret) return shownSecret(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(shownValue).join(', ');
  if (typeof value === 'string') return value.includes('-----BEGIN ') ? 'set (PEM)' : value;
  return JSON.stringify(value);
}
