import type { Readable } from 'node:stream';

/** One request to an upstream: complete but for what the transport itself adds (`Host`, framing). */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, encoded, beginning with `/`. Built from configuration and encoded parameters only. */
  readonly path: string;
  /** Lower-case names. Nothing of the caller's headers is here that the route did not list. */
  readonly headers: Readonly<Record<string, string>>;
  /** A buffer can be sent again, a stream cannot. */
  readonly body: Buffer | Readable | undefined;
  /** Length of a streamed body, in bytes, when the caller declared it. */
  readonly bodyLength?: number | undefined;
}

export interface AnswerHead {
  readonly status: number;
  /** Lower-case names, as undici gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An answer that was read into memory. */
export interface BufferedAnswer extends AnswerHead {
  readonly kind: 'buffered';
  readonly body: Buffer;
  /** The body was longer than the limit and the rest was not read. Only refusals and redirects are cut (300 and above). */
  readonly truncated: boolean;
}

/** An answer that was streamed to the caller as it came. */
interface RelayedAnswer extends AnswerHead {
  readonly kind: 'relayed';
  readonly bytes: number;
}

export type UpstreamAnswer = BufferedAnswer | RelayedAnswer;
