import { expect } from '@jest/globals';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { eventually } from './eventually.ts';
import { API_KEY, type FlowgateStack, type StackOptions } from './flowgate-stack.ts';
import { RawConnection, type RawAnswer } from './raw-http.ts';

/** Flows for attacks: one that tells what it got, one that sends it back, one that takes little, one that is protected. */
const FLOWS = `
  integration:
    flows:
      echo: { address: /http/echo, methods: [GET, POST, PUT], subpaths: true, csrf: off }
      stream: { address: /http/stream, csrf: off, maxBody: 60mb }
      small: { address: /http/echo, csrf: off, maxBody: 1kb, timeout: 1s }
      orders: { address: /http/orders, csrf: always }
`;

/** The same runtime once more, as a plain API. */
function api({ integration, serviceKeys }: Sandbox): string {
  const { tokenurl: url, clientid: clientId, clientsecret: clientSecret } = serviceKeys.integration.oauth;
  const token = JSON.stringify({ url, clientId, clientSecret });
  return `
  things:
    kind: http
    url: ${integration.url}
    token: ${token}
    routes:
      - GET /things/:id -> /http/echo/:id
      - GET /files/** -> /http/echo/**
      - POST /things -> /http/echo
`;
}

/** What the attacks are made on: every kind of path and body there is. */
export const TARGETS: StackOptions = {
  file: (sandbox) => `services:${FLOWS}${api(sandbox)}`,
  env: { INTEGRATION_FLOWS: '' },
};

export const ECHO = '/api/integration/flows/echo';
export const STREAM = '/api/integration/flows/stream';
export const START = '/api/workflow/definitions/onboarding/instances';

export const KEY = `X-API-Key: ${API_KEY}`;

/** What Node's parser refuses is answered without a body, and with one of these. */
const BARE_STATUSES = [400, 405, 408, 413, 431];

const REQUEST_LINES = ['request', 'request aborted', 'request refused'];

/** What came of an attack. */
export interface Aftermath {
  /** The first answer; tests that expect none look at `answers`. */
  readonly answer: RawAnswer;
  readonly answers: readonly RawAnswer[];
  /** Interim answers (1xx). */
  readonly interim: readonly number[];
  readonly isClosed: boolean;
  /** Requests that came to an upstream, token requests not among them. */
  readonly hits: number;
  readonly tokenRequests: number;
  readonly log: readonly Record<string, unknown>[];
  /** The problem of the first answer. */
  readonly problem: Record<string, unknown>;
}

export interface AttackOptions {
  /** How many requests the bytes are, as far as a server may see. Default 1. */
  readonly requests?: number;
  /** How many answers there are to be. Default: as many as requests. */
  readonly answers?: number;
  /** How many log lines there are to be. Default: as many as requests. */
  readonly lines?: number;
  /** Writes every byte by itself. */
  readonly drip?: boolean;
  readonly toHead?: boolean;
}

/** A request message: its start line without the version, header lines without a Host, and a body without framing. */
export function message(start: string, lines: readonly string[] = [], body = ''): string {
  return [`${start} HTTP/1.1`, 'Host: flowgate.example', ...lines, '', body].join('\r\n');
}

/** The same with the credential of the test's caller. */
export function withKey(start: string, lines: readonly string[] = [], body = ''): string {
  return message(start, [KEY, ...lines], body);
}

/** The same with a body and its length. */
export function post(target: string, lines: readonly string[] = [], body = '{}'): string {
  return withKey(
    `POST ${target}`,
    ['Content-Type: application/json', `Content-Length: ${body.length}`, ...lines],
    body,
  );
}

/**
 * Writes bytes to a running Flowgate and checks what must hold whatever they are: as many answers as requests, each
 * error of ours a problem, one log line per request, a connection that is in step or closed, and a server that lives.
 */
export async function attack(stack: FlowgateStack, bytes: string, options: AttackOptions = {}): Promise<Aftermath> {
  const { requests = 1, answers: expected = requests, lines = requests } = options;
  const before = counts(stack);
  const firstLine = stack.logLines.length;
  const connection = await RawConnection.open(stack.port);
  if (options.drip === true) await connection.drip(bytes);
  else connection.write(bytes);
  const { answers, interim } = await readAnswers(connection, expected, options.toHead === true);
  expect(answers).toHaveLength(expected);
  for (const answer of answers) checkAnswer(answer);
  const isClosed = await isInStep(connection);
  connection.destroy();
  await eventually(() => expect(requestLines(stack, firstLine)).toHaveLength(lines));
  expect((await stack.get('/health', { 'x-correlation-id': SENTINEL })).status).toBe(200);
  const after = counts(stack);
  const [answer = NO_ANSWER] = answers;
  return {
    answer,
    answers,
    interim,
    isClosed,
    hits: after.hits - before.hits,
    tokenRequests: after.tokenRequests - before.tokenRequests,
    log: requestLines(stack, firstLine),
    problem: parse(answer.body),
  };
}

/** Attacks that must be refused with one of these statuses, and of which no upstream may hear. */
export async function refused(
  stack: FlowgateStack,
  bytes: string,
  statuses: number | readonly number[],
  options: AttackOptions = {},
): Promise<Aftermath> {
  const aftermath = await attack(stack, bytes, options);
  expect([statuses].flat()).toContain(aftermath.answer.status);
  expect({ hits: aftermath.hits, tokenRequests: aftermath.tokenRequests }).toEqual({ hits: 0, tokenRequests: 0 });
  return aftermath;
}

/** The log lines of requests, without those that the attacks send to see whether the server lives. */
export function requestLines({ logLines }: FlowgateStack, from = 0): Record<string, unknown>[] {
  return logLines
    .slice(from)
    .filter(({ msg, correlationId }) => REQUEST_LINES.includes(String(msg)) && correlationId !== SENTINEL);
}

/** The one value of a header. */
export function headerOf({ headers }: RawAnswer, name: string): string | undefined {
  const values = headers.get(name);
  expect(values?.length ?? 0).toBeLessThan(2);
  return values?.[0];
}

/** The request that the integration runtime has seen last. */
export function lastSeen(stack: FlowgateStack, upstream: 'integration' | 'workflow' = 'integration') {
  const last = stack.sandbox.control.lastRequest(upstream);
  if (!last) throw new Error(`${upstream} has seen nothing`);
  return last;
}

const SENTINEL = 'sentinel';

const NO_ANSWER: RawAnswer = { status: 0, headers: new Map(), body: Buffer.alloc(0) };

async function readAnswers(connection: RawConnection, expected: number, toHead: boolean) {
  const answers: RawAnswer[] = [];
  const interim: number[] = [];
  while (answers.length < expected) {
    const answer = await connection.answer(toHead);
    if (answer === undefined) break;
    if (answer.status < 200) interim.push(answer.status);
    else answers.push(answer);
  }
  return { answers, interim };
}

/**
 * Sends one more request on the connection: its answer comes next, or none because the connection is closed. A further
 * answer to the attack would come before it.
 *
 * @returns whether the connection is closed
 */
async function isInStep(connection: RawConnection): Promise<boolean> {
  connection.write(message('GET /health', [`X-Correlation-ID: ${SENTINEL}`]));
  const answer = await connection.answer();
  expect(connection.pending.toString('latin1')).toBe('');
  if (answer === undefined) return true;
  expect([answer.status, headerOf(answer, 'x-correlation-id')]).toEqual([200, SENTINEL]);
  return false;
}

/** Every error that we make is a problem document; what the parser refuses is bare, and the connection is closed. */
function checkAnswer(answer: RawAnswer): void {
  if (answer.status < 400) return;
  if (!answer.headers.has('content-type')) {
    expect(BARE_STATUSES).toContain(answer.status);
    expect(answer.body).toHaveLength(0);
    expect(headerOf(answer, 'connection')).toBe('close');
    return;
  }
  expect(headerOf(answer, 'content-type')).toBe('application/problem+json');
  expect(headerOf(answer, 'cache-control')).toBe('no-store');
  expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff');
  if (answer.body.length === 0) return; // to HEAD
  expect(parse(answer.body)).toMatchObject({
    status: answer.status,
    code: expect.any(String),
    correlationId: headerOf(answer, 'x-correlation-id'),
    detail: expect.any(String),
    hint: expect.any(String),
  });
}

function counts({ sandbox }: FlowgateStack): { hits: number; tokenRequests: number } {
  const { requests, tokenRequests } = sandbox.control.counters();
  const { authorizationServer: _tokens, ...upstreams } = requests;
  const perUpstream = Object.values(upstreams).flatMap((perRoute) => Object.values(perRoute));
  return { hits: perUpstream.reduce((sum, count) => sum + count, 0), tokenRequests };
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
