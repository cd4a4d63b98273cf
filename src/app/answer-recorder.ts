import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { AnswerSink } from '../forward/answer-sink.ts';
import { MAX_RECORDED_BYTES, type RecordedAnswer } from '../ledger/recorded-answer.ts';

/** A caller that takes nothing for so long is given up; the recording goes on without it. */
const STALL_MS = 10_000;

/**
 * Streams an answer to its caller and records it. It goes on when the caller leaves: what was started is to be known,
 * whoever waits for it. The answer ends for the caller when its record is written, so that a repetition finds it.
 */
export class AnswerRecorder extends Writable implements AnswerSink {
  readonly #response: ServerResponse;
  readonly #note: (answer: RecordedAnswer) => Promise<void>;
  readonly #head: Pick<RecordedAnswer, 'status' | 'headers'>;
  readonly #hash = createHash('sha256');
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    response: ServerResponse,
    head: Pick<RecordedAnswer, 'status' | 'headers'>,
    note: (answer: RecordedAnswer) => Promise<void>,
  ) {
    super();
    this.#response = response;
    this.#head = head;
    this.#note = note;
    response.on('error', () => {}); // it has left
  }

  get socket(): ServerResponse['socket'] {
    return this.#response.socket;
  }

  flushHeaders(): void {
    if (!this.#response.destroyed) this.#response.flushHeaders();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_RECORDED_BYTES) this.#chunks.push(chunk);
    if (this.#response.destroyed || this.#response.write(chunk)) done();
    else this.#whenTaken(done);
  }

  override _final(done: () => void): void {
    const isWhole = this.#bytes <= MAX_RECORDED_BYTES;
    const answer: RecordedAnswer = {
      ...this.#head,
      body: isWhole && this.#bytes > 0 ? Buffer.concat(this.#chunks) : undefined,
      bytes: this.#bytes,
      sha256: this.#hash.digest('base64'),
      code: undefined,
    };
    const end = (): void => {
      if (!this.#response.destroyed) this.#response.end();
      done();
    };
    this.#note(answer).then(end, end);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#response.destroy();
    done(error);
  }

  #whenTaken(done: () => void): void {
    const response = this.#response;
    const timer = setTimeout(() => response.destroy(), STALL_MS);
    const goOn = (): void => {
      clearTimeout(timer);
      response.off('drain', goOn).off('close', goOn);
      done();
    };
    response.on('drain', goOn).on('close', goOn);
  }
}
