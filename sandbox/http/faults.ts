import type { Answer } from './answer.ts';

/** Which requests a fault meets, and how often. */
export interface FaultScope {
  /** How many requests it meets; without it every one until the sandbox is reset. */
  readonly times?: number | undefined;
  /** Only requests with this method … */
  readonly method?: string | undefined;
  /** … and only those whose path begins like this. */
  readonly path?: string | undefined;
}

/**
 * When a connection is reset: `before-body` as soon as the headers are read; `after-body` after the request was read
 * AND carried out, so that only the answer is lost; `during-answer` in the middle of the answer.
 */
export type ResetMoment = 'before-body' | 'after-body' | 'during-answer';

export type FaultEffect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'reset'; readonly when: ResetMoment };

type Fault = FaultScope & { readonly effect: FaultEffect; left: number };

/** The faults that one upstream was told to show. */
export class Faults {
  #faults: Fault[] = [];

  add(effect: FaultEffect, scope: FaultScope = {}): void {
    this.#faults.push({ ...scope, effect, left: scope.times ?? Infinity });
  }

  /** The effect of the first fault that `accepts` this request; counts it as used. */
  take<E extends FaultEffect>(
    request: { readonly method: string; readonly path: string },
    accepts: (effect: FaultEffect) => effect is E,
  ): E | undefined {
    for (const fault of this.#faults) {
      if (fault.left > 0 && meets(fault, request) && accepts(fault.effect)) {
        fault.left -= 1;
        return fault.effect;
      }
    }
    return undefined;
  }

  clear(): void {
    this.#faults = [];
  }
}

function meets(scope: FaultScope, request: { readonly method: string; readonly path: string }): boolean {
  return (
    (scope.method === undefined || scope.method.toUpperCase() === request.method) &&
    (scope.path === undefined || request.path.startsWith(scope.path))
  );
}
