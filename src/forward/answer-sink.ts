import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** Where an answer is streamed to: a caller's response, or what stands in front of one. */
export type AnswerSink = Writable & {
  /** The caller's connection, to be reset when the answer breaks off. */
  readonly socket: Socket | null;
  /** Sends the head before there is a body. */
  flushHeaders(): void;
};
