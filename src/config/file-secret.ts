import { Secret } from './secret.ts';

/**
 * A secret in a file that is renewed while we run, as mounted certificates are. Every `reveal()` reads the file again;
 * where that gives nothing good, because the file is gone or half written, the last good value stands.
 *
 * `digest()` stays that of the first value: it tells one configured secret from another.
 */
export class FileSecret extends Secret {
  readonly #read: () => string | undefined;
  #last: string;

  /** @param read the value in the file, `undefined` where there is no good one now. Must not throw. */
  constructor(first: string, read: () => string | undefined) {
    super(first);
    this.#read = read;
    this.#last = first;
  }

  override reveal(): string {
    this.#last = this.#read() ?? this.#last;
    return this.#last;
  }
}
