import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BodyClock } from './body-clock.ts';
import { bodyBrokeOff, bodyStalled, bodyTooLarge } from './body-problems.ts';

interface BodyStreamLimits {
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly totalMs: number | undefined;
}

/**
 * A caller's body as a stream that fails, with a Problem, when the body grows too large, stalls or breaks off. It takes
 * from the caller no faster than it is read. Time counts only while the caller is waited for.
 */
export class BodyStream extends Readable {
  readonly #request: IncomingMessage;
  readonly #maxBytes: number;
  readonly #clock: BodyClock;
  #received = 0;

  /** @param read what has been read of the body so far */
  constructor(request: IncomingMessage, limits: BodyStreamLimits, read: readonly Buffer[] = []) {
    super();
    this.#request = request;
    this.#maxBytes = limits.maxBytes;
    this.#clock = new BodyClock(limits.idleMs, limits.totalMs, () => this.destroy(bodyStalled()));
    // A caller may leave while nobody reads yet. Who reads later finds the failure in `errored`.
    this.on('error', () => {});
    request.pause();
    request.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onBroken).on('close', this.#onClose);
    for (const chunk of read) this.#onData(chunk);
  }

  override _read(): void {
    this.#clock.wait();
    this.#request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#letGo();
    this.#request.pause();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#received > this.#maxBytes) {
      this.destroy(bodyTooLarge());
    } else if (this.push(chunk)) {
      this.#clock.wait();
    } else {
      this.#clock.pause();
      this.#request.pause();
    }
  };

  readonly #onEnd = (): void => {
    this.#letGo();
    this.push(null);
  };

  readonly #onBroken = (error: Error): void => {
    this.destroy(bodyBrokeOff(error));
  };

  readonly #onClose = (): void => {
    this.destroy(bodyBrokeOff());
  };

  #letGo(): void {
    this.#clock.stop();
    this.#request
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onBroken)
      .off('close', this.#onClose);
  }
}
