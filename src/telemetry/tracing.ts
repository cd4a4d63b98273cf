import {
  context,
  isSpanContextValid,
  ProxyTracer,
  SpanKind,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceparent } from './traceparent.ts';
import { serverAddress, TraceSpan, type ServerAddress } from './trace-span.ts';

/** Methods that spans tell by their name; any other is `_OTHER` (semantic conventions, HTTP). */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);

/** A process that ends does not wait longer than this for those who take the last spans, milliseconds. */
const FLUSH_MS = 1_000;

/** What is known at the end of a request. */
export interface RequestFacts {
  readonly method: string;
  readonly route: string | undefined;
  readonly service: string | undefined;
  readonly caller: string | undefined;
  readonly code: string | undefined;
}

/** Spans of requests, for the OpenTelemetry SDK that whoever runs this server brings along. */
export class Tracing {
  readonly #tracer: Tracer;
  readonly #address: ServerAddress;

  /**
   * @param publicUrl where callers reach this server
   * @returns `undefined` where no SDK is registered: then there are no spans, and they cost nothing
   */
  static ifRegistered(publicUrl: string): Tracing | undefined {
    const tracer = trace.getTracer('flowgate');
    return tracer instanceof ProxyTracer ? undefined : new Tracing(tracer, publicUrl);
  }

  private constructor(tracer: Tracer, publicUrl: string) {
    this.#tracer = tracer;
    this.#address = serverAddress(new URL(publicUrl));
  }

  /**
   * Begins the span of a request: below what the SDK's own instrumentation has begun for it, else in the caller's trace,
   * else in a new one.
   *
   * @returns `undefined` where the SDK makes no span
   */
  begin(method: string, headers: { traceparent: unknown; correlationId: string }): TraceSpan | undefined {
    const parent = parentContext(headers.traceparent);
    const attributes = {
      'http.request.method': knownMethod(method),
      ...this.#address,
      'flowgate.correlation_id': headers.correlationId,
    };
    const span = this.#tracer.startSpan(spanName(method), { kind: SpanKind.SERVER, attributes }, parent);
    return isSpanContextValid(span.spanContext()) ? new TraceSpan(this.#tracer, span, parent) : undefined;
  }
}

/** What an SDK can do that the API does not speak of. */
interface Flushable {
  forceFlush(): Promise<void>;
}

/** Waits a little until the SDK has handed on the spans that have ended. Never fails: they are not worth it. */
export async function flushTraces(): Promise<void> {
  const sdk = sdkProvider();
  if (sdk === undefined) return;
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_MS);
  try {
    await Promise.race([sdk.forceFlush(), tooLate]);
  } catch {
    // Whoever takes the spans is away.
  } finally {
    clearTimeout(timer);
  }
}

/** The provider of the SDK, behind the one that the API puts before it. */
function sdkProvider(): Flushable | undefined {
  const provider = trace.getTracerProvider();
  const sdk: unknown = 'getDelegate' in provider ? (provider as { getDelegate(): unknown }).getDelegate() : provider;
  return typeof sdk === 'object' && sdk !== null && 'forceFlush' in sdk ? (sdk as Flushable) : undefined;
}

/**
 * Ends the span of a request. An answer of 5xx is an error; of what a caller did wrong the span says the code alone
 * (semantic conventions, HTTP server).
 *
 * @param status `undefined`: the caller left before there was an answer
 */
export function endServerSpan(span: TraceSpan, facts: RequestFacts, status: number | undefined): void {
  const { method, route, service, caller, code } = facts;
  const attributes: Attributes = {
    ...(route !== undefined && { 'http.route': route }),
    ...(service !== undefined && { 'flowgate.service': service }),
    ...(caller !== undefined && { 'flowgate.caller': caller }),
    ...(code !== undefined && { 'flowgate.problem': code }),
    ...(status !== undefined && { 'http.response.status_code': status }),
  };
  span.describe(route === undefined ? spanName(method) : `${spanName(method)} ${route}`, attributes);
  if (status === undefined) span.end('aborted');
  else span.end(status >= 500 ? (code ?? String(status)) : undefined);
}

function parentContext(traceparent: unknown): Context {
  const active = context.active();
  if (trace.getSpan(active) !== undefined) return active;
  const received = parseTraceparent(traceparent);
  if (received === undefined) return active;
  const { traceId, spanId, flags } = received;
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(active, { traceId, spanId, traceFlags, isRemote: true });
}

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : '_OTHER';
}

/** `HTTP` stands for a method that is not known, as the conventions say. */
function spanName(method: string): string {
  return METHODS.has(method) ? method : 'HTTP';
}
