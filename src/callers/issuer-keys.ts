import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose';
import { Problem } from '../problems/problem.ts';
import { fetchJson } from './fetch-json.ts';
import { findJwksUrl } from './find-jwks-url.ts';

/** Keys older than this are fetched anew, while the old ones are still used. */
const REFRESH_MS = 10 * 60_000;
/** Keys older than this are not used any more, even if the issuer cannot be reached. */
const LONGEST_USE_MS = 24 * 3_600_000;
/** An unknown key id makes us fetch the keys at most so often: anybody can invent ids. */
const COOL_DOWN_MS = 30_000;
/** After a failure the issuer is left alone for so long. */
const FAILURE_PAUSE_MS = 5000;

/** The public keys of one issuer: fetched when first needed, once for all who wait, and kept. */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #jwksUrl: string | undefined;
  #keys: LocalJWKSet | undefined;
  #fetchedMs = -Infinity;
  /** The end of the last fetch, whether it brought keys or not. */
  #triedMs = -Infinity;
  #failure: unknown;
  #running: Promise<void> | undefined;

  /** @param jwksUrl where the keys are; `undefined`: found by discovery */
  constructor(issuer: string, jwksUrl: string | undefined) {
    this.#issuer = issuer;
    this.#jwksUrl = jwksUrl;
  }

  /**
   * Finds the key of a token by its `kid` and `alg` alone. Where a token says that its key is to be found (`jku`, `jwk`,
   * `x5u`, `x5c`: RFC 7515, section 4.1) is never looked at.
   *
   * @throws {Problem} `token-unavailable` when the issuer cannot be asked
   * @throws {errors.JOSEError} when it has no such key
   */
  readonly find: JWTVerifyGetKey = async (header) => {
    const keys = await this.#current();
    try {
      return await keys(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    const newer = await this.#newer();
    return newer(header);
  };

  async #current(): Promise<LocalJWKSet> {
    const ageMs = performance.now() - this.#fetchedMs;
    if (this.#keys === undefined || ageMs > LONGEST_USE_MS) return this.#fetched();
    if (ageMs > REFRESH_MS && !this.#isPausing()) void this.#refresh();
    return this.#keys;
  }

  /** The keys after one more look at the issuer, or the same ones where it has just been asked. */
  async #newer(): Promise<LocalJWKSet> {
    const hasJustAnswered = this.#failure === undefined && this.#isPausing() && this.#running === undefined;
    return hasJustAnswered && this.#keys ? this.#keys : this.#fetched();
  }

  async #fetched(): Promise<LocalJWKSet> {
    if (this.#running !== undefined || !this.#isPausing()) await this.#refresh();
    if (this.#keys === undefined || this.#failure !== undefined) throw this.#unavailable();
    return this.#keys;
  }

  #isPausing(): boolean {
    const pauseMs = this.#failure === undefined ? COOL_DOWN_MS : FAILURE_PAUSE_MS;
    return performance.now() - this.#triedMs < pauseMs;
  }

  /** Never rejects: a failure is remembered for those who ask. */
  #refresh(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => {
      this.#triedMs = performance.now();
      this.#running = undefined;
    });
    return this.#running;
  }

  async #fetch(): Promise<void> {
    try {
      const document = await fetchJson(this.#jwksUrl ?? (await findJwksUrl(this.#issuer)));
      this.#keys = createLocalJWKSet(document as JSONWebKeySet); // throws for what is no key set
      this.#fetchedMs = performance.now();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Not a 401: the token may well be good, and its sender should keep it and try again. */
  #unavailable(): Problem {
    const pauseMs = FAILURE_PAUSE_MS - (performance.now() - this.#triedMs);
    return new Problem('token-unavailable', {
      detail: "The keys of the JWT's issuer cannot be fetched, so the JWT cannot be verified. Nothing was sent.",
      hint: 'Try again in a few seconds. If it stays so, the operator should compare jwt.issuer and jwt.jwksUrl of the caller with the issuer; the log tells what went wrong.',
      retryAfterSeconds: Math.max(1, Math.ceil(pauseMs / 1000)),
      cause: this.#failure,
    });
  }
}
