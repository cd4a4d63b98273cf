import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { API_KEY } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { engines, GUEST_KEY, READER_KEY, useThreeEngines, type Engine } from '../support/three-engines.ts';

/**
 * The same routes mean the same whichever engine stands behind them: each row is asked of all three, and all three
 * answer in the same shape. What is expected is the public contract's, not an engine's.
 */

const stack = useThreeEngines();
beforeAll(() => stack.secrets.plantAllOf('WorkflowGen', stack.sandbox.workflowgen));
/** No row finds a token, or a service that wants to be left alone, of the row before. */
afterEach(() => stack.renew());

interface Ask {
  readonly method?: string;
  /** Below `/api/<service>`, unless it begins with a slash: then it is the whole path. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The API key; `null`: none is sent. */
  readonly key?: string | null;
}

function send(engine: Engine, { method = 'GET', path, body, headers = {}, key = API_KEY }: Ask): Promise<PlainAnswer> {
  const url = `${stack.url}${path.startsWith('/') ? path : `/api/${engine.service}/${path}`}`;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return plainRequest(url, method, { ...(key === null ? {} : { 'x-api-key': key }), ...type, ...headers }, body);
}

function startOf({ definition, body }: Engine, changes: Partial<Ask> = {}): Ask {
  return { method: 'POST', path: `definitions/${definition}/instances`, body, ...changes };
}

async function started(engine: Engine): Promise<string> {
  const answer = await send(engine, startOf(engine));
  if (answer.status !== 201) throw new Error(`${engine.service}: ${answer.text}`);
  return String(answer.json.id);
}

/** How many requests have arrived at the engine, those for tokens aside. */
function arrived({ upstream }: Engine): number {
  const routes = Object.entries(stack.sandbox.control.counters().requests[upstream]);
  return routes.filter(([route]) => !/token|openid/.test(route)).reduce((sum, [, times]) => sum + times, 0);
}

const NO_STORE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

describe.each(engines.map((engine): [string, Engine] => [engine.upstream, engine]))('%s', (_name, engine) => {
  it('starts: 201, Location, and id, definitionId and status as texts', async () => {
    const answer = await send(engine, startOf(engine));
    expect(answer.status).toBe(201);
    const text = expect.stringMatching(/./);
    expect(answer.json).toMatchObject({ id: text, definitionId: engine.definition, status: text });
    expect(answer.headers).toMatchObject({
      ...NO_STORE,
      'content-type': 'application/json',
      location: `/api/${engine.service}/instances/${answer.json.id}`,
    });
    expect(arrived(engine)).toBeGreaterThan(0);
  });

  it('reads what was started at its Location, as an object of the engine that tells its id', async () => {
    const id = await started(engine);
    const answer = await send(engine, { path: `/api/${engine.service}/instances/${id}` });
    expect([answer.status, typeof answer.json]).toEqual([200, 'object']);
    expect(answer.headers).toMatchObject(NO_STORE);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.text).toContain(id);
  });

  it('answers HEAD as it answers GET, without the body', async () => {
    const id = await started(engine);
    const head = await send(engine, { method: 'HEAD', path: `instances/${id}` });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-type']).toMatch(/^application\/json/);
  });

  it('lists what was started', async () => {
    const id = await started(engine);
    const answer = await send(engine, { path: `instances?${engine.filter}=1000` });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(id);
  });

  it('answers a start under the same key again, and refuses another one under it', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await send(engine, startOf(engine, { headers }));
    const again = await send(engine, startOf(engine, { headers }));
    const other = await send(engine, startOf(engine, { headers, body: '{}' }));
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']]).toEqual([undefined, 'true']);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(other.json).toMatchObject({ status: 422, code: 'idempotency-key-reused', source: 'caller' });
  });

  it('has a token that was refused replaced, and the start sent again once', async () => {
    await started(engine);
    await engine.voidTokens(stack);
    const before = startsOf(engine);
    expect((await send(engine, startOf(engine))).status).toBe(201);
    expect(startsOf(engine) - before).toBe(2);
  });
});

/** How many starts have arrived. Every request to the GraphQL API is a start where nothing is read. */
function startsOf({ upstream, startRoute }: Engine): number {
  return stack.sandbox.control.counters().requests[upstream][startRoute] ?? 0;
}

interface Row {
  readonly what: string;
  readonly ask: (engine: Engine) => Ask;
  /** What happens before. */
  readonly arrange?: (engine: Engine) => unknown;
  readonly answer: {
    readonly status: number;
    readonly code: string;
    readonly source: string;
    readonly retryable: boolean;
  };
  readonly headers?: Readonly<Record<string, RegExp>>;
}

type Answer = Row['answer'];

function caller(status: number, code: string): Answer {
  return { status, code, source: 'caller', retryable: false };
}

function upstream(status: number, code: string, retryable = false): Answer {
  return { status, code, source: 'upstream', retryable };
}

function token(status: number, code: string, retryable: boolean): Answer {
  return { status, code, source: 'token', retryable };
}

const read = ({ unknownId }: Engine): Ask => ({ path: `instances/${unknownId}` });
const start = (engine: Engine): Ask => startOf(engine);
const withBody = (body: string) => (engine: Engine) => startOf(engine, { body });
const withHeaders = (headers: Record<string, string>) => (engine: Engine) => startOf(engine, { headers });

/** Faults meet the engine's own API only: two of the engines give tokens at the same address. */
function engineFault({ upstream: name, startRoute, readPath }: Engine, of: 'start' | 'read') {
  if (of === 'read') return { upstream: name, path: readPath };
  return name === 'workflow'
    ? { upstream: name, method: 'POST' }
    : { upstream: name, path: startRoute.replace('POST ', '') };
}

const WAIT = /^[1-9]\d*$/;

const refusedHere: readonly Row[] = [
  { what: 'no credential', ask: (engine) => startOf(engine, { key: null }), answer: caller(401, 'unauthenticated') },
  {
    what: 'an unknown key',
    ask: (engine) => startOf(engine, { key: 'no-key-0123456789abcdef' }),
    answer: caller(401, 'unauthenticated'),
  },
  {
    what: 'two credentials',
    ask: withHeaders({ authorization: 'Bearer a.b.c' }),
    answer: caller(400, 'invalid-request'),
  },
  {
    what: 'a caller without a grant',
    ask: (engine) => startOf(engine, { key: READER_KEY }),
    answer: caller(403, 'forbidden'),
  },
  {
    what: 'a foreign origin',
    ask: withHeaders({ origin: 'https://evil.example' }),
    answer: caller(403, 'origin-not-allowed'),
  },
  { what: 'a path that does not exist', ask: () => ({ path: 'nothing' }), answer: caller(404, 'not-found') },
  {
    what: 'another method',
    ask: ({ definition }) => ({ path: `definitions/${definition}/instances` }),
    answer: caller(405, 'method-not-allowed'),
    headers: { allow: /^POST$/ },
  },
  {
    what: 'another content type',
    ask: withHeaders({ 'content-type': 'text/plain' }),
    answer: caller(415, 'unsupported-media-type'),
  },
  {
    what: 'a body that is too large',
    ask: withBody(`{"a":"${'x'.repeat(4096)}"}`),
    answer: caller(413, 'payload-too-large'),
  },
  { what: 'no body', ask: withBody(''), answer: caller(400, 'invalid-body') },
  { what: 'a body that is no JSON', ask: withBody('{"a":'), answer: caller(400, 'invalid-body') },
  { what: 'a body that is null', ask: withBody('null'), answer: caller(400, 'invalid-body') },
  { what: 'a body that is a text', ask: withBody('"a"'), answer: caller(400, 'invalid-body') },
  {
    what: 'an unknown filter',
    ask: () => ({ path: 'instances?colour=red' }),
    answer: caller(400, 'invalid-parameter'),
  },
  {
    what: 'an empty filter',
    ask: ({ filter }) => ({ path: `instances?${filter}=` }),
    answer: caller(400, 'invalid-parameter'),
  },
  {
    what: 'a filter twice',
    ask: ({ filter }) => ({ path: `instances?${filter}=1&${filter}=2` }),
    answer: caller(400, 'invalid-parameter'),
  },
  {
    what: 'a filter of one instance',
    ask: ({ unknownId }) => ({ path: `instances/${unknownId}?identityId=boss` }),
    answer: caller(400, 'invalid-parameter'),
  },
  {
    what: 'an id that no engine gives',
    ask: () => ({ path: 'instances/a%20b' }),
    answer: caller(400, 'invalid-parameter'),
  },
  {
    what: 'an empty key of idempotency',
    ask: withHeaders({ 'idempotency-key': '""' }),
    answer: caller(400, 'invalid-request'),
  },
];

const refusedByTheEngine: readonly Row[] = [
  {
    what: 'an unknown definition',
    ask: (engine) => startOf(engine, { path: 'definitions/Nothing/instances' }),
    answer: upstream(404, 'definition-not-found'),
  },
  { what: 'an unknown instance', ask: read, answer: upstream(404, 'instance-not-found') },
  {
    what: 'a right that is missing',
    arrange: (engine) => engine.deny(stack),
    ask: (engine) => startOf(engine, { key: GUEST_KEY }),
    answer: upstream(502, 'authority-missing'),
  },
  {
    what: 'a fresh token that is refused',
    arrange: (engine) => stack.sandbox.control.answer({ ...engineFault(engine, 'start'), ...engine.refusal }),
    ask: start,
    answer: upstream(502, 'token-rejected'),
  },
];

const refusedByTheTokenServer: readonly Row[] = [
  {
    what: 'a wrong secret',
    ask: ({ service, definition, body }) => ({
      method: 'POST',
      path: `/api/${service}-wrong/definitions/${definition}/instances`,
      body,
    }),
    answer: token(502, 'credentials-rejected', false),
  },
  {
    what: 'a token server that fails',
    arrange: ({ tokens }) => stack.sandbox.control.fail(tokens),
    ask: start,
    answer: token(503, 'token-unavailable', true),
    headers: { 'retry-after': WAIT },
  },
];

const failing: readonly Row[] = [
  {
    what: 'a limit of the engine',
    arrange: (engine) => stack.sandbox.control.rateLimit({ ...engineFault(engine, 'start'), retryAfter: 7 }),
    ask: start,
    answer: upstream(429, 'upstream-rate-limited', true),
    headers: { 'retry-after': /^7$/ },
  },
  {
    what: 'an engine that is not available',
    arrange: (engine) => stack.sandbox.control.fail({ ...engineFault(engine, 'start'), status: 503 }),
    ask: start,
    answer: upstream(503, 'upstream-unavailable', true),
    headers: { 'retry-after': WAIT },
  },
  {
    what: 'an engine that fails with a start',
    arrange: (engine) => stack.sandbox.control.fail(engineFault(engine, 'start')),
    ask: start,
    answer: upstream(502, 'upstream-failed', false),
  },
  {
    what: 'an engine that fails with a read',
    arrange: (engine) => stack.sandbox.control.fail(engineFault(engine, 'read')),
    ask: read,
    answer: upstream(502, 'upstream-failed', true),
  },
  {
    what: 'a gateway that gave up on a start',
    arrange: (engine) => stack.sandbox.control.fail({ ...engineFault(engine, 'start'), status: 502 }),
    ask: start,
    answer: upstream(502, 'outcome-unknown', false),
  },
  {
    what: 'a start whose connection broke',
    arrange: (engine) =>
      stack.sandbox.control.resetConnection({ ...engineFault(engine, 'start'), when: 'before-body' }),
    ask: start,
    answer: upstream(502, 'outcome-unknown', false),
  },
  {
    what: 'a start that got no answer in time',
    arrange: (engine) => stack.sandbox.control.slow({ ...engineFault(engine, 'start'), ms: 1500 }),
    ask: withHeaders({ prefer: 'wait=1' }),
    answer: upstream(504, 'outcome-unknown', false),
  },
  {
    what: 'a read that got no answer in time',
    arrange: (engine) => stack.sandbox.control.slow({ ...engineFault(engine, 'read'), ms: 1500 }),
    ask: (engine) => ({ ...read(engine), headers: { prefer: 'wait=1' } }),
    answer: upstream(504, 'upstream-timeout', true),
  },
  {
    what: 'a redirect',
    arrange: (engine) => stack.sandbox.control.redirect(engineFault(engine, 'read')),
    ask: read,
    answer: upstream(502, 'upstream-redirected'),
  },
  {
    what: 'a page in place of an answer',
    arrange: (engine) => stack.sandbox.control.html(engineFault(engine, 'read')),
    ask: read,
    answer: upstream(502, 'upstream-protocol-error'),
  },
  {
    what: 'nobody who listens',
    arrange: ({ upstream: name }) => stack.sandbox.control.down({ upstream: name }),
    ask: start,
    answer: upstream(502, 'upstream-unreachable', true),
  },
];

/** The members that every problem has; `service` and `upstream` come where there is something to tell. */
const MEMBERS = ['type', 'title', 'status', 'code', 'source', 'retryable', 'detail', 'hint', 'correlationId'];
const TEXT = expect.stringMatching(/./);

/** What an engine answers to a row, and what must be the same with all of them. */
async function shapeOf(engine: Engine, { ask, arrange, answer, headers = {} }: Row): Promise<object> {
  if (arrange !== undefined && answer.source === 'upstream' && answer.code !== 'authority-missing')
    await send(engine, read(engine)); // fetches a token, so that what happens next is about the service
  await arrange?.(engine);
  const before = arrived(engine);
  const got = await send(engine, ask(engine));
  if (answer.source !== 'upstream') expect([engine.service, arrived(engine)]).toEqual([engine.service, before]);
  const { json } = got;
  expect([engine.service, got.status, json]).toMatchObject([
    engine.service,
    answer.status,
    { ...answer, type: `/problems/${answer.code}`, title: TEXT, detail: TEXT, hint: TEXT },
  ]);
  expect(got.headers).toMatchObject({ ...NO_STORE, 'content-type': 'application/problem+json' });
  expect(got.headers['x-correlation-id']).toBe(json.correlationId);
  for (const [name, pattern] of Object.entries(headers)) expect(got.headers[name]).toMatch(pattern);
  const { service, upstream: facts, ...others } = json as Record<string, unknown>;
  expect(Object.keys(others).toSorted()).toEqual(MEMBERS.toSorted());
  if (answer.source !== 'caller') expect(json).toMatchObject({ service: expect.stringContaining(engine.service) });
  return { title: json.title, hasService: service !== undefined, hasUpstream: facts !== undefined };
}

describe.each([
  ['refused before anything is sent', refusedHere],
  ['refused by the engine', refusedByTheEngine],
  ['refused by the token server', refusedByTheTokenServer],
  ['failed', failing],
])('%s', (_kind, rows) => {
  it.each(rows.map((row): [string, Row] => [row.what, row]))(
    '%s is the same problem with each engine',
    async (_what, row) => {
      const shapes: object[] = [];
      for (const engine of engines) shapes.push(await shapeOf(engine, row));
      const [first] = shapes;
      expect(shapes).toEqual(shapes.map(() => first));
    },
  );
});
