/** The body of an answer in memory, up to a limit in bytes. */
export class AnswerBuffer {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isOverLimit(): boolean {
    return this.#bytes > this.#limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** What has come, cut at the limit; not copied when it came in one piece. */
  read(): Buffer {
    const [first] = this.#chunks;
    const whole = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    return this.isOverLimit ? whole.subarray(0, this.#limit) : whole;
  }
}
