/**
 * Two clocks, because each has a hole: the wall clock may be set back, the monotonic one may stand still while the
 * machine is suspended.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonicMs(): number;
}

/** One moment, by both clocks. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export const systemClock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

export function instant(clock: Clock): Instant {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
}

/** Milliseconds since `since`, by the clock that says more: what is too old by either clock is too old. */
export function ageMs(since: Instant, clock: Clock): number {
  return Math.max(clock.monotonicMs() - since.monotonicMs, clock.wallMs() - since.wallMs);
}
