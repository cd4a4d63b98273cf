import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { auditFields } from './audit.ts';
import type { Log } from './log.ts';
import type { TraceSpan } from './trace-span.ts';
import { continueTrace } from './traceparent.ts';
import { endServerSpan, type Tracing } from './tracing.ts';

const CORRELATION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Takes notice of a request at its end.
 *
 * @param status `undefined`: the caller left before the whole answer was out
 */
export type RequestObserver = (record: RequestRecord, status: number | undefined) => void;

/** What is known of one request, gathered on its way, and written as one line at its end. */
export class RequestRecord {
  readonly correlationId: string;
  /** Our own span of the caller's trace, or of a new one (W3C Trace Context). */
  readonly traceparent: string;
  readonly method: string;
  /** Where an SDK for traces is registered: the span of this request, under which others begin. */
  readonly span: TraceSpan | undefined;
  readonly startMs = performance.now();
  /** Of the whole request, milliseconds; 0 until its end. */
  durationMs = 0;
  caller: string | undefined;
  service: string | undefined;
  /** The template of the route, never the path itself. */
  route: string | undefined;
  /** The id of the operation and the parameters of its path, encoded: for the audit alone. */
  operation: string | undefined;
  params: Readonly<Record<string, string>> | undefined;
  /** Whether the operation starts or sends something. */
  starts = false;
  /** What the ledger knew of its `Idempotency-Key`: nothing, so that it ran; the answer; or only that it was sent. */
  keyed: 'run' | 'replay' | 'unknown' | undefined;
  /** Waiting for a token, milliseconds. */
  tokenMs = 0;
  /** From sending to the end of the answer, over all attempts, milliseconds. */
  upstreamMs = 0;
  upstreamStatus: number | undefined;
  bytesIn = 0;
  bytesOut = 0;
  /** The code of the problem that was answered. */
  code: string | undefined;
  /** For the log only: what lies under an internal problem. */
  failure: unknown;

  constructor(method: string, headers: { correlationId?: unknown; traceparent?: unknown }, tracing?: Tracing) {
    this.method = method;
    const { correlationId, traceparent } = headers;
    this.correlationId =
      typeof correlationId === 'string' && CORRELATION_ID.test(correlationId) ? correlationId : randomUUID();
    this.span = tracing?.begin(method, { traceparent, correlationId: this.correlationId });
    this.traceparent = this.span?.traceparent ?? continueTrace(traceparent);
  }

  /** Writes the line of this request once, when the answer is out or its connection is gone. */
  writeWhenDone(response: ServerResponse, log: Log, observe?: RequestObserver): void {
    response.once('close', () => {
      // An answer that was streamed is closed a moment before the one who streamed it has noted its facts.
      setImmediate(() => {
        const isWhole = response.writableFinished;
        this.durationMs = performance.now() - this.startMs;
        log.info(this.#fields(response), isWhole ? 'request' : 'request aborted');
        const status = isWhole ? response.statusCode : undefined;
        observe?.(this, status);
        if (this.span) endServerSpan(this.span, this, status);
      });
    });
  }

  #fields(response: ServerResponse): Record<string, unknown> {
    const status = response.headersSent ? response.statusCode : undefined;
    return {
      correlationId: this.correlationId,
      traceId: this.traceparent.slice(3, 35),
      caller: this.caller,
      service: this.service,
      route: this.route,
      method: this.method,
      status: status ?? 499,
      durationMs: round(this.durationMs),
      tokenMs: round(this.tokenMs),
      upstreamMs: round(this.upstreamMs),
      upstreamStatus: this.upstreamStatus,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      code: this.code,
      ...auditFields(this, status),
      ...(this.failure === undefined ? {} : { err: this.failure }),
    };
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
