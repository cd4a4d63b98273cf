import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { auditFields } from './audit.ts';
import type { Log } from './log.ts';

const CORRELATION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** W3C Trace Context, section 3.2: version 00, and neither id all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** What is known of one request, gathered on its way, and written as one line at its end. */
export class RequestRecord {
  readonly correlationId: string;
  /** Our own span of the caller's trace, or of a new one (W3C Trace Context). */
  readonly traceparent: string;
  readonly method: string;
  readonly startMs = performance.now();
  caller: string | undefined;
  service: string | undefined;
  /** The template of the route, never the path itself. */
  route: string | undefined;
  /** The id of the operation and the parameters of its path, encoded: for the audit alone. */
  operation: string | undefined;
  params: Readonly<Record<string, string>> | undefined;
  /** Whether the operation starts or sends something. */
  starts = false;
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

  constructor(method: string, headers: { correlationId?: unknown; traceparent?: unknown }) {
    this.method = method;
    this.correlationId =
      typeof headers.correlationId === 'string' && CORRELATION_ID.test(headers.correlationId)
        ? headers.correlationId
        : randomUUID();
    this.traceparent = continueTrace(headers.traceparent);
  }

  /** Writes the line of this request once, when the answer is out or its connection is gone. */
  writeWhenDone(response: ServerResponse, log: Log): void {
    response.once('close', () => {
      // An answer that was streamed is closed a moment before the one who streamed it has noted its facts.
      setImmediate(() => {
        log.info(this.#fields(response), response.writableFinished ? 'request' : 'request aborted');
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
      durationMs: round(performance.now() - this.startMs),
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

function continueTrace(received: unknown): string {
  const match = typeof received === 'string' ? TRACEPARENT.exec(received) : null;
  if (match) return `00-${match[1] ?? ''}-${randomHex().slice(16)}-${match[2] ?? ''}`;
  return `00-${randomHex()}-${randomHex().slice(16)}-00`;
}

/** 32 digits; Node draws the bytes of UUIDs in batches, which costs a tenth of drawing them one by one. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
