import type { ServiceClient } from '../services/service-client.ts';

/** A probe waits no longer for tokens: those who probe have time limits of a second. */
const PROBE_MS = 500;
/** One failed fetch may be chance; a refused client is not. */
const FAILURES_IN_ROW = 2;

/**
 * Whether this instance can do anything for its callers: whether any of its services has a token, or may get one.
 *
 * It is not ready only when no service at all can be called, because their authorization servers refuse our clients or
 * failed twice in a row while no token is left. Who takes an instance away because of one service of several takes all
 * of them away, for they have the same configuration. Each look asks for tokens that are missing, so that an instance
 * to which nobody sends anything becomes ready again by itself.
 */
export class Readiness {
  readonly #clients: readonly ServiceClient[];
  /** Of each client, how many fetches had failed when there was a token last. */
  readonly #failuresBefore = new Map<ServiceClient, number>();

  constructor(clients: readonly ServiceClient[]) {
    this.#clients = clients;
  }

  async isReady(): Promise<boolean> {
    const callable = await Promise.all(this.#clients.map((client) => this.#isCallable(client)));
    return callable.length === 0 || callable.includes(true);
  }

  async #isCallable(client: ServiceClient): Promise<boolean> {
    const hasToken = await client.hasToken(PROBE_MS);
    const { token } = client.snapshot();
    if (token === undefined) return true;
    if (hasToken) {
      this.#failuresBefore.set(client, token.failures);
      return true;
    }
    if (token.lastProblemCode === 'credentials-rejected') return false;
    return token.failures - (this.#failuresBefore.get(client) ?? 0) < FAILURES_IN_ROW;
  }
}
