import {
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { Problem } from '../problems/problem.ts';

/** A server or an upstream, as the semantic conventions for HTTP spans name it. */
export interface ServerAddress {
  readonly 'server.address': string;
  readonly 'server.port': number;
  readonly 'url.scheme': string;
}

/** Reasons are words of this program; a longer or odder text may hold anything. */
const REASON = /^[a-z-]{1,32}$/;

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** From 100 up to here a client's span has no error (semantic conventions, HTTP client: 4xx and 5xx are errors). */
const LAST_GOOD_STATUS = 399;

/**
 * A span, and what lies below it. Contexts are handed on from span to span, so that nothing depends on what happens to
 * be active.
 */
export class TraceSpan {
  /** What is sent on in its name (W3C Trace Context, section 3.2). */
  readonly traceparent: string;
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, span: Span, parent: Context) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    this.#tracer = tracer;
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  /** Something of our own that takes its time, such as waiting for a token. */
  child(name: string): TraceSpan {
    return this.#below(name, SpanKind.INTERNAL, {});
  }

  /** A request that is sent to an upstream. Neither its path nor its query is told: ids of people may stand there. */
  request(method: string, address: ServerAddress | undefined): TraceSpan {
    return this.#below(method, SpanKind.CLIENT, { 'http.request.method': method, ...address });
  }

  /** Ends the span of a request that was sent. */
  endWithStatus(status: number): void {
    this.#span.setAttribute('http.response.status_code', status);
    this.end(status > LAST_GOOD_STATUS ? String(status) : undefined);
  }

  endWithError(error: unknown): void {
    this.end(errorType(error));
  }

  /** @param errorType a word of few; `undefined`: it went well */
  end(errorType?: string): void {
    if (errorType !== undefined) {
      this.#span.setAttribute('error.type', errorType);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }

  describe(name: string, attributes: Attributes): void {
    this.#span.updateName(name);
    this.#span.setAttributes(attributes);
  }

  #below(name: string, kind: SpanKind, attributes: Attributes): TraceSpan {
    const span = this.#tracer.startSpan(name, { kind, attributes }, this.#context);
    return new TraceSpan(this.#tracer, span, this.#context);
  }
}

export function serverAddress({ protocol, hostname, port }: URL): ServerAddress {
  const scheme = protocol.replace(':', '');
  return {
    'server.address': hostname,
    'server.port': port === '' ? (DEFAULT_PORTS[scheme] ?? 0) : Number(port),
    'url.scheme': scheme,
  };
}

/** Ends a span when it is known what comes of a promise. */
export async function endingSpan<T>(span: TraceSpan | undefined, promise: Promise<T>): Promise<T> {
  if (span === undefined) return promise;
  try {
    const result = await promise;
    span.end();
    return result;
  } catch (error) {
    span.endWithError(error);
    throw error;
  }
}

/** A word of few that says what went wrong: the code of a problem, the reason of a failure, the class of any other. */
function errorType(error: unknown): string {
  if (error instanceof Problem) return error.code;
  if (!(error instanceof Error)) return 'unknown';
  const { reason } = error as Error & { reason?: unknown };
  return typeof reason === 'string' && REASON.test(reason) ? reason : error.name;
}
