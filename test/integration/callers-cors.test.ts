import { describe, expect, it } from '@jest/globals';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

/** Listed in `CORS_ORIGINS`. */
const APP = 'https://app.example.com';
/** Listed by the caller `intranet` alone. */
const INTRANET = 'https://intranet.example.com:8443';
/** Our own pages. */
const OWN = 'https://flowgate.example.com';
const EVIL = 'https://evil.example';

const INTRANET_KEY = 'intranet-key-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';
const LIST = '/api/workflow/definitions';

const stack = useFlowgate({
  env: { CORS_ORIGINS: APP, PUBLIC_URL: OWN },
  file: () => `
services:
  integration:
    kind: sap-integration
    flows: { special: { address: /http/special, headers: [X-Order-Source] } }
callers:
  intranet:
    apiKeys: [${INTRANET_KEY}]
    origins: ["${INTRANET}"]
    allow: ["* /api/**"]
limits: { body: 1kb }
`,
});

type Headers = Readonly<Record<string, string>>;

const KEY: Headers = { 'x-api-key': API_KEY };
const JSON_TYPE: Headers = { 'content-type': 'application/json' };

function get(headers: Headers, path = LIST): Promise<PlainAnswer> {
  return plainRequest(`${stack.url}${path}`, 'GET', headers);
}

function start(headers: Headers, body = '{}'): Promise<PlainAnswer> {
  return plainRequest(`${stack.url}${START}`, 'POST', { ...JSON_TYPE, ...headers }, body);
}

function preflight(headers: Headers, path = START): Promise<PlainAnswer> {
  return plainRequest(`${stack.url}${path}`, 'OPTIONS', {
    origin: APP,
    'access-control-request-method': 'POST',
    ...headers,
  });
}

function upstreamRequests(): number {
  const { requests } = stack.sandbox.control.counters();
  return Object.values(requests.workflow).reduce((sum, count) => sum + count, 0);
}

/** Names that a browser would let a page see or do something by. */
function corsHeaders({ headers }: PlainAnswer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

describe('an allowed origin', () => {
  it('may read answers, by its exact name and without credentials mode (E-04)', async () => {
    const { status, headers } = await get({ ...KEY, origin: APP });
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(APP);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('may read the headers that the contract names', async () => {
    const { headers } = await get({ ...KEY, origin: APP });
    expect(headers['access-control-expose-headers']?.split(', ')).toEqual([
      'Location',
      'X-Total-Count',
      'Retry-After',
      'x-correlation-id',
      'Idempotent-Replayed',
      'RateLimit',
    ]);
  });

  it('may write', async () => {
    expect((await start({ ...KEY, origin: APP, 'sec-fetch-site': 'cross-site' })).status).toBe(201);
  });

  it.each([
    ['401', { origin: APP }, '{}', 401],
    ['413', { ...KEY, origin: APP }, JSON.stringify({ a: 'x'.repeat(2000) }), 413],
    ['415', { ...KEY, origin: APP, 'content-type': 'text/plain' }, '{}', 415],
    ['400 of two credentials', { ...KEY, authorization: 'Bearer x', origin: APP }, '{}', 400],
  ] as const)('may read a %s (E-07)', async (_, headers, body, status) => {
    const answer = await start(headers, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
  });

  it('may read a 502 (E-07)', async () => {
    stack.sandbox.control.fail({ upstream: 'workflow' });
    const answer = await get({ ...KEY, origin: APP });
    expect(answer.status).toBe(502);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
  });
});

describe('every answer', () => {
  it.each([
    ['without an origin', KEY],
    ['to an allowed origin', { ...KEY, origin: APP }],
    ['to a foreign origin', { ...KEY, origin: EVIL }],
  ])('%s says that it depends on the origin', async (_, headers) => {
    expect((await get(headers)).headers.vary).toBe('Origin');
  });
});

describe('a foreign origin', () => {
  const lookalikes = [
    EVIL,
    'null',
    'https://app.example.com.evil.com',
    'https://evilapp.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'https://app.example.com.',
    'https://app.example.com%60.evil',
    'https://app.example.com/',
    `${APP}, ${APP}`,
    '*',
    '',
  ];

  it.each(lookalikes)('%j is answered a read without CORS headers (E-01, E-03)', async (origin) => {
    const answer = await get({ ...KEY, origin });
    expect(answer.status).toBe(200);
    expect(corsHeaders(answer)).toEqual([]);
  });

  it.each(lookalikes)('%j may not write (E-01, E-02, E-03)', async (origin) => {
    const answer = await start({ ...KEY, origin });
    expect(answer).toMatchObject({ status: 403, json: { code: 'origin-not-allowed', source: 'caller' } });
    expect(corsHeaders(answer)).toEqual([]);
    expect(upstreamRequests()).toBe(0);
  });

  it('may not write, and is told so before anything else is looked at', async () => {
    const answer = await plainRequest(`${stack.url}/nowhere`, 'DELETE', { origin: EVIL });
    expect(answer.json).toMatchObject({ code: 'origin-not-allowed' });
  });

  it('that a browser calls cross-site may not write, even if it sends no Origin', async () => {
    expect((await start({ ...KEY, 'sec-fetch-site': 'cross-site' })).json).toMatchObject({
      code: 'origin-not-allowed',
    });
  });
});

describe('a write that no other site has caused', () => {
  it.each([
    ['from a program', {}],
    ['from our own page', { origin: OWN, 'sec-fetch-site': 'same-origin' }],
    ['that a person typed', { 'sec-fetch-site': 'none' }],
  ])('%s goes on', async (_, headers) => {
    expect((await start({ ...KEY, ...headers })).status).toBe(201);
  });

  it('of our own page gets no CORS headers, for it needs none', async () => {
    expect(corsHeaders(await start({ ...KEY, origin: OWN }))).toEqual([]);
  });
});

describe('a caller with origins of its own', () => {
  const key = { 'x-api-key': INTRANET_KEY };

  it('may be called from them', async () => {
    const answer = await start({ ...key, origin: INTRANET });
    expect(answer.status).toBe(201);
    expect(answer.headers['access-control-allow-origin']).toBe(INTRANET);
  });

  it('may be called from no page at all, and from our own', async () => {
    expect((await start(key)).status).toBe(201);
    expect((await start({ ...key, origin: OWN })).status).toBe(201);
  });

  it('may not write from an origin that is allowed to others', async () => {
    const answer = await start({ ...key, origin: APP });
    expect(answer).toMatchObject({ status: 403, json: { code: 'origin-not-allowed' } });
    expect(upstreamRequests()).toBe(0);
  });

  it.each([
    ['an answer', LIST, 200],
    ['a problem', '/api/workflow/nowhere', 404],
    ['a document', '/openapi.json', 200],
    ["a refusal of operators' facts", '/status', 403],
  ])('reads from an origin that is allowed to others, whose pages cannot see %s', async (_, path, status) => {
    const answer = await get({ ...key, origin: APP }, path);
    expect(answer.status).toBe(status);
    expect(corsHeaders(answer)).toEqual([]);
    expect(answer.headers.vary).toBe('Origin');
  });

  it('does not lend its origins to others', async () => {
    expect((await start({ ...KEY, origin: INTRANET })).json).toMatchObject({ code: 'origin-not-allowed' });
    expect(corsHeaders(await get({ ...KEY, origin: INTRANET }))).toEqual([]);
  });
});

describe('a preflight', () => {
  it('is answered without a credential, with exact and bounded headers (E-06)', async () => {
    const answer = await preflight({ 'access-control-request-headers': 'content-type,idempotency-key,x-api-key' });
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
    expect(answer.headers['access-control-allow-methods']).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
    expect(Number(answer.headers['access-control-max-age'])).toBeLessThanOrEqual(7200);
    expect(answer.headers.vary).toBe('Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
    expect(upstreamRequests()).toBe(0);
  });

  it.each(['authorization', 'prefer', 'SAP_ApplicationID', 'x-order-source', 'X-API-Key', 'content-encoding'])(
    'grants the header %s',
    async (name) => {
      const { headers } = await preflight({ 'access-control-request-headers': name });
      expect(headers['access-control-allow-headers']?.toLowerCase().split(', ')).toContain(name.toLowerCase());
    },
  );

  it.each([
    ['a header that no route takes', { 'access-control-request-headers': 'content-type, x-csrf-token' }],
    ['ten kilobytes of headers', { 'access-control-request-headers': 'x-a,'.repeat(2500) }],
    ['a method that no route takes', { 'access-control-request-method': 'TRACE' }],
    ['a method in lower case', { 'access-control-request-method': 'post' }],
  ])('for %s grants nothing (E-05)', async (_, headers) => {
    const answer = await preflight(headers);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-methods']).toBeUndefined();
    expect(answer.headers['access-control-allow-headers']).toBeUndefined();
  });

  it('from a foreign origin is refused with the cure (E-05)', async () => {
    const answer = await preflight({ origin: EVIL });
    expect(answer).toMatchObject({ status: 403, json: { code: 'origin-not-allowed' } });
    expect(JSON.stringify(answer.json)).toContain('CORS_ORIGINS');
    expect(corsHeaders(answer)).toEqual([]);
  });

  it('never opens a private network to public pages (E-14)', async () => {
    const answer = await preflight({ 'access-control-request-private-network': 'true' });
    expect(corsHeaders(answer).some((name) => name.includes('network'))).toBe(false);
  });
});

describe('a form of a web page', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s is not taken for JSON (E-08, E-09)',
    async (type) => {
      expect((await start({ ...KEY, 'content-type': type })).json).toMatchObject({ code: 'unsupported-media-type' });
      expect(upstreamRequests()).toBe(0);
    },
  );

  it('carries no credential: nothing travels by itself (E-10)', async () => {
    const headers = { origin: APP, cookie: `key=${API_KEY}` };
    expect((await plainRequest(`${stack.url}${START}`, 'POST', headers)).status).toBe(401);
  });
});
