import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import {
  csrfFetchHeaders,
  csrfHeaders,
  CsrfSessions,
  wantsCsrfToken,
  type CsrfSession,
} from '../forward/csrf-sessions.ts';
import { Deadline } from '../forward/deadline.ts';
import { TransportFailure } from '../forward/transport-failure.ts';
import type { Transport } from '../forward/transport.ts';
import type { AnswerHead, BufferedAnswer, UpstreamAnswer, UpstreamRequest } from '../forward/upstream-request.ts';
import { Problem } from '../problems/problem.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import type { TokenSource } from '../tokens/token-source.ts';
import { failureProblem } from './failure-problem.ts';
import { mayHappenTwice } from './may-happen-twice.ts';
import type { ForwardOperation, Offer } from './operation.ts';
import { isTokenRefusal } from './token-refusal.ts';

/** Before an attempt is repeated after a connection that did not come about, milliseconds. */
const RECONNECT_PAUSE_MS = 100;
/** A handshake is shared by its waiters, so it has a time limit of its own. */
const HANDSHAKE_LIMIT_MS = 10_000;

/** What one call is about, beside the request itself. */
export interface CallContext {
  readonly operation: ForwardOperation;
  readonly deadline: Deadline;
  readonly record: RequestRecord;
  /** The caller's connection, where its closing ends the call. */
  readonly caller: ServerResponse | undefined;
  /** Decides on the head of an answer whether it is streamed to the caller, and into what. */
  readonly relay: (head: AnswerHead) => ServerResponse | undefined;
  /** The most that is read of an answer that is not streamed, bytes. */
  readonly maxBufferedBytes: number;
}

export interface CallResult {
  readonly answer: UpstreamAnswer;
  /** The token that was sent last; `undefined` where none is sent. */
  readonly token: AccessToken | undefined;
}

/** By what a kind's answers tell of a refused token, beside their status. */
type RefusalSigns = Pick<Offer, 'refusesToken' | 'lacksAuthority'>;

interface CallToken {
  readonly token: AccessToken;
  /** Whether it was fetched for this call: then its scopes are the newest there are. */
  readonly waited: boolean;
}

/** The repeats of one call: each cause at most once, so that nothing can go round in circles. */
interface Repeats {
  connection: boolean;
  token: boolean;
  csrf: boolean;
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
  readonly #csrf = new CsrfSessions();

  readonly #signs: RefusalSigns;

  constructor(transport: Transport, tokens: TokenSource | undefined, basePath: string, signs: RefusalSigns = {}) {
    this.#signs = signs;
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
    const repeats: Repeats = { connection: false, token: false, csrf: false };
    for (;;) {
      const token = await this.#token(context);
      const session = await this.#sessionBeforehand(request, token, context);
      const answer = await this.#attempt(request, token, session, context, repeats);
      if (answer === 'repeat') continue;
      if (answer.kind === 'relayed') return { answer, token: token?.token };
      const repeat =
        (await this.#renewSession(request, answer, session, token, context, repeats)) ||
        this.#renewToken(request, answer, token, context.operation, repeats);
      if (!repeat) return { answer, token: token?.token };
    }
  }

  /**
   * Sends a further read for the same call: into memory, and once.
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
      const answer = await this.#send({ ...request, body: request.body }, await this.#token(context), reading);
      if (answer.kind === 'relayed') throw new Error('a further read is never streamed');
      return answer;
    } catch (error) {
      throw error instanceof TransportFailure ? failureProblem(error, 'read', deadline) : error;
    }
  }

  /** Waits for requests that run, then closes the connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #token({ deadline, record }: CallContext): Promise<CallToken | undefined> {
    if (this.#tokens === undefined) return undefined;
    const had = this.#tokens.get(deadline.remainingMs());
    if (!(had instanceof Promise)) return { token: had, waited: false };
    const startMs = performance.now();
    try {
      return { token: await had, waited: true };
    } finally {
      record.tokenMs += performance.now() - startMs;
    }
  }

  async #attempt(
    request: UpstreamRequest,
    token: CallToken | undefined,
    session: CsrfSession | undefined,
    context: CallContext,
    repeats: Repeats,
  ): Promise<UpstreamAnswer | 'repeat'> {
    const { operation, deadline } = context;
    try {
      const csrf = session === undefined ? {} : csrfHeaders(session);
      return await this.#send({ ...request, headers: { ...request.headers, ...csrf } }, token, context);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      const hasTime = deadline.remainingMs() > RECONNECT_PAUSE_MS;
      if (repeats.connection || !hasTime || !mayRepeat(error, operation, request))
        throw failureProblem(error, operation.effect, deadline);
      repeats.connection = true;
      await pause(RECONNECT_PAUSE_MS);
      return 'repeat';
    }
  }

  async #send(request: UpstreamRequest, token: CallToken | undefined, context: CallContext): Promise<UpstreamAnswer> {
    const { deadline, record, relay, caller, maxBufferedBytes } = context;
    const startMs = performance.now();
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
            traceparent: record.traceparent,
          },
        },
        { deadline, relay, maxBufferedBytes, ...(caller === undefined ? {} : { caller }) },
      );
      record.upstreamStatus = answer.status;
      return answer;
    } finally {
      record.upstreamMs += performance.now() - startMs;
    }
  }

  /** A sender that is known to want a CSRF token gets it with the first attempt: a stream cannot be sent twice. */
  async #sessionBeforehand(
    request: UpstreamRequest,
    token: CallToken | undefined,
    context: CallContext,
  ): Promise<CsrfSession | undefined> {
    const { csrf } = context.operation;
    if (csrf === undefined) return undefined;
    // What can be sent only once does not go out with a token that may be too old.
    const known = isRepeatable(request) ? this.#csrf.get(csrf.endpoint) : this.#csrf.getFresh(csrf.endpoint);
    if (known || (csrf.mode === 'auto' && !this.#csrf.isProtected(csrf.endpoint))) return known;
    return this.#handshake(csrf.endpoint, request, token, context);
  }

  /** After a refusal that asks for a CSRF token: whether the request is to be sent again with a new one. */
  async #renewSession(
    request: UpstreamRequest,
    answer: AnswerHead,
    refused: CsrfSession | undefined,
    token: CallToken | undefined,
    context: CallContext,
    repeats: Repeats,
  ): Promise<boolean> {
    const { csrf } = context.operation;
    if (csrf === undefined || !wantsCsrfToken(answer) || repeats.csrf) return false;
    repeats.csrf = true;
    if (refused) this.#csrf.forget(csrf.endpoint, refused);
    if (!isRepeatable(request)) {
      this.#csrf.markProtected(csrf.endpoint);
      throw tooLargeToRepeat();
    }
    return (await this.#handshake(csrf.endpoint, request, token, context)) !== undefined;
  }

  #handshake(
    endpoint: string,
    message: UpstreamRequest,
    token: CallToken | undefined,
    context: CallContext,
  ): Promise<CsrfSession | undefined> {
    const [path = message.path] = message.path.split('?', 1);
    const deadline = new Deadline(
      Math.min(HANDSHAKE_LIMIT_MS, context.deadline.remainingMs()),
      context.deadline.setting,
    );
    return this.#csrf.fetch(endpoint, async (method) => {
      const request = { method, path, headers: { accept: '*/*', ...csrfFetchHeaders }, body: undefined };
      const handshake = { ...context, deadline, caller: undefined, relay: () => undefined };
      try {
        const answer = await this.#send(request, token, handshake);
        if (answer.status !== 401 || !token || !this.#tokens?.refuse(token.token, 401, token.waited)) return answer;
        return await this.#send(request, await this.#token(handshake), handshake);
      } catch (error) {
        // Nothing of the message was sent, so its outcome is not in doubt.
        throw error instanceof TransportFailure ? failureProblem(error, 'change', deadline) : error;
      }
    });
  }

  /** After a refused token: whether the request is to be sent again with a fresh one. */
  #renewToken(
    request: UpstreamRequest,
    answer: UpstreamAnswer,
    token: CallToken | undefined,
    operation: ForwardOperation,
    repeats: Repeats,
  ): boolean {
    if (answer.kind !== 'buffered' || token === undefined || repeats.token) return false;
    const sign = this.#statusBySign(answer);
    const status = sign ?? answer.status;
    if (status !== 401 && status !== 403) return false;
    if (wantsCsrfToken(answer)) return false;
    repeats.token = true;
    const mayFetch = this.#tokens?.refuse(token.token, status, token.waited) ?? false;
    return mayFetch && isRepeatable(request) && (sign !== undefined || isTokenRefusal(answer, operation.effect));
  }

  /** The status that an answer would have if its kind told refused tokens as others do. */
  #statusBySign(answer: BufferedAnswer): 401 | 403 | undefined {
    if (this.#signs.refusesToken?.(answer)) return 401;
    return this.#signs.lacksAuthority?.(answer) ? 403 : undefined;
  }
}

function isRepeatable({ body }: UpstreamRequest): boolean {
  return body === undefined || Buffer.isBuffer(body);
}

/**
 * Nothing was sent: anything may be sent again. Something was: only what may happen twice, and not after a time-out,
 * which has used up the time already (RFC 9110, section 9.2.2).
 */
function mayRepeat(failure: TransportFailure, operation: ForwardOperation, request: UpstreamRequest): boolean {
  if (failure.answerBegun || !isRepeatable(request)) return false;
  if (!failure.bytesSent) return failure.reason === 'refused' || failure.reason === 'timeout';
  return mayHappenTwice(operation, request.method) && failure.reason === 'reset';
}

function tooLargeToRepeat(): Problem {
  return new Problem('csrf-handshake-failed', {
    detail:
      'The flow asks for a CSRF token first, and the message was too large to be kept and sent again. The flow has not run.',
    hint: 'Send it again: the token is fetched first from now on. Set csrf: always for this flow, so that it is so from the start.',
    retryable: true,
  });
}
