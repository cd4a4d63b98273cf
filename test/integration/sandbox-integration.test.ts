import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import type { Sandbox } from '../../sandbox/start-sandbox.ts';
import { caller, credentialsOf, flowCaller, jsonOf, tokenOf } from './sandbox-calls.ts';
import type { Call } from './sandbox-calls.ts';

let sandbox: Sandbox;
let call: Call;

beforeAll(async () => {
  sandbox = await startSandbox();
  call = await flowCaller(sandbox);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const order = { body: '{"product":"HT-2000"}' };

function runs(address: string): number {
  return sandbox.control.counters().flowRuns[address] ?? 0;
}

/** `a=1; b=2` from the `Set-Cookie` headers. */
function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
}

async function handshake(method: 'GET' | 'HEAD'): Promise<{ 'x-csrf-token': string; cookie: string }> {
  const fetched = await call(`${method} /http/orders`, { headers: { 'x-csrf-token': 'Fetch' } });
  expect(fetched.status).toBe(200);
  return { 'x-csrf-token': fetched.headers.get('x-csrf-token') ?? '', cookie: cookiesOf(fetched) };
}

describe('a plain flow', () => {
  it('answers with the product', async () => {
    const response = await call('POST /http/products', { body: '{"productIdentifier":"HT-2000"}' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ productIdentifier: 'HT-2000', price: 249.99 });
    expect(runs('/http/products')).toBe(1);
  });

  it('is found whatever the case of its address', async () => {
    const response = await call('POST /HTTP/Products', { body: '{"productIdentifier":"HT-2000"}' });
    expect(response.status).toBe(200);
  });

  it('answers with a status of its own', async () => {
    expect((await call('POST /http/products', { body: '{"productIdentifier":"none"}' })).status).toBe(404);
    expect((await call('POST /http/products', { body: 'no json' })).status).toBe(400);
  });

  it('runs even for a CSRF fetch, because it is not protected', async () => {
    await call('GET /http/products', { headers: { 'x-csrf-token': 'Fetch' } });
    expect(runs('/http/products')).toBe(1);
  });
});

describe('a CSRF-protected flow', () => {
  it('refuses with 403, the header, the page of Tomcat and three cookies, and does not run', async () => {
    const response = await call('POST /http/orders', order);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-csrf-token')).toBe('required');
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('HTTP Status 403');
    expect(response.headers.getSetCookie()).toHaveLength(3);
    expect(runs('/http/orders')).toBe(0);
  });

  it.each(['GET', 'HEAD'] as const)('gives a token to %s with Fetch, and does not run', async (method) => {
    const headers = await handshake(method);
    expect(headers.cookie.split('; ')).toHaveLength(3);
    expect(runs('/http/orders')).toBe(0);
    expect((await call('POST /http/orders', { ...order, headers })).status).toBe(201);
    expect(runs('/http/orders')).toBe(1);
  });

  it('takes the token again and again', async () => {
    const headers = await handshake('GET');
    await call('POST /http/orders', { ...order, headers });
    expect((await call('PUT /http/orders/4711', { ...order, headers })).status).toBe(201);
  });

  it('refuses the token without all of its cookies, and the cookies without the token', async () => {
    const headers = await handshake('GET');
    const { cookie } = headers;
    const fewer = cookie.split('; ').slice(1).join('; ');
    expect((await call('POST /http/orders', { ...order, headers: { ...headers, cookie: fewer } })).status).toBe(403);
    const other = await handshake('GET');
    const mixed = { ...headers, cookie: other.cookie };
    expect((await call('POST /http/orders', { ...order, headers: mixed })).status).toBe(403);
    expect((await call('POST /http/orders', { ...order, headers: { cookie } })).status).toBe(403);
    expect(runs('/http/orders')).toBe(0);
  });

  it('refuses tokens that the runtime has forgotten', async () => {
    const headers = await handshake('GET');
    sandbox.control.forgetCsrfTokens();
    const refused = await call('POST /http/orders', { ...order, headers });
    expect([refused.status, refused.headers.get('x-csrf-token')]).toEqual([403, 'required']);
  });

  it('runs for a plain GET', async () => {
    expect((await call('GET /http/orders/4711')).status).toBe(200);
    expect(runs('/http/orders')).toBe(1);
  });
});

describe('other answers', () => {
  it('a failing flow gives 500 as text with the MPL id', async () => {
    const response = await call('POST /http/failing', order);
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toMatch(
      /^An internal server error occured: The MPL ID for the failed message is : AG[A-Za-z0-9_-]+$/,
    );
    const withException = await (await call('POST /http/failing-with-exception', order)).text();
    expect(withException).toMatch(/^java\.lang\..+\n.*The MPL ID for the failed message is : AG/);
  });

  it('a denied flow gives 403 without the CSRF header', async () => {
    const response = await call('POST /http/denied', order);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-csrf-token')).toBeNull();
  });

  it('a client without the role is denied everywhere', async () => {
    sandbox.control.setAuthorities({ client: 'integration', authorities: [] });
    const powerless = await flowCaller(sandbox);
    expect((await powerless('POST /http/products', order)).status).toBe(403);
  });

  it('XML and an empty 204 come as the flow made them', async () => {
    const xml = await call('POST /http/invoices', order);
    expect(xml.headers.get('content-type')).toBe('application/xml');
    expect(await xml.text()).toMatch(/^<invoice>/);
    const empty = await call('POST /http/notifications', order);
    expect([empty.status, await empty.text()]).toEqual([204, '']);
  });

  it.each(['/http/nothing', '/http/products/below', '/cxf/products', '/'])(
    '%s gives the 404 of Tomcat',
    async (path) => {
      const response = await call(`POST ${path}`, order);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(response.headers.get('x-cf-routererror')).toBeNull();
      expect(await response.text()).toContain('HTTP Status 404');
    },
  );

  it('OPTIONS runs no flow', async () => {
    expect((await call('OPTIONS /http/products')).status).toBe(200);
    expect(runs('/http/products')).toBe(0);
  });
});

describe('tokens', () => {
  const noAuthentication =
    '<UnauthorizedException><error>unauthorized</error><error_description>An Authentication object was not found ' +
    'in the SecurityContext</error_description></UnauthorizedException>';

  it.each([{}, { authorization: 'Bearer nonsense' }, { authorization: 'Basic YTpi' }])(
    '401 as XML for %j',
    async (headers: Record<string, string>) => {
      const response = await fetch(`${sandbox.integration.url}/http/products`, { method: 'POST', headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toContain('xml');
      expect(await response.text()).toBe(noAuthentication);
    },
  );

  it('401 as XML for a token of plan api, with its audience', async () => {
    const { id } = credentialsOf(sandbox, 'integrationApiPlan');
    const { url } = sandbox.serviceKeys.integrationApiPlan.oauth;
    const response = await caller(url, await tokenOf(sandbox, 'integrationApiPlan'))('POST /http/products', order);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain(
      `<error_description>Jwt token with audience [uaa, it!b12000, it!b12000.NodeManager, ${id}] is not issued for ` +
        'these clientIds: [sb-it-rt-sandbox!b12000, it-rt-sandbox!b12000].</error_description>',
    );
  });

  it('401 for tokens that were revoked', async () => {
    sandbox.control.revokeTokens();
    expect((await call('POST /http/products', order)).status).toBe(401);
    call = await flowCaller(sandbox);
    expect((await call('POST /http/products', order)).status).toBe(400);
  });
});

describe('the mirrors', () => {
  it('echo says what arrived', async () => {
    const response = await call('PUT /http/echo/below?b=2&a=1&a=%20', { body: 'text', headers: { 'x-mine': 'yes' } });
    expect(response.headers.get('x-internal-host')).not.toBeNull();
    expect(await response.json()).toMatchObject({
      method: 'PUT',
      path: '/http/echo/below',
      query: 'b=2&a=1&a=%20',
      headers: { 'x-mine': 'yes', 'content-type': 'application/json' },
      bodyBytes: 4,
      body: 'text',
      sha256: createHash('sha256').update('text').digest('hex'),
    });
  });

  it('echo answers with the status it is asked for', async () => {
    expect((await call('POST /http/echo?status=418', order)).status).toBe(418);
  });

  it('stream sends back 20 MB while they arrive', async () => {
    const size = 20_000_000;
    const outgoing = request(`${sandbox.integration.url}/http/stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokenOf(sandbox, 'integration')}`, 'content-type': 'text/csv' },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    const block = Buffer.alloc(100_000, 'x');
    const sent = pipeline(Readable.from(Array.from({ length: size / block.length }, () => block)), outgoing);
    const answer = await answered;
    let received = 0;
    for await (const chunk of answer) {
      received += (chunk as Buffer).length;
    }
    await sent;
    expect(received).toBe(size);
    expect(answer.headers['content-type']).toBe('text/csv');
    expect(sandbox.control.lastRequest('integration')).toMatchObject({ bodyBytes: size });
    expect(sandbox.control.lastRequest('integration')?.rawBody.length).toBeLessThanOrEqual(65_536);
  });

  it('stream makes bytes of its own and describes the request on demand', async () => {
    const response = await call('GET /http/stream?bytes=1000000&describe&status=203');
    expect(response.status).toBe(203);
    expect(response.headers.get('x-seen-method')).toBe('GET');
    expect((await response.arrayBuffer()).byteLength).toBe(1_000_000);
    expect(await jsonOf(await call('GET /http/echo'))).toMatchObject({ bodyBytes: 0 });
  });
});
