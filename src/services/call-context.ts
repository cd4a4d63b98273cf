import type { ServerResponse } from 'node:http';
import type { AnswerSink } from '../forward/answer-sink.ts';
import type { Deadline } from '../forward/deadline.ts';
import type { AnswerHead, UpstreamAnswer } from '../forward/upstream-request.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { TraceSpan } from '../telemetry/trace-span.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import type { ForwardOperation } from './operation.ts';

/** What one call is about, beside the request itself. */
export interface CallContext {
  readonly operation: ForwardOperation;
  readonly deadline: Deadline;
  readonly record: RequestRecord;
  /** The caller's connection, whose closing ends the call; `undefined`: nothing does. */
  readonly caller: ServerResponse | undefined;
  /** Once it has been sent it goes on when its caller leaves: cutting it would not undo it, only hide how it ended. */
  readonly outlivesCaller?: boolean;
  /** Decides on the head of an answer whether it is streamed to the caller, and into what. */
  readonly relay: (head: AnswerHead) => AnswerSink | undefined;
  /**
   * Called before the first byte of the request goes out, never for a handshake or a further read. What it throws ends
   * the call, and nothing was sent.
   */
  readonly aboutToSend?: (deadline: Deadline) => Promise<void>;
  /** The caller has less time than the service is usually given: running out of it says nothing about the service. */
  readonly isImpatient?: boolean;
  /** The most that is read of an answer that is not streamed, bytes. */
  readonly maxBufferedBytes: number;
  /** What the request is a part of, if that is not the span of the record. */
  readonly span?: TraceSpan | undefined;
}

export interface CallResult {
  readonly answer: UpstreamAnswer;
  /** The token that was sent last; `undefined` where none is sent. */
  readonly token: AccessToken | undefined;
}
