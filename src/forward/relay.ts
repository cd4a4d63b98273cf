import type { Dispatcher } from 'undici';
import type { AnswerSink } from './answer-sink.ts';

/**
 * Hands the body of an answer to the caller as it comes. A caller that reads slowly slows the upstream down: no more
 * than the buffers of the two sockets is kept here.
 */
export class Relay {
  readonly #response: AnswerSink;
  readonly #upstream: Dispatcher.DispatchController;
  readonly #stallMs: number;
  readonly #onStall: () => void;
  #stall: NodeJS.Timeout | undefined;
  #bytes = 0;

  /**
   * @param stallMs how long the caller may take nothing while data wait for it
   * @param onStall called when it took longer
   */
  constructor(response: AnswerSink, upstream: Dispatcher.DispatchController, stallMs: number, onStall: () => void) {
    this.#response = response;
    this.#upstream = upstream;
    this.#stallMs = stallMs;
    this.#onStall = onStall;
    // A body that is here already goes out in one packet with its head; one that comes later does not hold it back.
    queueMicrotask(this.#flushHead);
  }

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#response.write(chunk) || this.#stall !== undefined) return;
    this.#upstream.pause();
    this.#stall = setTimeout(this.#onStall, this.#stallMs);
    this.#response.once('drain', this.#onDrain);
  }

  /** Ends the answer in order; returns the number of its bytes. */
  end(): number {
    this.#stopWaiting();
    this.#response.end();
    return this.#bytes;
  }

  /**
   * Ends the answer visibly: with a reset, because to a client that reads until the connection closes (HTTP/1.0) an
   * orderly close would look like a whole answer.
   */
  break(): void {
    this.#stopWaiting();
    try {
      this.#response.socket?.resetAndDestroy();
    } catch {
      // Only plain TCP can be reset; TLS says by its missing close_notify that something was cut off.
    }
    this.#response.destroy();
  }

  readonly #flushHead = (): void => {
    if (this.#bytes === 0 && !this.#response.writableEnded && !this.#response.destroyed) this.#response.flushHeaders();
  };

  readonly #onDrain = (): void => {
    this.#stopWaiting();
    this.#upstream.resume();
  };

  #stopWaiting(): void {
    if (this.#stall === undefined) return;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#response.off('drain', this.#onDrain);
  }
}
