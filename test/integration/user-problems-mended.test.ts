import { describe, expect, it } from '@jest/globals';
import { requests } from '../../sandbox/problems/sandbox-problem.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import {
  integrationKey,
  integrationService,
  load,
  ONE_CALLER,
  problemWith,
  vcapBinding,
  vcapServices,
  workflowKey,
  workflowService,
} from '../support/config-sources.ts';
import type { ProblemFlowgate } from '../support/problem-stack.ts';
import { eventually } from '../support/eventually.ts';
import { answer, neverAnswer, RawUpstream } from '../support/raw-upstream.ts';
import { useProblems } from '../support/problem-stack.ts';

// The numbers are those of docs/troubleshooting.md.

const stack = useProblems();

function repeated<T>(times: number, call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, call));
}

function tokenRequests(): number {
  return stack.sandbox.control.counters().tokenRequests;
}

describe('what the configuration mends', () => {
  const host = 'https://acme.authentication.eu10.hana.ondemand.com';

  it.each(['', '/', '/oauth/token', '/oauth/token/', '/oauth/token/oauth/token', '/oauth/token?grant_type=x'])(
    '1: uaa.url that ends with "%s" gives one token address',
    (end) => {
      const key = { ...workflowKey, uaa: { ...workflowKey.uaa, url: `${host}${end}` } };
      const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: JSON.stringify(key) } });
      expect(workflowService(config).token.url).toBe(`${host}/oauth/token`);
    },
  );

  it.each(['', '/', '/v1', '/v1/', '/v1/workflow-instances'])(
    '2: workflow_rest_url that ends with "%s" gives one base',
    (end) => {
      const base = workflowKey.endpoints.workflow_rest_url;
      const key = { ...workflowKey, endpoints: { workflow_rest_url: `${base}${end}` } };
      const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: JSON.stringify(key) } });
      expect(workflowService(config).apiUrl).toBe(`${base}/v1`);
    },
  );

  it.each([' sb-x', 'sb-x ', 'sb-x\n', '"sb-x"', '„sb-x“'])(
    '3: the client id %j is a problem that names it',
    (clientid) => {
      const key = { ...workflowKey, uaa: { ...workflowKey.uaa, clientid } };
      const text = problemWith('WORKFLOW_SERVICE_KEY', {
        env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: JSON.stringify(key) },
      });
      expect(text).toMatch(/clientid has (?:blanks|quotes).*: Copy the client id/);
      expect(text).not.toContain('sb-x');
    },
  );

  it('5: of two bindings of one kind none is guessed: each service is named after its own', () => {
    const bindings = ['hr', 'purchasing'].map((name) => vcapBinding(name, 'workflow', 'lite', workflowKey));
    const config = load({ env: { ...ONE_CALLER, VCAP_SERVICES: vcapServices(...bindings) } });
    expect(config.services.map(({ name, source }) => [name, source])).toEqual([
      ['hr', expect.stringContaining('hr')],
      ['purchasing', expect.stringContaining('purchasing')],
    ]);
  });

  it.each([
    '/itspaces/shell/monitoring',
    'https://acme.it-cpi001.cfapps.eu10.hana.ondemand.com/itspaces',
    '/http/{name}',
  ])('7: the flow address %s is a problem', (address) => {
    const env = {
      ...ONE_CALLER,
      INTEGRATION_SERVICE_KEY: JSON.stringify(integrationKey),
      INTEGRATION_FLOWS: `products=${address}`,
    };
    expect(problemWith('INTEGRATION_FLOWS', { env })).toContain(
      'The address must be the path shown under Endpoints of the deployed flow, starting with /http/ or /cxf/.',
    );
  });

  it('7: a complete address on the runtime of the key is cut to its path', () => {
    const env = {
      ...ONE_CALLER,
      INTEGRATION_SERVICE_KEY: JSON.stringify(integrationKey),
      INTEGRATION_FLOWS: `products=${integrationKey.oauth.url}/http/products`,
    };
    expect(integrationService(load({ env })).flows).toMatchObject([{ address: '/http/products' }]);
  });
});

describe('an OAuth client of a provider of its own', () => {
  const secret = 'planted+secret%41$0/=&x';

  async function withSecret(auth: string, use: (flowgate: ProblemFlowgate, tokens: FakeTokenServer) => Promise<void>) {
    const tokens = await FakeTokenServer.start();
    stack.secrets.plant('the secret', secret);
    const upstream = await RawUpstream.start(answer(200, { 'content-type': 'application/json' }, '[]'));
    const file = `  shop: { kind: http, url: "${upstream.origin}", routes: [GET /products -> /v2/products], token: { url: "${tokens.url}", clientId: shop, clientSecret: "${secret}", auth: ${auth} } }\n`;
    try {
      await stack.withFlowgate(stack.sources({ file }), (flowgate) => use(flowgate, tokens));
    } finally {
      await tokens.stop();
      await upstream.close();
    }
  }

  it('4: arrive in the body as they are', async () => {
    await withSecret('client_secret_post', async (flowgate, tokens) => {
      await flowgate.ask({ path: '/api/shop/products' });
      expect(tokens.requests[0]?.form.get('client_secret')).toBe(secret);
    });
  });

  it('4: are encoded in a Basic header (RFC 6749, section 2.3.1)', async () => {
    await withSecret('client_secret_basic', async (flowgate, tokens) => {
      await flowgate.ask({ path: '/api/shop/products' });
      const sent = Buffer.from(tokens.requests[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString();
      expect(new URLSearchParams(`s=${sent.slice('shop:'.length)}`).get('s')).toBe(secret);
    });
  });

  it('4: refused all the same, the hint is the other way of sending them', async () => {
    await withSecret('client_secret_post', async (flowgate, tokens) => {
      tokens.respondOnceWithJson(401, { error: 'invalid_client', error_description: `no ${secret}` });
      const { json } = await flowgate.ask({ path: '/api/shop/products' });
      expect(json).toMatchObject({
        status: 502,
        code: 'credentials-rejected',
        hint: expect.stringContaining(
          'If the server takes Basic only, set `auth: client_secret_basic`; Flowgate encodes it.',
        ),
      });
    });
  });

  it("10: the provider's error is named, and what token.params may lack", async () => {
    await withSecret('client_secret_post', async (flowgate, tokens) => {
      tokens.respondOnceWithJson(400, { error: 'invalid_request', error_description: `planted ${secret}` });
      const { json, text } = await flowgate.ask({ path: '/api/shop/products' });
      expect(json).toMatchObject({
        code: 'credentials-rejected',
        detail: expect.stringContaining('400 invalid_request'),
        hint: expect.stringContaining('`token.params` may lack audience, resource or scope'),
      });
      expect(text).not.toContain('planted');
    });
  });

  it('14: tokens that live for five minutes are not asked for with every request', async () => {
    await withSecret('client_secret_post', async (flowgate, tokens) => {
      tokens.lifeSeconds = 300;
      for (let call = 0; call < 5; call++) await flowgate.ask({ path: '/api/shop/products' });
      expect(tokens.requests).toHaveLength(1);
    });
  });
});

describe('what nobody sees', () => {
  it('9: three partners share one client of SAP, each with a key and an allow list', async () => {
    const partners = ['a', 'b', 'c'].map((name) => `key-of-partner-${name}-0123456789`);
    const file = `callers:
  a: { apiKeys: ["${partners[0]}"], allow: ["POST /api/integration/flows/product-details"], rateLimit: 60/min }
  b: { apiKeys: ["${partners[1]}"], allow: ["POST /api/integration/flows/orders"] }
  c: { apiKeys: ["${partners[2]}"], allow: ["GET /api/integration/flows"] }
`;
    await stack.withFlowgate(stack.sources({ file }), async (flowgate) => {
      const answers = await Promise.all(
        partners.map((key) => flowgate.ask({ ...requests.product, headers: { 'x-api-key': key } })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 403, 403]);
      const order = await flowgate.ask({ ...requests.order, headers: { 'x-api-key': partners[1] } });
      expect([order.status, tokenRequests()]).toEqual([201, 1]);
    });
  });

  it('13, 14, 21: many calls at once, and more after them, make one token request', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      for (let round = 0; round < 2; round++) {
        const answers = await repeated(30, () => flowgate.ask(requests.definitions));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      }
      expect(tokenRequests()).toBe(1);
    });
  });

  it('14, 15: tokens that are refused all at once are replaced by one request', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      await flowgate.ask(requests.definitions);
      stack.sandbox.control.expireTokens();
      const answers = await repeated(30, () => flowgate.ask(requests.definitions));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(tokenRequests()).toBe(2);
    });
  });

  it('16: authorities that were added meanwhile are found at once', async () => {
    stack.sandbox.control.setAuthorities({ authorities: ['WORKFLOW_DEFINITION_GET'] });
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      await flowgate.ask(requests.definitions);
      stack.sandbox.control.setAuthorities({ authorities: 'all' });
      expect((await flowgate.ask(requests.start)).status).toBe(201);
    });
  });

  it('17: where no service can get a token, /ready turns red, and names nothing', async () => {
    stack.sandbox.control.answer({ upstream: 'authorizationServer', status: 401, body: '{"error":"unauthorized"}' });
    const env = { INTEGRATION_SERVICE_KEY: '', INTEGRATION_FLOWS: '' };
    const sources = { env: { ...stack.sources().env, ...env }, file: '' };
    await stack.withFlowgate(sources, async (flowgate) => {
      await flowgate.ask(requests.definitions);
      const { status, text } = await flowgate.ask({ path: '/ready', headers: { 'x-api-key': undefined } });
      expect(status).toBe(503);
      expect(text).not.toMatch(/workflow|"service"/);
    });
  });

  it('20: after one broken token answer the next call fails at once, without asking again', async () => {
    stack.sandbox.control.html({ upstream: 'authorizationServer', times: 1 });
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const answers = [await flowgate.ask(requests.definitions), await flowgate.ask(requests.definitions)];
      for (const { json } of answers) expect(json).toMatchObject({ status: 503, code: 'token-unavailable' });
      expect(tokenRequests()).toBe(1);
    });
  });

  it('27: towards the engine every body is declared as JSON', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      await flowgate.ask({ ...requests.start, headers: { 'content-type': 'application/json; charset=UTF-8' } });
      expect(stack.sandbox.control.lastRequest('workflow')?.headers['content-type']).toBe('application/json');
    });
  });

  it('28: status=all lists completed instances as well, which the engine leaves out', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { id } = (await flowgate.ask(requests.start)).json as { id: string };
      stack.sandbox.control.setInstanceStatus({ instanceId: id, status: 'COMPLETED' });
      const [usual, all] = [
        await flowgate.ask({ path: `/api/workflow/instances?id=${id}` }),
        await flowgate.ask({ path: `/api/workflow/instances?id=${id}&status=all` }),
      ];
      expect([usual.json, all.json]).toEqual([[], [expect.objectContaining({ id, status: 'COMPLETED' })]]);
    });
  });

  it('31: a change that finds the engine busy is sent again after a pause', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { id } = (await flowgate.ask(requests.start)).json as { id: string };
      stack.sandbox.control.busy({ times: 1 });
      const path = `/api/workflow/instances/${id}/context`;
      const changed = await flowgate.ask({ method: 'PATCH', path, body: '{"note":"x"}' });
      expect([changed.status, changed.text]).toEqual([204, '']);
    });
  });

  it('34: a session that has ended is renewed, and the flow runs once', async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      await flowgate.ask(requests.order);
      stack.sandbox.control.forgetCsrfTokens();
      expect((await flowgate.ask(requests.order)).status).toBe(201);
      expect(stack.sandbox.control.counters().flowRuns).toEqual({ '/http/orders': 2 });
    });
  });

  it('46: idle connections are kept for longer than the 90 s of the platform', async () => {
    await stack.withFlowgate(stack.sources(), async ({ server }) => {
      expect(server.keepAliveTimeout).toBeGreaterThan(90_000);
      return Promise.resolve();
    });
  });

  it("47: a flow's own status passes with its own body", async () => {
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { status, json } = await flowgate.ask({ ...requests.product, body: '{"productIdentifier":"none"}' });
      expect([status, json]).toEqual([404, { message: 'There is no product none.' }]);
    });
  });
});

describe('a caller that leaves', () => {
  it('48: ends the call behind it, and leaves no connection open', async () => {
    const upstream = await RawUpstream.start(neverAnswer());
    const tokens = await FakeTokenServer.start();
    const file = `  shop: { kind: http, url: "${upstream.origin}", routes: [GET /products -> /products], token: { url: "${tokens.url}", clientId: shop, clientSecret: not-a-secret } }\n`;
    const leaving = new AbortController();
    await stack.withFlowgate(stack.sources({ file }), async ({ url, apiKey }) => {
      const headers = { 'x-api-key': apiKey };
      const call = fetch(`${url}/api/shop/products`, { headers, signal: leaving.signal }).catch(() => 'left');
      await eventually(() => expect(upstream.requests).toHaveLength(1));
      leaving.abort();
      expect(await call).toBe('left');
      await eventually(() => expect(upstream.openSockets).toBe(0));
    });
    await Promise.all([upstream.close(), tokens.stop()]);
  });
});

describe('what is said of a read', () => {
  it('38: a flow that is read and takes too long is upstream-timeout, with phase, seconds and setting', async () => {
    const flow = '{ address: /http/echo, methods: [GET], timeout: 1s }';
    const sources = stack.sources({
      file: `  integration:\n    kind: sap-integration\n    flows: { echo: ${flow} }\n`,
    });
    await stack.withFlowgate(sources, async (flowgate) => {
      stack.sandbox.control.slow({ upstream: 'integration', ms: 1500 });
      const { json } = await flowgate.ask({ path: '/api/integration/flows/echo' });
      expect(json).toMatchObject({
        status: 504,
        code: 'upstream-timeout',
        retryable: true,
        detail: expect.stringMatching(/waiting for the answer, after 1(\.\d)? s of 1 s/),
        hint: expect.stringContaining('timeout of the flow echo'),
      });
    });
  });
});

describe('what is not recognised', () => {
  it('passes with its facts, and says that it is not expected', async () => {
    stack.sandbox.control.answer({ upstream: 'workflow', status: 418, body: '<h1>planted</h1>' });
    await stack.withFlowgate(stack.sources(), async (flowgate) => {
      const { json, text } = await flowgate.ask(requests.definitions);
      expect(json).toMatchObject({
        code: 'upstream-invalid-request',
        detail: expect.stringContaining('418'),
        hint: expect.stringContaining('does not know this refusal'),
        upstream: { status: 418 },
      });
      expect(text).not.toContain('planted');
    });
  });
});
