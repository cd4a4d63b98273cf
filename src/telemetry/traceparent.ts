import { randomFillSync } from 'node:crypto';

/** W3C Trace Context, section 3.2: version 00, and neither id all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  /** Two hexadecimal digits. */
  readonly flags: string;
}

/** @returns `undefined` for what is no `traceparent` of version 00 */
export function parseTraceparent(received: unknown): Traceparent | undefined {
  const match = typeof received === 'string' ? TRACEPARENT.exec(received) : null;
  return match ? { traceId: match[1] ?? '', spanId: match[2] ?? '', flags: match[3] ?? '' } : undefined;
}

/** A span of our own in the caller's trace, or in a new one which is not recorded. */
export function continueTrace(received: unknown): string {
  const parsed = parseTraceparent(received);
  if (parsed) return `00-${parsed.traceId}-${randomHex(8)}-${parsed.flags}`;
  return `00-${randomHex(16)}-${randomHex(8)}-00`;
}

/** Random bytes are drawn for many ids at once: one by one, drawing costs more than everything else here. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
