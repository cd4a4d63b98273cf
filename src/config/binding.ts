import type { JsonObject } from './json-object.ts';

/** A service that the platform has bound to this application. */
export interface Binding {
  readonly name: string;
  /** Other names it goes by: of the instance, of the binding. */
  readonly aliases: readonly string[];
  /** The service's name in the marketplace, such as `it-rt`; on Kubernetes the binding's type. */
  readonly label: string;
  readonly plan: string | undefined;
  readonly credentials: JsonObject;
}
