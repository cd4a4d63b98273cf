import type { TokenClient } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { AccessToken } from './access-token.ts';
import { ageMs, systemClock, type Clock } from './clock.ts';
import { ClientSecrets } from './client-secrets.ts';
import { FailureMemory } from './failure-memory.ts';
import { bornTooLate, ourOwnFault } from './no-token.ts';
import { RefusalGuard } from './refusal-guard.ts';
import { fetchToken, type FetchedToken } from './fetch-token.ts';
import type { CachedToken, TokenCache } from './token-cache.ts';
import type { TokenEvent, TokenSnapshot } from './token-events.ts';
import { TokenFailure } from './token-failure.ts';
import { requestToken } from './token-request.ts';
import type { TokenSharing } from './token-sharing.ts';
import { tokenTimes } from './token-times.ts';
import { withinWait } from './within-wait.ts';

export interface TokenSourceOptions {
  readonly cache: TokenCache;
  /** The client's key in the cache. */
  readonly key: string;
  /** Where several instances share their tokens. */
  readonly sharing?: TokenSharing | undefined;
  readonly onEvent?: (event: TokenEvent) => void;
  readonly clock?: Clock;
  /** From 0 to 1, like `Math.random`. */
  readonly random?: () => number;
  readonly request?: typeof requestToken;
  readonly sleep?: (ms: number) => Promise<void>;
}

/**
 * A token that is valid now, for one client: at most one request to the authorization server at a time, renewed in
 * the background while the old token serves, left alone for a while when it fails. Keeps no timer: a renewal is begun
 * by whoever asks when it is due.
 */
export class TokenSource {
  readonly #secrets: ClientSecrets;
  readonly #cache: TokenCache;
  readonly #key: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #request: typeof requestToken;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #onEvent: (event: TokenEvent) => void;
  readonly #refusals: RefusalGuard;
  readonly #sharing: TokenSharing | undefined;
  readonly #failure: FailureMemory;
  #flight: Promise<AccessToken> | undefined;
  #requests = 0;
  #failures = 0;

  constructor(client: TokenClient, options: TokenSourceOptions) {
    this.#cache = options.cache;
    this.#key = options.key;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#request = options.request ?? requestToken;
    this.#sleep = options.sleep ?? sleep;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#refusals = new RefusalGuard(this.#clock);
    this.#sharing = options.sharing;
    this.#failure = new FailureMemory(this.#clock, this.#random);
    this.#secrets = new ClientSecrets(client, {
      monotonicMs: () => this.#clock.monotonicMs(),
      onChange: (inUse) => this.#emit({ type: 'secret-changed', inUse }),
    });
  }

  /**
   * A token to send now: at once when there is one, else a promise. The promise rejects with a `Problem`
   * (`token-unavailable`, `credentials-rejected`); then nothing may be sent.
   * @param waitMs how long this caller can wait, in milliseconds. When it ends, only this caller gives up: the fetch
   *   goes on for the others.
   */
  get(waitMs?: number): AccessToken | Promise<AccessToken> {
    const entry = this.#usable();
    if (entry === undefined) return this.#waitForToken(waitMs);
    const age = ageMs(entry.start, this.#clock);
    if (age < entry.softAgeMs) return entry.token;
    // Late in its life a token is not handed out again without trying for a better one, unless the authorization
    // server is known to be in trouble: then it serves, to the end, without making anybody wait.
    if (age >= entry.earlyAgeMs && this.#failure.code === undefined) return this.#waitForToken(waitMs);
    this.#renewInBackground();
    return entry.token;
  }

  /**
   * Tells that a service refused this token. It is forgotten, unless a newer one has taken its place already.
   * Whether a refresh is permitted is limited here for all requests together: one forced refresh in 5 s; after a 403
   * one in a minute, and none for a token that was fetched for this very request, whose scopes cannot be outdated.
   * @param fetchedForThisRequest whether this request's `get` had to wait, that is, returned a promise
   * @returns whether to call `get` again and re-send, once. False: the refusal is the answer.
   */
  refuse(token: AccessToken, status: 401 | 403, fetchedForThisRequest = false): boolean {
    const current = this.#usable()?.token;
    if (current !== undefined && current.value !== token.value) return true;
    if (status === 403 && fetchedForThisRequest) return false;
    if (current === undefined && this.#flight !== undefined) return true;
    const verdict = this.#refusals.judge(token.value, status, current !== undefined);
    if (verdict === 'forget') {
      this.#cache.delete(this.#key);
      this.#sharing?.refuse(this.#key, token.value);
      this.#emit({ type: 'refused', status });
    }
    return verdict !== 'keep';
  }

  /** The state of the token, without the token. */
  snapshot(): TokenSnapshot {
    const entry = this.#usable();
    return {
      state: this.#state(entry),
      obtainedAtMs: entry?.token.requestedAtMs,
      lifeSeconds: entry?.token.lifeSeconds,
      expiresInSeconds:
        entry === undefined ? undefined : Math.floor((entry.hardAgeMs - ageMs(entry.start, this.#clock)) / 1000),
      lastProblemCode: this.#failure.code,
      requests: this.#requests,
      failures: this.#failures,
    };
  }

  #state(entry: CachedToken | undefined): TokenSnapshot['state'] {
    if (this.#flight !== undefined && (entry !== undefined || this.#failure.code === undefined)) return 'refreshing';
    if (entry !== undefined) return 'valid';
    return this.#failure.code === undefined ? 'none' : 'failing';
  }

  /** The cached token, unless it is past its end. */
  #usable(): CachedToken | undefined {
    const entry = this.#cache.get(this.#key);
    return entry !== undefined && ageMs(entry.start, this.#clock) < entry.hardAgeMs ? entry : undefined;
  }

  /** When no token comes, one that may still be used is better than none. */
  async #waitForToken(waitMs: number | undefined): Promise<AccessToken> {
    try {
      const remembered = this.#failure.current();
      if (remembered !== undefined) throw remembered;
      return await withinWait(this.#fetch(), waitMs);
    } catch (error) {
      const entry = this.#usable();
      if (entry !== undefined) return entry.token;
      throw error;
    }
  }

  #renewInBackground(): void {
    if (this.#failure.current() === undefined) this.#fetch().catch(() => undefined); // told by event and snapshot
  }

  /** The one fetch that everybody shares. */
  #fetch(): Promise<AccessToken> {
    this.#flight ??= this.#fly().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #fly(): Promise<AccessToken> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const fetched = await this.#obtain();
      this.#keep(fetched);
      this.#failure.forget();
      const { token, isShared = false } = fetched;
      const durationMs = this.#since(startedMs);
      if (!isShared) this.#emit({ type: 'obtained', durationMs, lifeSeconds: token.lifeSeconds });
      return token;
    } catch (error) {
      throw this.#fail(error, this.#since(startedMs));
    }
  }

  /** From another instance, where there are several; else from the authorization server. */
  #obtain(): Promise<FetchedToken> {
    const clock = this.#clock;
    const fetch = () => fetchToken((timeoutMs) => this.#attempt(timeoutMs), { clock, sleep: this.#sleep });
    if (this.#sharing === undefined) return fetch();
    const held = this.#usable()?.token.value;
    const isWelcome = (value: string) => value !== held && !this.#refusals.hasDropped(value);
    return this.#sharing.obtain({ key: this.#key, isWelcome, fetch, clock });
  }

  #attempt(timeoutMs: number): Promise<AccessToken> {
    return this.#secrets.request((client, remainingMs) => {
      this.#requests += 1;
      return this.#request(client, {
        timeoutMs: remainingMs,
        wallMs: () => this.#clock.wallMs(),
        onQuotas: (quotas) => this.#emit({ type: 'quota', quotas }),
      });
    }, timeoutMs);
  }

  /** A token without a life serves those who wait for it, and nobody after them. */
  #keep({ token, start }: FetchedToken): void {
    if (token.lifeSeconds <= 0) return;
    const entry = { token, start, ...tokenTimes(token, this.#random()) };
    if (ageMs(start, this.#clock) >= entry.hardAgeMs) throw bornTooLate();
    this.#cache.set(this.#key, entry);
  }

  #fail(error: unknown, durationMs: number): Problem {
    this.#failures += 1;
    const problem = error instanceof Problem ? error : ourOwnFault();
    const pauseMs = this.#failure.remember(problem);
    const failure = problem.cause instanceof TokenFailure ? problem.cause : undefined;
    this.#emit({ type: 'failed', durationMs, code: problem.code, failure, pauseMs });
    return this.#failure.current() ?? problem;
  }

  #since(startedMs: number): number {
    return this.#clock.monotonicMs() - startedMs;
  }

  /** Whoever listens must not be able to break the fetch. */
  #emit(event: TokenEvent): void {
    try {
      this.#onEvent(event);
    } catch {
      // nothing to tell it to
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
