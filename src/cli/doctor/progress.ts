import type { WriteStream } from 'node:tty';

const TO_LINE_START = '\r\u001B[K';

const USUAL_WIDTH = 80;

/** One line on a terminal that says what is being waited for; nothing where no person looks. */
export class Progress {
  readonly #stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>;
  readonly #running = new Map<string, string>();

  constructor(stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>) {
    this.#stream = stream;
  }

  begin(subject: string, step: string): void {
    this.#running.set(subject, step);
    this.#draw();
  }

  end(subject: string): void {
    this.#running.delete(subject);
    this.#draw();
  }

  #draw(): void {
    // Where the stream is no terminal, it has no such property.
    if (!this.#stream.isTTY) return;
    const text = [...this.#running].map(([subject, step]) => `${subject}: ${step}`).join(' · ');
    // Some terminals do not tell how wide they are.
    const width = this.#stream.columns > 0 ? this.#stream.columns : USUAL_WIDTH;
    this.#stream.write(`${TO_LINE_START}${text.slice(0, width - 1)}`);
  }
}
