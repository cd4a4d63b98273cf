import { AsyncLocalStorage } from 'node:async_hooks';
import { context, ROOT_CONTEXT, SpanKind, trace, type Context, type ContextManager } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RequestRecord } from '../../src/telemetry/request-record.ts';
import { flushTraces, Tracing } from '../../src/telemetry/tracing.ts';

const PUBLIC_URL = 'https://flowgate.example.com';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

afterEach(() => {
  trace.disable();
  context.disable();
});

/** What an SDK's context manager does, as far as it matters here. */
function keepContexts(): void {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, thisArg, ...args) => storage.run(active, () => Reflect.apply(fn, thisArg, args) as never),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
}

function register(): { readonly exporter: InMemorySpanExporter; readonly tracing: Tracing } {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  return { exporter, tracing: tracingOf(Tracing.ifRegistered(PUBLIC_URL)) };
}

function tracingOf(tracing: Tracing | undefined): Tracing {
  if (tracing === undefined) throw new Error('no SDK is registered');
  return tracing;
}

describe('without an SDK', () => {
  it('there is no tracing, and a record continues the trace of its caller all the same', () => {
    expect(Tracing.ifRegistered(PUBLIC_URL)).toBeUndefined();
    const record = new RequestRecord('GET', { traceparent: TRACEPARENT });
    expect(record.span).toBeUndefined();
    expect(record.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  });

  it.each(['', 'nonsense', '00-00000000000000000000000000000000-b7ad6b7169203331-01', `${TRACEPARENT}-x`, 5])(
    'begins a trace that nobody records where the caller sends %j',
    (traceparent) => {
      const record = new RequestRecord('GET', { traceparent });
      expect(record.traceparent).toMatch(/^00-(?!0af7651916cd43dd)[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    },
  );

  it('has nothing to hand on', async () => {
    await expect(flushTraces()).resolves.toBeUndefined();
  });
});

describe('with an SDK', () => {
  it('a request stands below the span that an instrumentation has begun for it', () => {
    keepContexts();
    const { exporter, tracing } = register();
    const outer = trace.getTracer('instrumentation').startSpan('outer', { kind: SpanKind.SERVER });
    const record = context.with(
      trace.setSpan(ROOT_CONTEXT, outer),
      () => new RequestRecord('GET', { traceparent: TRACEPARENT }, tracing),
    );
    record.span?.end();
    const [span] = exporter.getFinishedSpans() as [ReadableSpan];
    expect(span.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  });

  it('a request that is not sampled says so in what it sends on', () => {
    trace.setGlobalTracerProvider(new TracerProvider({ sampler: new AlwaysOffSampler() }));
    const record = new RequestRecord('GET', { traceparent: TRACEPARENT }, Tracing.ifRegistered(PUBLIC_URL));
    expect(record.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  });

  it('hands on its last spans, and is not waited for when it cannot', async () => {
    const { promise: handedOn, resolve } = Promise.withResolvers<void>();
    const provider = Object.assign(new TracerProvider(), {
      forceFlush: () => {
        resolve();
        return new Promise<void>(() => {});
      },
    });
    trace.setGlobalTracerProvider(provider);
    await Promise.all([flushTraces(), handedOn]);
  });

  it('does no harm by failing', async () => {
    const provider = Object.assign(new TracerProvider(), { forceFlush: () => Promise.reject(new Error('away')) });
    trace.setGlobalTracerProvider(provider);
    await expect(flushTraces()).resolves.toBeUndefined();
  });
});
