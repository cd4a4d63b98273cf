import { Problem } from '../problems/problem.ts';
import type { Limits } from '../config/config.ts';

/** How many requests run at once, in all and per service. What is too much is refused at once: nothing waits. */
export class Concurrency {
  readonly #limits: Pick<Limits, 'concurrency' | 'perService'>;
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(limits: Pick<Limits, 'concurrency' | 'perService'>) {
    this.#limits = limits;
  }

  /**
   * Takes a place for a request, which `leave` gives back.
   *
   * @throws {Problem} `overloaded`; then no place was taken
   */
  enter(service: string): void {
    const ofService = this.#running.get(service) ?? 0;
    if (this.#total >= this.#limits.concurrency) throw overloaded('limits.concurrency');
    if (ofService >= this.#limits.perService) throw overloaded('limits.perService');
    this.#total++;
    this.#running.set(service, ofService + 1);
  }

  leave(service: string): void {
    this.#total--;
    this.#running.set(service, (this.#running.get(service) ?? 1) - 1);
  }
}

function overloaded(setting: string): Problem {
  return new Problem('overloaded', {
    detail: 'As many requests are running as this server takes at once. Nothing was sent.',
    hint: `Try again after the seconds in Retry-After. The operator sets the number with ${setting}.`,
  });
}
