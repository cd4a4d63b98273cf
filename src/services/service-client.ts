import { setTimeout as pause } from 'node:timers/promises';
import type { Verdict } from '../forward/breaker.ts';
import { csrfHeaders, wantsCsrfToken, type CsrfSession, type CsrfSessionsOptions } from '../forward/csrf-sessions.ts';
import { TransportFailure } from '../forward/transport-failure.ts';
import type { Transport, TransportStats } from '../forward/transport.ts';
import type { BufferedAnswer, UpstreamAnswer, UpstreamRequest } from '../forward/upstream-request.ts';
import { endingSpan, type ServerAddress } from '../telemetry/trace-span.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import type { TokenSnapshot } from '../tokens/token-events.ts';
import type { TokenSource } from '../tokens/token-source.ts';
import type { CallContext, CallResult } from './call-context.ts';
import { CsrfHandshakes, type AskSender } from './csrf-handshakes.ts';
import { CallerGone, failureProblem, tokenWaitProblem } from './failure-problem.ts';
import type { Offer } from './operation.ts';
import { setbackOf, type Setback } from './repeat-table.ts';
import { Repeats } from './repeats.ts';
import { isTokenRefusal } from './token-refusal.ts';
import { UpstreamGuard, verdictOf, type GuardSnapshot } from './upstream-guard.ts';
import { whileCallerStays } from './while-caller-stays.ts';

/** What a kind's answers tell beside their status. */
type AnswerSigns = Pick<Offer, 'refusesToken' | 'lacksAuthority' | 'isInTrouble'>;

interface CallToken {
  readonly token: AccessToken;
  /** Whether it was fetched for this call: then its scopes are the newest there are. */
  readonly waited: boolean;
}

/** What an attempt was sent with. */
interface Credentials {
  readonly token: CallToken | undefined;
  readonly session: CsrfSession | undefined;
}

/** One call on its way. */
interface Progress {
  readonly repeats: Repeats;
  /** Of the attempt that was made last. */
  verdict: Verdict;
}

/** The state of the way to a service. */
export interface ServiceSnapshot extends GuardSnapshot {
  /** `undefined`: it is called with another credential. */
  readonly token: TokenSnapshot | undefined;
  readonly connections: TransportStats;
}

/** What is told about the calls to a service. */
export interface CallTelemetry {
  /** Whom spans name as the server. */
  readonly address?: ServerAddress;
  readonly onHandshake?: CsrfSessionsOptions['onHandshake'];
}

/**
 * Calls one service: with a token that is valid now and, where its sender wants one, with a CSRF token. The only place
 * that sends anything a second time.
 */
export class ServiceClient {
  readonly #transport: Transport;
  /** `undefined`: the requests carry another credential already, put there by their kind. */
  readonly #tokens: TokenSource | undefined;
  /** Path of the service's base URL, without a trailing slash. */
  readonly #basePath: string;
  readonly #csrf: CsrfHandshakes;
  readonly #guard = new UpstreamGuard();
  readonly #signs: AnswerSigns;
  readonly #address: ServerAddress | undefined;

  constructor(
    transport: Transport,
    tokens: TokenSource | undefined,
    basePath: string,
    signs: AnswerSigns = {},
    { address, onHandshake }: CallTelemetry = {},
  ) {
    this.#signs = signs;
    this.#address = address;
    this.#csrf = new CsrfHandshakes({ ...(onHandshake && { onHandshake }) });
    this.#transport = transport;
    this.#tokens = tokens;
    this.#basePath = basePath;
  }

  /**
   * @param request its path is below the service's base URL
   * @throws {Problem} when there is no answer of the service
   * @throws {CallerGone} when there is nobody to answer
   */
  async call(request: UpstreamRequest, context: CallContext): Promise<CallResult> {
    const pass = this.#guard.enter();
    const repeats = new Repeats(context.operation, request, this.#guard.budget);
    const progress: Progress = { repeats, verdict: 'none' };
    try {
      return await this.#attempts(request, context, progress);
    } finally {
      this.#guard.leave(pass, progress.verdict);
    }
  }

  async #attempts(request: UpstreamRequest, context: CallContext, progress: Progress): Promise<CallResult> {
    for (;;) {
      const token = await this.#token(context);
      const session =
        context.operation.csrf && (await this.#csrf.beforehand(request, context, this.#asking(token, context)));
      const answer = await this.#attempt(request, token, session, context, progress);
      if (answer === 'repeat') continue;
      if (
        answer.kind === 'buffered' &&
        (await this.#isToBeSentAgain(request, answer, { session, token }, context, progress))
      )
        continue;
      return { answer, token: token?.token };
    }
  }

  /** After an answer that says that nothing was done. */
  async #isToBeSentAgain(
    request: UpstreamRequest,
    answer: BufferedAnswer,
    sent: Credentials,
    context: CallContext,
    progress: Progress,
  ): Promise<boolean> {
    const { csrf, repeatsWhenBusy = false } = context.operation;
    if (csrf && wantsCsrfToken(answer)) return this.#renewSession(request, sent, context, progress);
    if (answer.status === 409 && repeatsWhenBusy) return this.#repeat('busy', context, progress);
    return this.#renewToken(answer, sent.token, context, progress);
  }

  /** Waits, where the table of repeats allows one more attempt. */
  async #repeat(cause: Setback, { deadline }: CallContext, { repeats }: Progress): Promise<boolean> {
    const pauseMs = repeats.take(cause, deadline);
    if (pauseMs === undefined) return false;
    if (pauseMs > 0) await pause(pauseMs);
    return true;
  }

  /**
   * Sends a further read for the same call: into memory, and once more only where the token is refused.
   *
   * @throws {Problem} when there is no answer of the service
   */
  async read(
    request: Omit<UpstreamRequest, 'body'> & { readonly body?: Buffer },
    context: CallContext,
  ): Promise<BufferedAnswer> {
    const { deadline } = context;
    try {
      const reading = { ...context, relay: () => undefined };
      const answer = await this.#ask({ ...request, body: request.body }, await this.#token(context), reading);
      if (answer.kind === 'relayed') throw new Error('a further read is never streamed');
      return answer;
    } catch (error) {
      throw error instanceof TransportFailure ? failureProblem(error, 'read', deadline) : error;
    }
  }

  /** What is known of the service without asking it. */
  snapshot(): ServiceSnapshot {
    return {
      ...this.#guard.snapshot(),
      token: this.#tokens?.snapshot(),
      connections: this.#transport.stats(),
    };
  }

  /** Whether there is a token to call the service with, or comes within the time. Asks for one as a call would. */
  async hasToken(withinMs: number): Promise<boolean> {
    try {
      await this.#tokens?.get(withinMs);
      return true;
    } catch {
      return false; // the snapshot says why
    }
  }

  /** Closes the connections. What still runs on them is abandoned: a handshake that nobody waits for any more. */
  close(): Promise<void> {
    return this.#transport.destroy();
  }

  async #token({ deadline, record, caller, span = record.span }: CallContext): Promise<CallToken | undefined> {
    if (this.#tokens === undefined) return undefined;
    const had = this.#tokens.get(deadline.remainingMs());
    if (!(had instanceof Promise)) return { token: had, waited: false };
    const startMs = performance.now();
    try {
      return { token: await endingSpan(span?.child('token'), whileCallerStays(had, caller)), waited: true };
    } catch (error) {
      throw tokenWaitProblem(error, deadline);
    } finally {
      record.tokenMs += performance.now() - startMs;
    }
  }

  async #attempt(
    request: UpstreamRequest,
    token: CallToken | undefined,
    session: CsrfSession | undefined,
    context: CallContext,
    progress: Progress,
  ): Promise<UpstreamAnswer | 'repeat'> {
    const { operation, deadline, isImpatient = false } = context;
    if (context.caller?.destroyed === true) throw new CallerGone(); // nothing was done for it yet
    if (context.aboutToSend) await context.aboutToSend(deadline);
    try {
      const wanted =
        session === undefined ? request : { ...request, headers: { ...request.headers, ...csrfHeaders(session) } };
      const answer = await this.#send(wanted, token, context);
      progress.verdict = this.#isInTrouble(answer) ? 'bad' : 'good';
      return answer;
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      progress.verdict = isImpatient && error.reason === 'timeout' ? 'none' : verdictOf(error);
      if (await this.#repeat(setbackOf(error), context, progress)) return 'repeat';
      throw failureProblem(error, operation.effect, deadline, progress.repeats.mayHaveHappened);
    }
  }

  #isInTrouble(answer: UpstreamAnswer): boolean {
    if (answer.kind === 'buffered' && this.#statusBySign(answer) !== undefined) return false;
    return this.#signs.isInTrouble?.(answer) ?? answer.status >= 500;
  }

  async #send(request: UpstreamRequest, token: CallToken | undefined, context: CallContext): Promise<UpstreamAnswer> {
    const { deadline, record, relay, maxBufferedBytes, span = record.span } = context;
    const caller = context.outlivesCaller === true ? undefined : context.caller;
    const startMs = performance.now();
    const calling = span?.request(request.method, this.#address);
    try {
      const answer = await this.#transport.send(
        {
          ...request,
          path: `${this.#basePath}${request.path}`,
          headers: {
            ...request.headers,
            ...(token && { authorization: `Bearer ${token.token.value}` }),
            'user-agent': 'flowgate',
            via: '1.1 flowgate', // RFC 9110, section 7.6.3
            'x-correlation-id': record.correlationId,
            traceparent: calling?.traceparent ?? record.traceparent,
          },
        },
        { deadline, relay, maxBufferedBytes, ...(caller === undefined ? {} : { caller }) },
      );
      calling?.endWithStatus(answer.status);
      record.upstreamStatus = answer.status;
      if (answer.kind === 'buffered') this.#guard.heed(answer);
      return answer;
    } catch (error) {
      calling?.endWithError(error);
      throw error;
    } finally {
      record.upstreamMs += performance.now() - startMs;
    }
  }

  /** After a refusal that asks for a CSRF token: whether the request is to be sent again with a new one. */
  async #renewSession(
    request: UpstreamRequest,
    { session, token }: Credentials,
    context: CallContext,
    progress: Progress,
  ): Promise<boolean> {
    this.#csrf.forget(request, session, context);
    if (!(await this.#repeat('csrf-wanted', context, progress))) return false;
    return (await this.#csrf.fetch(request, context, this.#asking(token, context))) !== undefined;
  }

  /** Sends what a handshake asks, and replaces a token that is refused meanwhile. */
  #asking(token: CallToken | undefined, context: CallContext): AskSender {
    return (request, deadline, span) =>
      this.#ask(request, token, { ...context, deadline, caller: undefined, relay: () => undefined, span });
  }

  /** Sends what reads, and replaces a token that is refused meanwhile. */
  async #ask(request: UpstreamRequest, token: CallToken | undefined, context: CallContext): Promise<UpstreamAnswer> {
    const answer = await this.#send(request, token, context);
    const sign = answer.kind === 'buffered' ? this.#statusBySign(answer) : undefined;
    const isRefused = (sign ?? answer.status) === 401;
    if (!isRefused || !token || !this.#tokens?.refuse(token.token, 401, token.waited)) return answer;
    return this.#send(request, await this.#token(context), context);
  }

  /** After a refused token: whether the request is to be sent again with a fresh one. */
  async #renewToken(
    answer: BufferedAnswer,
    token: CallToken | undefined,
    context: CallContext,
    progress: Progress,
  ): Promise<boolean> {
    const sign = this.#statusBySign(answer);
    const status = sign ?? answer.status;
    if (token === undefined || (status !== 401 && status !== 403)) return false;
    if (wantsCsrfToken(answer) || progress.repeats.has('token-refused')) return false;
    // Forgotten even where the request cannot be repeated: the next one is not to be refused, too.
    const mayFetch = this.#tokens?.refuse(token.token, status, token.waited) ?? false;
    const isProven = sign !== undefined || isTokenRefusal(answer, context.operation.effect);
    return mayFetch && isProven && this.#repeat('token-refused', context, progress);
  }

  /** The status that an answer would have if its kind told refused tokens as others do. */
  #statusBySign(answer: BufferedAnswer): 401 | 403 | undefined {
    if (this.#signs.refusesToken?.(answer)) return 401;
    return this.#signs.lacksAuthority?.(answer) ? 403 : undefined;
  }
}
