import type { IncomingHttpHeaders } from 'node:http';
import type { CallerConfig, Config } from '../config/config.ts';
import type { SharedStore } from '../store/shared-store.ts';
import { ApiKeys } from './api-keys.ts';
import type { Caller } from './caller.ts';
import { CallerRate } from './caller-rate.ts';
import { readCredential } from './credential.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { Grants } from './grants.ts';
import { claimsOfIdentities } from './identity.ts';
import { JwtCallers } from './jwt-callers.ts';
import { RefusedCredential } from './refused-credential.ts';

const NO_CLAIMS: ReadonlyMap<string, string> = new Map();

/** All that may come in, found by what they show: the cost does not grow with their number. */
export class Callers {
  readonly #keys = new ApiKeys();
  readonly #jwts: JwtCallers;
  readonly #anonymous: Caller | undefined;
  readonly #failures = new FailedAttempts();

  /** @param store in which several instances count together how often each calls */
  constructor(
    { callers, services, allowAnonymous }: Pick<Config, 'callers' | 'services' | 'allowAnonymous'>,
    store?: SharedStore,
  ) {
    const known = callers.map((config) => ({ config, caller: callerOf(config, store) }));
    for (const { config, caller } of known) for (const digest of config.apiKeyDigests) this.#keys.add(digest, caller);
    this.#jwts = new JwtCallers(
      known.flatMap(({ config: { jwt }, caller }) => (jwt === undefined ? [] : [{ config: jwt, caller }])),
      claimsOfIdentities(services),
    );
    this.#anonymous = allowAnonymous ? callerOf({ name: 'anonymous', apiKeyDigests: [], allow: undefined }) : undefined;
  }

  /**
   * Proves who sends a request.
   *
   * From an address that sent too many wrong credentials only those are taken that have been proven before: a JWT, or a
   * key that was used from there. So nobody can guess on, and nobody can lock out those who are at work behind the same
   * proxy.
   *
   * @param address of the client, by which wrong credentials are counted
   * @throws {Problem} `unauthenticated` without a credential or with one that is not known; `invalid-request` with two;
   *   `rate-limited` after too many wrong ones; `token-unavailable` when the issuer of a JWT cannot be asked
   */
  async authenticate(headers: IncomingHttpHeaders, address: string): Promise<Caller> {
    try {
      return await this.#prove(headers, address);
    } catch (error) {
      if (!(error instanceof RefusedCredential) || !error.isGuess) throw error;
      // From a blocked address a wrong credential is answered like a right one.
      if (this.#failures.isBlocked(address)) throw this.#failures.problem(address);
      await this.#failures.note(address);
      throw error;
    }
  }

  #prove(headers: IncomingHttpHeaders, address: string): Caller | Promise<Caller> {
    const credential = readCredential(headers);
    if (credential === undefined) return this.#withoutCredential();
    return credential.kind === 'api-key'
      ? this.#byApiKey(credential.value, address)
      : this.#byJwt(credential.value, address);
  }

  #withoutCredential(): Caller {
    if (this.#anonymous) return this.#anonymous;
    throw new RefusedCredential(
      false,
      'The request carries no credential.',
      'Send x-api-key: <key>, or Authorization: Bearer <JWT>.',
    );
  }

  #byApiKey(value: string, address: string): Caller {
    const key = this.#keys.find(value);
    if (this.#failures.isBlocked(address) && !key.isKnownAt(address)) throw this.#failures.problem(address);
    key.noteUse(address);
    return key.caller;
  }

  #byJwt(token: string, address: string): Caller | Promise<Caller> {
    const remembered = this.#jwts.remembered(token);
    if (remembered) return remembered;
    if (this.#failures.isBlocked(address)) throw this.#failures.problem(address);
    return this.#jwts.verify(token);
  }
}

function callerOf({ name, allow, origins, rateLimit }: CallerConfig, store?: SharedStore): Caller {
  return {
    name,
    grants: new Grants(allow),
    origins: origins && new Set(origins),
    rate: rateLimit && new CallerRate(rateLimit, name, store),
    claims: NO_CLAIMS,
  };
}
