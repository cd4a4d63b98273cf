import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { useFlowgate } from '../support/flowgate-stack.ts';
import { rawStatus } from '../support/raw-status.ts';

const stack = useFlowgate({
  file: ({ httpApi }) => `
services:
  catalogue:
    kind: http
    url: ${httpApi.url}
    token: { url: "${httpApi.tokenUrl}", clientId: ${httpApi.clientId}, clientSecret: "${httpApi.clientSecret}" }
    headers: [X-Tenant]
    responseHeaders: [X-Total-Count]
    maxBody: 5mb
    timeout: 2s
    routes:
      - GET /products -> /v2/products
      - GET /products/:id -> /v2/products/:id
      - POST /orders -> /v2/orders
      - GET /orders/:id -> /v2/orders/:id
      - PUT /orders/:id -> /v2/orders/:id
      - PATCH /orders/:id -> /v2/orders/:id
      - DELETE /orders/:id -> /v2/orders/:id
      - GET /files/** -> /v2/files/store/**
      - POST /files/:a/:b -> /v2/files/:b/fixed/:a
      - GET /secrets -> /v2/secrets
  wrong-secret:
    kind: http
    url: ${httpApi.url}
    token: { url: "${httpApi.tokenUrl}", clientId: ${httpApi.clientId}, clientSecret: wrong }
    routes: [GET /products -> /v2/products]
callers:
  limited: { apiKeys: [limited-key-0123456789], allow: ["GET /api/catalogue/products/HT-2000"] }
`,
});
beforeAll(() => stack.secrets.plantAllOf('http API', stack.sandbox.httpApi));

function seen() {
  const last = stack.sandbox.control.lastRequest('httpApi');
  if (last === undefined) throw new Error('the API has seen nothing');
  return last;
}

/** Requests that the API has got, without those for tokens. */
function apiRequests(): number {
  const perRoute = Object.entries(stack.sandbox.control.counters().requests.httpApi);
  return perRoute.reduce((sum, [route, count]) => sum + (route.includes('/realms/') ? 0 : count), 0);
}

describe('a route', () => {
  it("answers with the API's own status, body and type", async () => {
    const answer = await stack.get('/api/catalogue/products/HT-2000');
    expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ id: 'HT-2000', price: 249.99 })]);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('takes a segment whatever the API calls its things, encoded again', async () => {
    await stack.get('/api/catalogue/products/a%20b%3Fc%23d%26e%3B%C3%A9%3A@');
    expect(seen().path).toBe('/v2/products/a%20b%3Fc%23d%26e%3B%C3%A9%3A%40');
  });

  it('may put its names in another order', async () => {
    const answer = await stack.post('/api/catalogue/files/x/y%20z', 'text', { 'content-type': 'text/plain' });
    expect(answer.json.path).toBe('/v2/files/y%20z/fixed/x');
  });

  it('takes the rest of a path where it ends with **', async () => {
    expect((await stack.get('/api/catalogue/files/a/b%20c/d')).json.path).toBe('/v2/files/store/a/b%20c/d');
  });

  it('sends the query on, name by name, encoded again', async () => {
    const answer = await stack.get('/api/catalogue/products?a=1&a=2&b%20c=%C3%A9%26&__proto__=x&e=&f');
    expect(answer.json.query).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b c', 'é&'],
      ['__proto__', 'x'],
      ['e', ''],
      ['f', ''],
    ]);
  });

  it('answers HEAD where it answers GET', async () => {
    const answer = await stack.send('HEAD', '/api/catalogue/products/HT-2000');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('changes and deletes', async () => {
    const { json } = await stack.post('/api/catalogue/orders', '{"product":"HT-2000"}');
    const path = `/api/catalogue/orders/${json.id}`;
    expect((await stack.send('PUT', path, '{"product":"B"}')).json.order).toEqual({ product: 'B' });
    expect((await stack.send('PATCH', path, '{"product":"C"}')).json.order).toEqual({ product: 'C' });
    expect((await stack.send('DELETE', path)).status).toBe(204);
    expect((await stack.get(path)).status).toBe(404);
  });

  it('that is not configured does not exist', async () => {
    for (const path of ['', '/orders', '/v2/products', '/products/a/b', '/Products', '/files'])
      expect([404, 405]).toContain((await stack.get(`/api/catalogue${path}`)).status);
    const refused = await stack.send('DELETE', '/api/catalogue/products/HT-2000');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(apiRequests()).toBe(0);
  });

  it('is granted by its decoded path', async () => {
    const key = { 'x-api-key': 'limited-key-0123456789' };
    expect((await stack.get('/api/catalogue/products/HT-2000', key)).status).toBe(200);
    expect((await stack.get('/api/catalogue/products/HT-200%30', key)).status).toBe(200);
    expect((await stack.get('/api/catalogue/products/HT-2001', key)).status).toBe(403);
  });
});

describe('a path that means something else to a server behind', () => {
  it.each([
    'products/..%2f..%2fadmin',
    'products/%2e%2e%2fadmin',
    'products/%2e%2e',
    'products/.%2E',
    'products/..',
    'products/.',
    'products/%252e%252e%252f',
    'products/%25252e',
    'products/a%5cb',
    'products/a\\b',
    'products/a%00b',
    'products/%0d%0aX-Evil:1',
    'products/%zz',
    'products/%',
    'products/a/../b',
    'products/',
    'products//',
    '/evil.example/x',
    'products/x#@evil',
    'files/a/..',
    'files/a/%2e%2e/b',
    'files/..%2fb',
    'files/a//b',
    'files/a%00',
    'files/a/',
    'products;x=1/a',
    '%70roducts/a',
  ])('is refused: %s', async (path) => {
    expect([400, 404]).toContain(await rawStatus(stack.port, `/api/catalogue/${path}`));
    expect(apiRequests()).toBe(0);
  });

  it('never gets there: any segment is either refused, or is that segment encoded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
          fc.constantFrom('..', '.', '../x', '%2e%2e', 'a/b'),
        ),
        async (segment) => {
          await stack.sandbox.control.reset();
          let encoded: string;
          try {
            encoded = encodeURIComponent(segment).replaceAll('.', '%2E');
          } catch {
            return; // half of a surrogate pair
          }
          const status = await rawStatus(stack.port, `/api/catalogue/products/${encoded}`);
          if (apiRequests() === 0) expect([400, 404]).toContain(status);
          else expect(seen().path).toBe(`/v2/products/${encodeURIComponent(segment)}`);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a body', () => {
  it('may be of any type, and arrives byte for byte', async () => {
    const body = randomBytes(5000);
    const answer = await stack.post('/api/catalogue/files/a/b', body, { 'content-type': 'application/edi-x12' });
    expect(answer.json).toMatchObject({ bytes: 5000, sha256: sha256(body) });
    expect(answer.json.headers).toMatchObject({ 'content-type': 'application/edi-x12', 'content-length': '5000' });
  });

  it('is streamed when it is large, and refused beyond maxBody', async () => {
    const body = randomBytes(4 * 1024 * 1024);
    expect((await stack.post('/api/catalogue/files/a/b', body)).json).toMatchObject({ sha256: sha256(body) });
    const tooLarge = await stack.post('/api/catalogue/files/a/b', Buffer.alloc(5 * 1024 * 1024 + 1));
    expect(tooLarge.json).toMatchObject({ status: 413, code: 'payload-too-large' });
  });

  it('is not taken by GET', async () => {
    const status = await rawStatus(stack.port, '/api/catalogue/products', 'content-length: 2\r\n', '{}');
    expect([status, apiRequests()]).toEqual([400, 0]);
  });
});

describe('headers', () => {
  it('that reach the API are those of the list, and the one token', async () => {
    const { json } = await stack.post('/api/catalogue/files/a/b', '{}', {
      accept: 'text/xml',
      'accept-language': 'de',
      'x-tenant': 'own',
      authorization2: 'x',
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      'x-user-id': 'root',
      'if-match': '"1"',
      range: 'bytes=0-1',
      SAP_Sender: 'A',
    });
    expect(Object.keys(json.headers).sort()).toEqual(
      [
        'accept',
        'accept-language',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'traceparent',
        'user-agent',
        'via',
        'x-correlation-id',
        'x-tenant',
      ].sort(),
    );
    expect(json.headers.authorization).toBe('Bearer [token]');
  });

  it('that come back are those of the list', async () => {
    const { headers } = await stack.post('/api/catalogue/orders', '{"product":"HT-2000"}');
    for (const name of ['location', 'set-cookie', 'x-powered-by', 'x-vcap-request-id'])
      expect(headers.get(name)).toBe(null);
    const list = await stack.get('/api/catalogue/products');
    expect([list.headers.get('x-total-count'), list.headers.get('etag')]).toEqual(['2', null]);
  });
});

describe("the API's refusals", () => {
  it('pass as they are', async () => {
    const refused = await stack.post('/api/catalogue/orders', '{}');
    expect([refused.status, refused.json]).toEqual([422, { message: 'An order needs a product.' }]);
    const missing = await stack.get('/api/catalogue/products/none');
    expect([missing.status, missing.json]).toEqual([404, { message: 'There is nothing here.' }]);
  });

  it('pass with their pause', async () => {
    stack.sandbox.control.rateLimit({ upstream: 'httpApi', path: '/v2', retryAfter: 7 });
    const answer = await stack.get('/api/catalogue/products');
    expect([answer.status, answer.text, answer.headers.get('retry-after')]).toEqual([429, 'Too Many Requests', '7']);
  });

  it('of our token are met with a fresh one', async () => {
    await stack.get('/api/catalogue/products');
    stack.sandbox.control.expireTokens();
    expect((await stack.post('/api/catalogue/orders', '{"product":"x"}')).status).toBe(201);
  });

  it.each([
    [401, {}, 'token-rejected', 502],
    [403, {}, 'authority-missing', 502],
    [404, { 'X-Cf-RouterError': 'unknown_route' }, 'upstream-unreachable', 502],
    [302, { Location: 'https://evil.example/' }, 'upstream-redirected', 502],
    [304, {}, 'upstream-redirected', 502],
    [500, {}, 'upstream-failed', 502],
    [503, {}, 'upstream-unavailable', 503],
  ])('with %i are problems', async (status, headers, code, shown) => {
    stack.sandbox.control.answer({ upstream: 'httpApi', path: '/v2', status, headers, body: 'internal text' });
    const answer = await stack.get('/api/catalogue/products');
    expect(answer.json).toMatchObject({ status: shown, code, service: 'catalogue', source: 'upstream' });
    expect(answer.text).not.toContain('internal text');
  });

  it('of the role name what the token holds', async () => {
    const answer = await stack.get('/api/catalogue/secrets');
    expect(answer.json).toMatchObject({
      code: 'authority-missing',
      detail: 'The API refused the OAuth client. The token holds: orders, catalogue.',
    });
  });

  it('of a wrong secret are those of the authorization server', async () => {
    const { json } = await stack.get('/api/wrong-secret/products');
    expect(json).toMatchObject({ status: 502, code: 'credentials-rejected', source: 'token', service: 'wrong-secret' });
    expect(apiRequests()).toBe(0);
  });
});

describe('a lost answer', () => {
  function breakAfterBody(): void {
    stack.sandbox.control.resetConnection({ upstream: 'httpApi', path: '/v2', when: 'after-body', times: 1 });
  }

  it('to a read or a PUT is asked for again', async () => {
    breakAfterBody();
    expect((await stack.get('/api/catalogue/products')).status).toBe(200);
    expect(apiRequests()).toBe(2);
  });

  it.each([
    ['POST', '/orders', 'outcome-unknown'],
    ['PATCH', '/orders/x', 'outcome-unknown'],
    ['DELETE', '/orders/x', 'upstream-failed'],
  ])('to %s is never asked for again', async (method, path, code) => {
    breakAfterBody();
    const answer = await stack.send(
      method,
      `/api/catalogue${path}`,
      method === 'DELETE' ? undefined : '{"product":"x"}',
    );
    expect(answer.json).toMatchObject({ status: 502, code, retryable: false });
    expect(apiRequests()).toBe(1);
  });

  it('within the time of the service is a time-out that names the setting', async () => {
    stack.sandbox.control.slow({ upstream: 'httpApi', path: '/v2', ms: 2500, times: 1 });
    const answer = await stack.get('/api/catalogue/products');
    expect(answer.json).toMatchObject({ status: 504, code: 'upstream-timeout', retryable: true });
    expect(answer.json.hint).toContain('timeout of the service catalogue');
  });
});

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
