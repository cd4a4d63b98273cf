import { Problem } from '../problems/problem.ts';
import type { Limits } from '../config/config.ts';

type ConcurrencyLimits = Pick<Limits, 'concurrency' | 'perService'>;

/** How many requests run at once, in all and per service. What is too much is refused at once: nothing waits. */
export class Concurrency {
  readonly #limits: ConcurrencyLimits;
  readonly #onShed: (service: string, limit: keyof ConcurrencyLimits) => void;
  readonly #running = new Map<string, number>();
  #total = 0;

  /** @param onShed called for each request that is refused */
  constructor(
    limits: ConcurrencyLimits,
    onShed: (service: string, limit: keyof ConcurrencyLimits) => void = () => undefined,
  ) {
    this.#limits = limits;
    this.#onShed = onShed;
  }

  /**
   * Takes a place for a request, which `leave` gives back.
   *
   * @throws {Problem} `overloaded`; then no place was taken
   */
  enter(service: string): void {
    const ofService = this.#running.get(service) ?? 0;
    if (this.#total >= this.#limits.concurrency) throw this.#shed(service, 'concurrency');
    if (ofService >= this.#limits.perService) throw this.#shed(service, 'perService');
    this.#total++;
    this.#running.set(service, ofService + 1);
  }

  leave(service: string): void {
    this.#total--;
    this.#running.set(service, (this.#running.get(service) ?? 1) - 1);
  }

  /** How many requests to a service have a place. */
  running(service: string): number {
    return this.#running.get(service) ?? 0;
  }

  #shed(service: string, limit: keyof ConcurrencyLimits): Problem {
    this.#onShed(service, limit);
    return overloaded(`limits.${limit}`);
  }
}

function overloaded(setting: string): Problem {
  return new Problem('overloaded', {
    detail: 'As many requests are running as this server takes at once. Nothing was sent.',
    hint: `Try again after the seconds in Retry-After. The operator sets the number with ${setting}.`,
  });
}
