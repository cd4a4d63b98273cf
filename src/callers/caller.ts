import type { CallerRate } from './caller-rate.ts';
import type { Grants } from './grants.ts';

/** Who sends a request, as far as it has been proven. */
export interface Caller {
  readonly name: string;
  readonly grants: Grants;
  /** The web origins from which it may be called; `undefined`: those that hold for all callers. */
  readonly origins: ReadonlySet<string> | undefined;
  /** `undefined`: as often as it likes. */
  readonly rate: CallerRate | undefined;
  /** Claims of its JWT, by name: those alone that the `identity` of some service takes. */
  readonly claims: ReadonlyMap<string, string>;
}
