import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useFlowgate, type FlowgateStack } from '../support/flowgate-stack.ts';

const FLOWS = `
services:
  integration:
    flows:
      product-details: { address: /http/products }
      orders: { address: /http/orders, methods: [GET, POST], subpaths: true }
      always: { address: /http/orders/always, csrf: always }
      never-csrf: { address: /http/orders, csrf: off }
      echo: { address: /http/echo, methods: [GET, POST, PUT, PATCH, DELETE], subpaths: true, csrf: off, headers: [x-tenant], responseHeaders: [x-seen] }
      stream: { address: /http/stream, csrf: off, maxBody: 60mb }
      small: { address: /http/echo, csrf: off, maxBody: 1kb }
      failing: { address: /http/failing }
      failing-openly: { address: /http/failing, passErrors: true }
      failing-with-exception: { address: /http/failing-with-exception }
      denied: { address: /http/denied }
      invoices: { address: /http/invoices }
      notifications: { address: /http/notifications }
      nowhere: { address: /http/nowhere }
`;

const stack = useFlowgate({ file: () => FLOWS, env: { INTEGRATION_FLOWS: '' } });

function runs(on: FlowgateStack = stack): Record<string, number> {
  return on.sandbox.control.counters().flowRuns;
}

function seen() {
  const last = stack.sandbox.control.lastRequest('integration');
  if (!last) throw new Error('the runtime has seen nothing');
  return last;
}

describe('a plain flow', () => {
  it("answers the seed document's example with the product", async () => {
    const answer = await stack.post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}');
    expect([answer.status, answer.json.productIdentifier]).toEqual([200, 'HT-2000']);
  });

  it("passes the flow's own refusal with its own status", async () => {
    const answer = await stack.post('/api/integration/flows/product-details', '{"productIdentifier":"HT-9"}');
    expect([answer.status, answer.json]).toEqual([404, { message: 'There is no product HT-9.' }]);
  });

  it('passes XML, and an answer without content', async () => {
    const xml = await stack.post('/api/integration/flows/invoices', '{}');
    expect([xml.status, xml.headers.get('content-type')]).toEqual([200, 'application/xml']);
    expect((await stack.post('/api/integration/flows/notifications', '{}')).status).toBe(204);
  });

  it('takes any content type, and sends its bytes and length', async () => {
    const body = randomBytes(5000);
    const answer = await stack.post('/api/integration/flows/echo', body, { 'content-type': 'application/edi-x12' });
    expect(answer.json).toMatchObject({ method: 'POST', bodyBytes: 5000, sha256: sha256(body) });
    expect(answer.json.headers).toMatchObject({ 'content-type': 'application/edi-x12', 'content-length': '5000' });
  });
});

describe('what reaches a flow', () => {
  it('of the headers is what the list names, and the one token', async () => {
    const answer = await stack.post('/api/integration/flows/echo', '{}', {
      accept: 'text/xml',
      'accept-language': 'de',
      SAP_ApplicationID: '4711',
      SAP_MessageType: 'ORDERS',
      SAP_Sender: 'A',
      SAP_Receiver: 'B',
      'x-tenant': 'own',
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      'x-user-id': 'root',
      'x-csrf-token': 'forged',
      sap_applicationid2: 'x',
      if_match: 'x',
    });
    const { authorization, ...headers } = answer.json.headers as Record<string, string>;
    expect(authorization).toBe('Bearer [token]');
    expect(seen().rawHeaders.filter((name) => name.toLowerCase() === 'authorization')).toHaveLength(1);
    expect(Object.keys(headers).sort()).toEqual(
      [
        'accept',
        'accept-language',
        'connection',
        'content-length',
        'content-type',
        'host',
        'sap_applicationid',
        'sap_messagetype',
        'sap_receiver',
        'sap_sender',
        'traceparent',
        'user-agent',
        'via',
        'x-correlation-id',
        'x-tenant',
      ].sort(),
    );
  });

  it('of the query is every parameter by name, encoded again', async () => {
    await stack.get('/api/integration/flows/echo?a=1&a=2&b%20c=%C3%A9%26&__proto__=x&%24top=1');
    expect([...new URLSearchParams(seen().query)]).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b c', 'é&'],
      ['__proto__', 'x'],
      ['$top', '1'],
    ]);
  });

  it('of the path is what stands below the route, where subpaths are on', async () => {
    await stack.get('/api/integration/flows/echo/customers/a%20b%3F');
    expect(seen().path).toBe('/http/echo/customers/a%20b%3F');
  });

  it.each(['..%2f..%2fadmin', '%2e%2e', '..', '.', 'a%5cb', 'a%00b', 'a//b', 'a/', '%252e%252e', 'a%0d%0ab'])(
    'is nothing for the subpath %s',
    async (path) => {
      const { port } = stack;
      const answer = await rawGet(port, `/api/integration/flows/echo/${path}`);
      expect([400, 404]).toContain(answer);
      expect(runs()).toEqual({});
    },
  );

  it('is nothing where subpaths are off', async () => {
    expect((await stack.post('/api/integration/flows/product-details/x', '{}')).json).toMatchObject({
      code: 'not-found',
    });
  });

  it('is nothing for a method that is not configured', async () => {
    const refused = await stack.get('/api/integration/flows/product-details');
    expect(refused.json).toMatchObject({ status: 405, code: 'method-not-allowed' });
    expect(refused.headers.get('allow')).toBe('POST');
  });
});

describe('what comes back of a flow', () => {
  it('has none of its internal headers', async () => {
    const answer = await stack.post('/api/integration/flows/echo', '{}');
    const names = [...answer.headers.keys()];
    expect(names.filter((name) => /internal|set-cookie|server|x-powered-by|sap_/.test(name))).toEqual([]);
  });

  it('may have any status', async () => {
    expect((await stack.post('/api/integration/flows/echo?status=418', '{}')).status).toBe(418);
  });
});

describe('a CSRF-protected flow', () => {
  it('runs once for one message: the handshake is made when the sender asks for it', async () => {
    stack.sandbox.control.forgetCsrfTokens();
    const answer = await stack.post('/api/integration/flows/orders', '{"order":1}');
    expect(answer.status).toBe(201);
    expect(runs()).toEqual({ '/http/orders': 1 });
  });

  it('is remembered: the next message goes out with its token at once', async () => {
    await stack.post('/api/integration/flows/orders', '{"order":1}');
    await stack.sandbox.control.reset();
    await stack.post('/api/integration/flows/orders', '{"order":2}');
    expect(stack.sandbox.control.counters().requests.integration).toEqual({ 'POST /http/orders': 1 });
  });

  it('gets a new token when its session has ended, and runs once', async () => {
    await stack.post('/api/integration/flows/orders', '{"order":1}');
    await stack.sandbox.control.reset();
    stack.sandbox.control.forgetCsrfTokens();
    expect((await stack.post('/api/integration/flows/orders', '{"order":2}')).status).toBe(201);
    expect(runs()).toEqual({ '/http/orders': 1 });
  });

  it('makes one handshake for many messages at once', async () => {
    stack.sandbox.control.forgetCsrfTokens();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => stack.post('/api/integration/flows/orders', '{"order":1}')),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(stack.sandbox.control.counters().requests.integration['HEAD /http/orders']).toBe(1);
  });

  it('gets the handshake before the first message where csrf is always', async () => {
    const answer = await stack.post('/api/integration/flows/always', '{"order":1}');
    expect(answer.status).toBe(201);
    expect(stack.sandbox.control.counters().requests.integration['POST /http/orders']).toBe(1);
  });

  it('is a failed handshake where csrf is off and the sender asks for a token', async () => {
    const own = stack.sandbox.control;
    own.forgetCsrfTokens();
    const large = await stack.post('/api/integration/flows/never-csrf', 'x'.repeat(100));
    expect(large.json).toMatchObject({ status: 502, code: 'csrf-handshake-failed', retryable: false });
  });
});

describe('a large first message to a protected flow', () => {
  const own = useFlowgate({ file: () => FLOWS, env: { INTEGRATION_FLOWS: '' } });

  it('fails with the hint to set always, and passes when it is sent again', async () => {
    const large = Buffer.alloc(2 * 1024 * 1024, 'x');
    const first = await own.post('/api/integration/flows/orders', large);
    expect(first.json).toMatchObject({ status: 502, code: 'csrf-handshake-failed', retryable: true });
    expect(first.json.hint).toContain('always');
    expect((await own.post('/api/integration/flows/orders', large)).status).toBe(201);
    expect(runs(own)).toEqual({ '/http/orders': 1 });
  });
});

describe('a failing flow', () => {
  it('is told by the id of its message processing log, not by its text', async () => {
    const failed = await stack.post('/api/integration/flows/failing', '{}');
    expect(failed.json).toMatchObject({
      status: 502,
      code: 'flow-failed',
      retryable: false,
      upstream: { status: 500 },
    });
    expect(failed.json.upstream.messageProcessingLogId).toMatch(/^AG[\w-]+$/);
    expect(failed.json.hint).toContain('Monitor');
    expect(failed.text).not.toContain('internal server error');
  });

  it('tells nothing of the exception that it returned', async () => {
    const failed = await stack.post('/api/integration/flows/failing-with-exception', '{}');
    expect(failed.json).toMatchObject({ code: 'flow-failed' });
    expect(failed.text).not.toMatch(/Exception|receiver/);
  });

  it('is one that has run where its answer names a message processing log, whatever the status', async () => {
    stack.sandbox.control.answer({
      upstream: 'integration',
      status: 503,
      headers: { SAP_MessageProcessingLogID: 'AGabc' },
    });
    const failed = await stack.post('/api/integration/flows/product-details', '{}');
    expect(failed.json).toMatchObject({ status: 502, code: 'flow-failed', retryable: false });
    expect(failed.json.upstream.messageProcessingLogId).toBe('AGabc');
  });

  it('is told from a router that answered in its place: then the outcome is not known', async () => {
    stack.sandbox.control.answer({
      upstream: 'integration',
      status: 504,
      headers: { 'content-type': 'text/html' },
      body: '<html></html>',
    });
    const failed = await stack.post('/api/integration/flows/product-details', '{}');
    expect(failed.json).toMatchObject({ status: 504, code: 'outcome-unknown', retryable: false });
  });

  it('passes its error as it is where passErrors says so', async () => {
    const failed = await stack.post('/api/integration/flows/failing-openly', '{}');
    expect(failed.status).toBe(500);
    expect(failed.text).toContain('MPL ID');
  });
});

describe('refusals of the runtime', () => {
  it('name the role when the sender refuses the client', async () => {
    const refused = await stack.post('/api/integration/flows/denied', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'authority-missing' });
    expect(refused.json.detail).toContain('ESBMessaging.send');
    expect(refused.json.hint).toContain('1 hour');
  });

  it('tell an address that nobody listens at, with its HTML withheld', async () => {
    const refused = await stack.post('/api/integration/flows/nowhere', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'flow-not-found' });
    expect(refused.json.hint).toContain('/cxf');
    expect(refused.text).not.toContain('html');
  });

  it('tell a wrong host from a wrong address', async () => {
    stack.sandbox.control.unknownRoute({ upstream: 'integration' });
    const refused = await stack.post('/api/integration/flows/product-details', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'upstream-unreachable', retryable: true });
  });

  it('tell a key of plan api', async () => {
    const body =
      '<UnauthorizedException><error>unauthorized</error><error_description>Jwt token with audience [uaa, it!b1] is not issued for these clientIds: [sb-it-rt-x!b1, it-rt-x!b1].</error_description></UnauthorizedException>';
    stack.sandbox.control.answer({
      upstream: 'integration',
      status: 401,
      headers: { 'content-type': 'application/xml' },
      body,
    });
    const refused = await stack.post('/api/integration/flows/product-details', '{}');
    expect(refused.json).toMatchObject({ status: 502, code: 'wrong-service-plan' });
    expect(refused.json.hint).toContain('integration-flow');
    expect(refused.text).not.toContain('clientIds');
  });
});

describe('large messages', () => {
  it('pass both ways unchanged, without a length, in chunks', async () => {
    const body = randomBytes(3 * 1024 * 1024);
    const response = await fetch(`${stack.url}/api/integration/flows/stream`, {
      method: 'POST',
      headers: { 'x-api-key': 'test-key-0123456789abcdef', 'content-type': 'application/octet-stream' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(sha256(body));
  });

  it('beyond maxBody are refused, before they are read where their length is declared', async () => {
    const refused = await stack.post('/api/integration/flows/small', 'x'.repeat(2000));
    expect(refused.json).toMatchObject({ status: 413, code: 'payload-too-large' });
    expect(runs()).toEqual({});
  });
});

describe('a flow that answers 403 itself', () => {
  const own = useFlowgate({ file: () => FLOWS, env: { INTEGRATION_FLOWS: '' } });

  it('gets its message once: it may have run', async () => {
    await own.post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}');
    await own.sandbox.control.reset();
    own.sandbox.control.answer({ upstream: 'integration', status: 403, body: '{"message":"not you"}', times: 1 });
    const refused = await own.post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}');
    expect(refused.json).toMatchObject({ status: 502, code: 'authority-missing' });
    expect(own.sandbox.control.counters().requests.integration).toEqual({ 'POST /http/products': 1 });
  });
});

describe('the list of flows', () => {
  it('names what this caller may call', async () => {
    const { json } = await stack.get('/api/integration/flows');
    expect(json).toContainEqual({
      name: 'orders',
      path: '/api/integration/flows/orders',
      methods: ['GET', 'POST'],
      subpaths: true,
    });
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The status of a GET whose path is sent as it is: fetch would resolve its dots. */
async function rawGet(port: number, path: string): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { 'x-api-key': 'test-key-0123456789abcdef' };
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
