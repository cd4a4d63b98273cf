/** Redis did not do what it was asked for, or did not say so. */
export class StoreUnavailable extends Error {
  /** Of the system or of Redis, such as `ECONNREFUSED` or `OOM`. */
  readonly code: string;

  constructor(code: string) {
    super(`the shared store is not available (${code})`);
    this.name = 'StoreUnavailable';
    this.code = code;
  }
}
