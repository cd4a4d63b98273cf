import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection, type RawAnswer } from '../support/raw-http.ts';
import { answer, echo, RawUpstream, type ReceivedRequest } from '../support/raw-upstream.ts';

/**
 * What holds for any headers, any path and any body: ten thousand random ones in each run. A failure prints its seed, and
 * the smallest example that fails.
 */

/** On a machine that is busy elsewhere. */
jest.setTimeout(60_000);

let upstream: RawUpstream;

beforeAll(async () => {
  upstream = await RawUpstream.start(echo());
});

const stack = useFlowgate({
  env: { INTEGRATION_FLOWS: '' },
  file: (sandbox) => {
    const { tokenurl: url, clientid: clientId, clientsecret: clientSecret } = sandbox.serviceKeys.integration.oauth;
    const token = JSON.stringify({ url, clientId, clientSecret });
    return `
services:
  cpi:
    kind: sap-integration
    url: ${upstream.origin}
    token: ${token}
    flows: { any: { address: /http/any, methods: [GET, POST], subpaths: true, csrf: off, headers: [X-Listed] } }
  api:
    kind: http
    url: ${upstream.origin}/base
    token: ${token}
    routes: [GET /things/:id -> /v2/things/:id, GET /things/:id/parts/:part -> /v2/:part/of/:id, GET /files/** -> /files/**]
  engine:
    kind: sap-workflow
    url: ${upstream.origin}
    token: ${token}
limits: { concurrency: 1000, perService: 1000 }
`;
  },
});

/** Connections that stay open from one request to the next, as long as the server lets them. */
const lanes: (RawConnection | undefined)[] = [];
const LANES = 10;

afterAll(async () => {
  for (const lane of lanes) lane?.destroy();
  await upstream.close();
});

/** Writes one request on its own connection, in these pieces, and takes its answer. */
async function send(lane: number, pieces: readonly (string | Buffer)[]): Promise<RawAnswer | undefined> {
  const old = lanes[lane];
  const connection = old === undefined || old.isClosed ? await RawConnection.open(stack.port) : old;
  lanes[lane] = connection;
  for (const [at, piece] of pieces.entries()) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    connection.write(piece);
  }
  const answer = await connection.answer();
  if (answer === undefined || answer.headers.get('connection')?.[0] === 'close') {
    connection.destroy();
    lanes[lane] = undefined;
  }
  return answer;
}

interface Exchange<T> {
  readonly sent: T;
  readonly answer: RawAnswer | undefined;
  /** The requests that the upstream got for it. */
  readonly received: readonly ReceivedRequest[];
}

let requests = 0;

/** Sends one request for each input, all at once, and finds out by a mark in each what came of it upstream. */
async function exchangeAll<T>(
  inputs: readonly T[],
  pieces: (input: T, mark: string) => readonly (string | Buffer)[],
  isMarked: (received: ReceivedRequest, mark: string) => boolean,
): Promise<Exchange<T>[]> {
  upstream.requests.length = 0;
  const marks = inputs.map(() => `m${(requests += 1)}`);
  const answers = await Promise.all(inputs.map((input, at) => send(at % LANES, pieces(input, marks[at] ?? ''))));
  stack.logLines.length = 0;
  return inputs.map((sent, at) => ({
    sent,
    answer: answers[at],
    received: upstream.requests.filter((received) => isMarked(received, marks[at] ?? '')),
  }));
}

/** An error is told to the caller alone; anything else went upstream once. */
function isForwarded({ answer, received }: Exchange<unknown>): boolean {
  expect(answer?.status).toBeDefined();
  const status = answer?.status ?? 0;
  expect([status, status < 500, status < 500 ? '' : String(answer?.body)]).toEqual([status, true, '']);
  expect(received).toHaveLength(status < 400 ? 1 : 0);
  return status < 400;
}

function batches<T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: LANES, maxLength: LANES });
}

/* Headers */

const LISTED = new Set([
  'content-type',
  'content-encoding',
  'accept',
  'accept-language',
  'sap_applicationid',
  'sap_messagetype',
  'sap_sender',
  'sap_receiver',
  'x-listed',
]);
const OURS = [
  'authorization',
  'host',
  'traceparent',
  'user-agent',
  'via',
  'x-correlation-id',
  'connection',
  'content-length',
];

const names = fc.oneof(
  fc.constantFrom(...LISTED, ...OURS, 'cookie', 'x-forwarded-for', 'forwarded', 'x-real-ip', 'proxy-authorization'),
  fc.constantFrom('keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings', 'x-csrf-token', 'x-http-method-override'),
  fc.constantFrom('content_type', 'x_listed', 'sap-sender', '__proto__', 'constructor', 'accept-encoding', 'range'),
  fc.constantFrom('x-tenant', 'x-user-id', 'x-approuter-authorization', 'x-ias-token', 'tracestate', 'origin'),
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,16}$/),
);
const cased = fc.tuple(names, fc.nat(2)).map(([name, how]) => [name, name.toUpperCase(), titled(name)][how] ?? name);
const values = fc.oneof(
  fc.stringMatching(/^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?)?$/),
  fc.constantFrom('close', 'keep-alive', 'upgrade', 'chunked', 'trailers', '100-continue', 'Bearer evil', 'evil=1'),
  fc.array(names, { minLength: 1, maxLength: 4 }).map((list) => list.join(', ')),
);
const headerSets = fc.array(fc.tuple(cased, values), { maxLength: 12 });

function titled(name: string): string {
  return name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** The values of a header as one text, as RFC 9110, section 5.3, joins them. */
function joined(headers: readonly (readonly [string, string])[], name: string): string {
  return headers
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, value]) => value)
    .join(', ');
}

describe('any headers', () => {
  it('reach an upstream only as far as the route lists them, with our one token', async () => {
    const request = (headers: readonly (readonly [string, string])[], mark: string): string[] => [
      [
        `POST /api/cpi/flows/any/${mark} HTTP/1.1`,
        'Host: flowgate.example',
        `X-API-Key: ${API_KEY}`,
        'Content-Length: 2',
        ...headers.map(([name, value]) => `${name}: ${value}`),
        '',
        '{}',
      ].join('\r\n'),
    ];
    let forwarded = 0;
    await fc.assert(
      fc.asyncProperty(batches(headerSets), async (sets) => {
        const exchanges = await exchangeAll(sets, request, ({ path }, mark) => path.endsWith(`/${mark}`));
        for (const exchange of exchanges) {
          if (!isForwarded(exchange)) continue;
          forwarded += 1;
          const [received] = exchange.received;
          const given = (received?.rawHeaders ?? []).filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
          expect(given.filter((name) => !LISTED.has(name) && !OURS.includes(name))).toEqual([]);
          expect(new Set(given).size).toBe(given.length);
          expect(received?.headers.authorization).toMatch(/^Bearer eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
          expect(received?.headers.host).toBe(new URL(upstream.origin).host);
          expect(received?.body.toString()).toBe('{}');
          for (const name of given.filter((one) => LISTED.has(one)))
            expect(received?.headers[name]).toBe(joined(exchange.sent, name).replaceAll(/^[ \t]+|[ \t]+$/g, ''));
        }
      }),
      { numRuns: 350 },
    );
    expect(forwarded).toBeGreaterThan(500);
  });
});

/* Paths */

const PIECES = [
  '..',
  '.',
  '...',
  '%2e',
  '%2E%2e',
  '%2f',
  '/',
  '//',
  '%5c',
  '\\',
  '%00',
  '%0d%0a',
  '%25',
  '%252e',
  ';',
  '%3b',
  '#',
];
const WORDS = [
  'a',
  'Z9',
  '-',
  '_',
  '~',
  '@',
  ':',
  '=',
  '&',
  '+',
  '%20',
  '%c3%a9',
  '%ff',
  '%C0%AE',
  '%',
  '%zz',
  '%u002e',
  '!',
  "'",
  '(',
];
const segments = fc.oneof(
  fc.array(fc.constantFrom(...PIECES, ...WORDS), { minLength: 1, maxLength: 6 }).map((list) => list.join('')),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map(encodeURIComponent),
  fc.string({ unit: 'binary', maxLength: 12 }).filter(isWellFormed).map(encodeURIComponent),
  fc.stringMatching(/^[\x21-\x7e]{1,16}$/).filter((text) => !text.includes('?')),
);

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** The path below the routes, and what it becomes upstream. */
const routes: readonly [own: string, upstream: string][] = [
  ['/api/cpi/flows/any/', '/http/any/'],
  ['/api/api/things/', '/base/v2/things/'],
  ['/api/api/files/', '/base/files/'],
  ['/api/engine/instances/', '/workflow/rest/v1/workflow-instances/'],
];

describe('any text in a path', () => {
  beforeAll(() => upstream.behave(answer(200, { 'content-type': 'application/json' }, '{}')));

  it('is refused, or goes upstream as the one segment that it is, encoded', async () => {
    const request = ([route, text]: readonly [number, string], mark: string): string[] => [
      `GET ${routes[route]?.[0] ?? ''}${text} HTTP/1.1\r\nHost: flowgate.example\r\nX-API-Key: ${API_KEY}\r\nX-Correlation-ID: ${mark}\r\n\r\n`,
    ];
    let forwarded = 0;
    await fc.assert(
      fc.asyncProperty(batches(fc.tuple(fc.nat(routes.length - 1), segments)), async (paths) => {
        const exchanges = await exchangeAll(
          paths,
          request,
          ({ headers }, mark) => headers['x-correlation-id'] === mark,
        );
        for (const exchange of exchanges) {
          if (!isForwarded(exchange)) continue;
          forwarded += 1;
          const [route, text] = exchange.sent;
          const decoded = text.split('/').map(decodeURIComponent);
          for (const one of decoded) expect(one).toMatch(/^(?! *\.[. ]*(?:;|$))[^\p{Cc}/\\%]+$/u);
          const expected = `${routes[route]?.[1] ?? ''}${decoded.map(encodeURIComponent).join('/')}`;
          expect(exchange.received.map(({ path }) => path)).toEqual([expected]);
        }
      }),
      { numRuns: 350 },
    );
    expect(forwarded).toBeGreaterThan(500);
  });

  it('stays in its place among others', async () => {
    const request = ([id, part]: readonly [string, string], mark: string): string[] => [
      `GET /api/api/things/${id}/parts/${part} HTTP/1.1\r\nHost: flowgate.example\r\nX-API-Key: ${API_KEY}\r\nX-Correlation-ID: ${mark}\r\n\r\n`,
    ];
    await fc.assert(
      fc.asyncProperty(batches(fc.tuple(segments, segments)), async (pairs) => {
        const exchanges = await exchangeAll(
          pairs,
          request,
          ({ headers }, mark) => headers['x-correlation-id'] === mark,
        );
        for (const exchange of exchanges) {
          if (!isForwarded(exchange)) continue;
          const [id, part] = exchange.sent.map((text) => encodeURIComponent(decodeURIComponent(text)));
          expect(exchange.received.map(({ path }) => path)).toEqual([`/base/v2/${part ?? ''}/of/${id ?? ''}`]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

const targetParts = ['http:', '//', '/', '@', '[', ']', '[::1', '#', '?', '\\', '%', ':', 'a', '99999', '.', ';', '*'];
const targets = fc
  .tuple(fc.constantFrom('/', '//', 'http://', 'a:', '*'), fc.array(fc.constantFrom(...targetParts), { maxLength: 7 }))
  .map(([start, rest]) => [start, ...rest].join(''));

describe('any target of a request', () => {
  it('gets an answer of our own, or the bare one of the parser: no library answers in our place', async () => {
    const request = (target: string, mark: string): string[] => [
      `GET ${target} HTTP/1.1\r\nHost: flowgate.example\r\nX-API-Key: ${API_KEY}\r\nX-Correlation-ID: ${mark}\r\n\r\n`,
    ];
    let ours = 0;
    await fc.assert(
      fc.asyncProperty(batches(targets), async (sent) => {
        const exchanges = await exchangeAll(sent, request, () => false);
        for (const { answer } of exchanges) {
          if (answer?.status === 400 && answer.body.length === 0) continue;
          ours += 1;
          expect(answer?.headers.get('content-type')).toEqual(['application/problem+json']);
          expect(answer?.headers.get('x-correlation-id')?.[0]).toMatch(/^m\d+$/);
        }
      }),
      { numRuns: 100 },
    );
    expect(ours).toBeGreaterThan(200);
  });
});

/* Bodies */

interface SentBody {
  readonly bytes: Uint8Array;
  readonly isChunked: boolean;
  /** Where the chunks, and where the packets end. */
  readonly cuts: readonly number[];
}

const bodies = fc.record({
  bytes: fc.uint8Array({ maxLength: 600 }),
  isChunked: fc.boolean(),
  cuts: fc.array(fc.nat(700), { maxLength: 5 }),
});

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => Math.min(place, bytes.length)))].sort((one, other) => one - other);
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
}

function framed({ bytes, isChunked, cuts }: SentBody): Buffer {
  if (!isChunked) return Buffer.from(bytes);
  const chunks = cut(Buffer.from(bytes), cuts).filter((chunk) => chunk.length > 0);
  const lines = chunks.map((chunk) =>
    Buffer.concat([Buffer.from(`${chunk.length.toString(16)};x=1\r\n`), chunk, Buffer.from('\r\n')]),
  );
  return Buffer.concat([...lines, Buffer.from('0\r\nX-T: 1\r\n\r\n')]);
}

describe('any body', () => {
  beforeAll(() => upstream.behave(echo()));

  it('goes to a flow and comes back as it was, however it was cut', async () => {
    const request = (body: SentBody, mark: string): Buffer[] => {
      const framing = body.isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.bytes.length}`;
      const head = `POST /api/cpi/flows/any/${mark} HTTP/1.1\r\nHost: flowgate.example\r\nX-API-Key: ${API_KEY}\r\n${framing}\r\n\r\n`;
      return cut(Buffer.concat([Buffer.from(head), framed(body)]), body.cuts);
    };
    await fc.assert(
      fc.asyncProperty(batches(bodies), async (sent) => {
        const exchanges = await exchangeAll(sent, request, ({ path }, mark) => path.endsWith(`/${mark}`));
        for (const exchange of exchanges) {
          expect(isForwarded(exchange)).toBe(true);
          const bytes = Buffer.from(exchange.sent.bytes);
          expect(exchange.received.map(({ body }) => body.equals(bytes))).toEqual([true]);
          expect(exchange.answer?.body.equals(bytes)).toBe(true);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('of JSON goes into a start byte for byte', async () => {
    const documents = fc
      .tuple(fc.json(), fc.constantFrom('', ' ', '\n\t'))
      .map(([json, blank]) => `{${blank}"a":${blank}${json}}${blank}`);
    const request = (body: string, mark: string): string[] => {
      const bytes = Buffer.from(body);
      return [
        `POST /api/engine/definitions/d/instances HTTP/1.1\r\nHost: flowgate.example\r\nX-API-Key: ${API_KEY}\r\nX-Correlation-ID: ${mark}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`,
      ];
    };
    upstream.behave(async ({ response, readBody }) => {
      await readBody();
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end('{"id":"1","definitionId":"d","status":"RUNNING"}');
    });
    await fc.assert(
      fc.asyncProperty(batches(documents), async (sent) => {
        const exchanges = await exchangeAll(sent, request, ({ headers }, mark) => headers['x-correlation-id'] === mark);
        for (const exchange of exchanges) {
          expect(isForwarded(exchange)).toBe(true);
          const body = exchange.received[0]?.body.toString();
          expect(body).toBe(`{"definitionId":"d","context":${exchange.sent}}`);
        }
      }),
      { numRuns: 80 },
    );
  });
});
