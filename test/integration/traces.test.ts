import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';
import { plainRequest } from '../support/plain-request.ts';

const START = '/api/workflow/definitions/onboarding/instances';
const START_TEMPLATE = '/api/workflow/definitions/:id/instances';
const CALLERS_TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLERS_SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01`;

// As whoever runs the server does it: before the server is made.
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);

const stack = useFlowgate({
  env: { PUBLIC_URL: 'https://flowgate.example.com' },
  file: () => `
services:
  away:
    kind: http
    url: http://127.0.0.1:9
    token: { url: "http://127.0.0.1:9/token", clientId: a, clientSecret: nothing-listens-there }
    routes: [GET /things -> /things]
`,
});

beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
});

/** The spans of the requests that were made, when they have all ended; the server's own comes last. */
async function spansOf(deed: () => Promise<unknown>): Promise<Spans> {
  await deed();
  await eventually(() => expect(exporter.getFinishedSpans().some(({ kind }) => kind === SpanKind.SERVER)).toBe(true));
  return new Spans(exporter.getFinishedSpans());
}

class Spans {
  readonly all: readonly ReadableSpan[];

  constructor(all: readonly ReadableSpan[]) {
    this.all = all;
  }

  get server(): ReadableSpan {
    return this.#one(({ kind }) => kind === SpanKind.SERVER);
  }

  get clients(): readonly ReadableSpan[] {
    return this.all.filter(({ kind }) => kind === SpanKind.CLIENT);
  }

  named(name: string): ReadableSpan {
    return this.#one((span) => span.name === name);
  }

  #one(fits: (span: ReadableSpan) => boolean): ReadableSpan {
    const found = this.all.filter(fits);
    expect(found).toHaveLength(1);
    return found[0] as ReadableSpan;
  }
}

function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId;
}

describe('the span of a request', () => {
  it('is named by method and route, and says what the conventions for HTTP servers ask for', async () => {
    const { server } = await spansOf(() => stack.post(START, '{}'));
    expect(server.name).toBe(`POST ${START_TEMPLATE}`);
    expect(server.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': START_TEMPLATE,
      'http.response.status_code': 201,
      'url.scheme': 'https',
      'server.address': 'flowgate.example.com',
      'server.port': 443,
      'flowgate.service': 'workflow',
      'flowgate.caller': 'tester',
    });
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('goes on with the trace of its caller', async () => {
    const { server } = await spansOf(() => stack.post(START, '{}', { traceparent: TRACEPARENT }));
    expect(server.spanContext().traceId).toBe(CALLERS_TRACE);
    expect(parentOf(server)).toBe(CALLERS_SPAN);
  });

  it('begins a trace where the caller sends none, or none that can be read', async () => {
    const { server } = await spansOf(() => stack.get('/health', { traceparent: 'nonsense' }));
    expect(server.parentSpanContext).toBeUndefined();
  });

  it('is the one that the answer and the log line name', async () => {
    let answered: string | null = null;
    const { server } = await spansOf(async () => {
      answered = (await stack.post(START, '{}')).headers.get('traceparent');
    });
    const { traceId, spanId } = server.spanContext();
    expect(answered).toBe(`00-${traceId}-${spanId}-01`);
    expect(stack.logLines).toContainEqual(expect.objectContaining({ traceId, route: START_TEMPLATE }));
  });

  it.each([
    ['an error for what the service or we did wrong', { status: 500 }, SpanStatusCode.ERROR, 'upstream-failed'],
    ['none for what the caller did wrong', { status: 404 }, SpanStatusCode.UNSET, undefined],
  ])('has %s', async (_, { status }, code, errorType) => {
    stack.sandbox.control.answer({ upstream: 'workflow', status });
    const { server } = await spansOf(() => stack.get('/api/workflow/definitions/onboarding'));
    expect(server.status.code).toBe(code);
    expect(server.attributes['error.type']).toBe(errorType);
  });

  it('of a method that nobody knows is named HTTP', async () => {
    const { server } = await spansOf(() => plainRequest(`${stack.url}/health`, 'MKACTIVITY'));
    expect(server.name).toBe('HTTP');
    expect(server.attributes['http.request.method']).toBe('_OTHER');
  });
});

describe('below it', () => {
  it('stands the request that went upstream, which carries its own traceparent', async () => {
    const { server, clients } = await spansOf(() =>
      stack.get('/api/workflow/definitions', { traceparent: TRACEPARENT }),
    );
    expect(clients).toHaveLength(1);
    const [client] = clients as [ReadableSpan];
    const upstream = new URL(stack.sandbox.serviceKeys.workflow.endpoints.workflow_rest_url);
    expect(client.name).toBe('GET');
    expect(parentOf(client)).toBe(server.spanContext().spanId);
    expect(client.attributes).toEqual({
      'http.request.method': 'GET',
      'server.address': upstream.hostname,
      'server.port': Number(upstream.port),
      'url.scheme': 'http',
      'http.response.status_code': 200,
    });
    const { traceId, spanId } = client.spanContext();
    expect(stack.sandbox.control.lastRequest('workflow')?.headers['traceparent']).toBe(`00-${traceId}-${spanId}-01`);
  });

  it('stands the waiting for a token, and both attempts where a token is refused', async () => {
    await stack.get('/api/workflow/definitions');
    exporter.reset();
    stack.sandbox.control.revokeTokens();
    const spans = await spansOf(() => stack.get('/api/workflow/definitions'));
    const statuses = spans.clients.map(({ attributes }) => attributes['http.response.status_code']);
    expect(statuses).toEqual([401, 200]);
    expect(spans.clients[0]?.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.clients[0]?.attributes['error.type']).toBe('401');
    expect(parentOf(spans.named('token'))).toBe(spans.server.spanContext().spanId);
  });

  it('stands the CSRF handshake with its own request, before the message', async () => {
    stack.sandbox.control.forgetCsrfTokens();
    const spans = await spansOf(() => stack.post('/api/integration/flows/orders', '{}'));
    const handshake = spans.named('csrf-handshake');
    expect(parentOf(handshake)).toBe(spans.server.spanContext().spanId);
    expect(parentOf(spans.named('HEAD'))).toBe(handshake.spanContext().spanId);
    expect(spans.clients.map(({ name }) => name)).toEqual(['POST', 'HEAD', 'POST']);
  });

  it('stands why no answer came', async () => {
    stack.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body' });
    const { clients, server } = await spansOf(() => stack.post(START, '{}'));
    expect(clients[0]?.attributes['error.type']).toBe('reset');
    expect(server.attributes['error.type']).toBe('outcome-unknown');
  });

  it('stands a token that cannot be had, and then nothing that was sent', async () => {
    const spans = await spansOf(() => stack.get('/api/away/things'));
    expect(spans.named('token').attributes['error.type']).toBe('token-unavailable');
    expect(spans.clients).toEqual([]);
  });
});

describe('spans', () => {
  it('are those of docs/observability.md, with the attributes that it names', async () => {
    await stack.get('/api/workflow/definitions');
    stack.sandbox.control.forgetCsrfTokens();
    stack.sandbox.control.revokeTokens();
    await stack.post('/api/integration/flows/orders', '{}');
    await stack.get('/api/away/things');
    stack.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body' });
    await stack.post(START, '{}');
    await eventually(() => expect(spansOfKind(SpanKind.SERVER)).toHaveLength(4));
    const { rows } = tableOf('docs/observability.md', 'Traces', 'span');
    expect(rows.map(([, kind]) => kind)).toEqual(['server', 'internal', 'internal', 'client']);
    const [server = [], token = [], handshake = [], client = []] = rows.map(([, , names]) => codesIn(names));
    expect(attributesOf(spansOfKind(SpanKind.SERVER))).toEqual(server.toSorted());
    expect(attributesOf(spansOfKind(SpanKind.CLIENT))).toEqual(client.toSorted());
    const internal = spansOfKind(SpanKind.INTERNAL);
    expect([...new Set(internal.map(({ name }) => name))].toSorted()).toEqual(
      rows.flatMap(([name, kind]) => (kind === 'internal' ? codesIn(name) : [])).toSorted(),
    );
    for (const name of attributesOf(internal)) expect([...token, ...handshake]).toContain(name);
  });

  it('hold no path, query, body or credential', async () => {
    await spansOf(() => stack.get(`/api/workflow/instances?businessKey=private-7391`, { traceparent: TRACEPARENT }));
    const { all } = await spansOf(() => stack.get('/api/workflow/definitions/private-7391'));
    const told = JSON.stringify(all.map(({ name, attributes, events }) => ({ name, attributes, events })));
    expect(told).not.toContain('private-7391');
    stack.secrets.look('spans', told);
    expect(told).not.toContain(API_KEY);
  });
});

function spansOfKind(kind: SpanKind): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.kind === kind);
}

function attributesOf(spans: readonly ReadableSpan[]): string[] {
  return [...new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))].toSorted();
}
