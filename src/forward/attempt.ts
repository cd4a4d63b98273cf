import type { ServerResponse } from 'node:http';
import { Readable, type Writable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { AnswerSink } from './answer-sink.ts';
import { AnswerBuffer } from './answer-buffer.ts';
import { classifyFailure, codeOf, type FailureFacts } from './classify-failure.ts';
import type { Deadline } from './deadline.ts';
import { Relay } from './relay.ts';
import { TransportFailure, type TransportPhase } from './transport-failure.ts';
import type { AnswerHead, UpstreamAnswer, UpstreamRequest } from './upstream-request.ts';

/** The longest delay of a Node timer; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** undici's codes for a request that cannot be written, such as one with a line break in a header. */
const ownMistakes: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

const deadlineOver: FailureFacts = { reason: 'timeout', code: 'DEADLINE' };
const callerLeft: FailureFacts = { reason: 'aborted', code: 'CALLER_LEFT' };
const callerStalled: FailureFacts = { reason: 'aborted', code: 'CALLER_STALLED' };
const bodyGone: FailureFacts = { reason: 'aborted', code: 'BODY_GONE' };
const answerTooLarge: FailureFacts = { reason: 'too-large', code: 'ANSWER_TOO_LARGE' };

/** For undici only: by the time it hears this, the attempt has already told how it ended. */
const attemptOver = new Error('The attempt is over');

interface AttemptOptions {
  readonly deadline: Deadline;
  readonly relay: ((head: AnswerHead) => AnswerSink | undefined) | undefined;
  readonly caller: ServerResponse | undefined;
  readonly maxBufferedBytes: number;
  readonly idleTimeoutMs: number;
  readonly resolve: (answer: UpstreamAnswer) => void;
  readonly reject: (failure: unknown) => void;
}

/**
 * One request on its way: undici tells it what happens, it tells the caller once how it ended. Ends by the answer, by
 * an error, by the deadline or by the caller's leaving, whichever comes first; what comes later is ignored.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #options: AttemptOptions;
  #phase: TransportPhase = 'connect';
  #bytesSent = false;
  #ended = false;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #head: AnswerHead | undefined;
  #relay: Relay | undefined;
  #watched: Writable | undefined;
  readonly #buffer: AnswerBuffer;

  constructor(request: UpstreamRequest, options: AttemptOptions) {
    this.#request = request;
    this.#options = options;
    this.#buffer = new AnswerBuffer(options.maxBufferedBytes);
  }

  /** Starts the clock and listens to the caller. False: it is over before anything was sent. */
  begin(): boolean {
    const { caller, deadline } = this.#options;
    const { body } = this.#request;
    const remainingMs = deadline.remainingMs();
    if (caller?.destroyed === true) this.#fail(callerLeft);
    else if (remainingMs === 0) this.#fail(deadlineOver);
    else if (body instanceof Readable && body.errored) this.#onBodyError(body.errored);
    else if (body instanceof Readable && body.destroyed) this.#fail(bodyGone);
    if (this.#ended) return false;

    this.#timer = setTimeout(this.#onDeadline, Math.min(remainingMs, MAX_TIMER_MS));
    if (caller) this.#watch(caller);
    // Before undici listens: the body may fail while we wait for a connection.
    if (body instanceof Readable) body.on('error', this.#onBodyError);
    return true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, not aborted: undici then drops the request before it writes a byte, and keeps the connection.
    if (this.#ended) throw attemptOver;
    this.#controller = controller;
    this.#phase = 'send';
  }

  onBodySent(): void {
    this.#bytesSent = true;
  }

  onRequestSent(): void {
    this.#bytesSent = true;
    if (this.#phase === 'send') this.#phase = 'answer-head';
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // An interim answer (RFC 9110, section 15.2): the final one follows.
    if (status < 200 || this.#ended) return;
    this.#phase = 'answer-body';
    this.#head = { status, headers };
    try {
      const response = this.#options.relay?.(this.#head);
      if (response === undefined) return;
      this.#relay = new Relay(response, controller, this.#options.idleTimeoutMs, this.#onCallerStall);
      this.#watch(response);
      if (response.destroyed) this.#fail(callerLeft);
    } catch (error) {
      this.#reject(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#relay) {
      this.#relay.write(chunk);
      return;
    }
    this.#buffer.add(chunk);
    if (this.#buffer.isOverLimit) this.#overflow();
  }

  onResponseEnd(): void {
    if (this.#ended || this.#head === undefined) return;
    if (this.#relay) this.#succeed({ ...this.#head, kind: 'relayed', bytes: this.#relay.end() });
    else this.#succeed({ ...this.#head, kind: 'buffered', body: this.#buffer.read(), truncated: false });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return;
    const facts = classifyFailure(error, this.#phase);
    // Nothing was sent, and no upstream is to blame: this must not pass for a failure of the transport.
    if (ownMistakes.has(facts.code)) this.#reject(error);
    else this.#fail(facts);
  }

  readonly #onDeadline = (): void => this.#fail(deadlineOver);
  readonly #onCallerClose = (): void => this.#fail(callerLeft);
  readonly #onCallerStall = (): void => this.#fail(callerStalled);
  readonly #onBodyError = (error: Error): void => this.#fail({ reason: 'caller-body', code: codeOf(error) }, error);

  /** A refusal says why in its beginning; any other answer is worth nothing when it is not whole. */
  #overflow(): void {
    const head = this.#head;
    if (head === undefined || head.status < 300) {
      this.#fail(answerTooLarge);
      return;
    }
    this.#succeed({ ...head, kind: 'buffered', body: this.#buffer.read(), truncated: true });
    this.#abort();
  }

  #succeed(answer: UpstreamAnswer): void {
    this.#end();
    this.#options.resolve(answer);
  }

  #fail(facts: FailureFacts, cause?: unknown): void {
    if (this.#ended) return;
    const answerBegun = this.#relay !== undefined;
    const { reason, code } = facts;
    this.#reject(
      new TransportFailure({ phase: this.#phase, reason, code, bytesSent: this.#bytesSent, answerBegun, cause }),
    );
  }

  #reject(error: unknown): void {
    this.#end();
    this.#relay?.break();
    this.#abort();
    this.#options.reject(error);
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#watched?.off('close', this.#onCallerClose);
  }

  /** Closes the connection to the upstream, and the caller's body with it. */
  #abort(): void {
    this.#controller?.abort(attemptOver);
  }

  #watch(response: Writable): void {
    if (this.#watched === response) return;
    this.#watched?.off('close', this.#onCallerClose);
    this.#watched = response;
    response.on('close', this.#onCallerClose);
  }
}
