import { beforeAll, describe, expect, it } from '@jest/globals';
import { documentedApi } from '../../src/pages/documented-api.ts';
import { postmanEnvironment } from '../../src/pages/postman/postman-collection.ts';
import { everyKindConfig } from '../support/every-kind.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { runNewman, type NewmanExecution } from '../support/run-newman.ts';

const RUNNER_KEY = 'runner-key-0123456789abcdef';

const flowgate = useFlowgate({
  env: { INTEGRATION_FLOWS: 'product-details=/http/products,orders=/http/orders' },
  // Else a task is completed while its instance is still about to resume.
  sandbox: { settleMs: 0 },
});

describe('the Postman collection, run by newman against the sandbox', () => {
  let executions: NewmanExecution[] = [];
  const requests = () => executions.map(({ name }) => name);
  const statusOf = (name: string) => executions.find((execution) => execution.name === name)?.status;

  beforeAll(async () => {
    const { json: collection } = await flowgate.get('/postman.json');
    executions = await runNewman(collection, environment());
  }, 60_000);

  it('holds a request for every route', async () => {
    const { json } = await flowgate.get('/openapi.json');
    const routes = Object.values(json.paths as object).flatMap((item) => Object.keys(item as object));
    expect(requests().length).toBe(routes.length);
  });

  it('passes all its tests', () => {
    expect(executions.filter(({ failed }) => failed.length > 0)).toEqual([]);
    for (const { name, passed } of executions) expect([name, passed.length]).toEqual([name, 2]);
  });

  it('goes through the life of a workflow: each request uses what the ones before have learnt', () => {
    expect(statusOf('POST /definitions/:id/instances')).toBe(201);
    expect(statusOf('GET /instances/:id')).toBe(200);
    expect(statusOf('PUT /instances/:id/context')).toBe(204);
    expect(statusOf('POST /messages')).toBe(200);
    expect(statusOf('GET /tasks/:id/context')).toBe(200);
    expect(statusOf('POST /tasks/:id/complete')).toBe(204);
  });

  it('calls flows, with the CSRF handshake where one asks for it', () => {
    expect(statusOf('GET /flows')).toBe(200);
    expect(statusOf('POST /flows/product-details')).toBe(400); // the flow's own: it asks for a productIdentifier
    expect(statusOf('POST /flows/orders')).toBeLessThan(300);
  });
});

describe('the Postman collection of other kinds of services', () => {
  const others = useFlowgate({
    file: ({ workflowServer, workflowgen }) => `
services:
  approvals:
    kind: workflow-server
    url: ${workflowServer.url}
    token: { clientId: ${workflowServer.clientId}, clientSecret: "${workflowServer.clientSecret}" }
    administration: true
    identity: { from: caller }
  requests:
    kind: workflowgen
    url: ${workflowgen.graphqlUrl}
    token:
      url: ${workflowgen.tokenUrl}
      clientId: ${workflowgen.clientId}
      clientSecret: "${workflowgen.clientSecret}"
      params: { audience: "${workflowgen.graphqlUrl}" }
    apiKey: "${workflowgen.apiKey}"
    operations: { newest: { document: ./newest.graphql } }
callers:
  runner: { apiKeys: [${RUNNER_KEY}], allow: ['* /api/approvals/**', '* /api/requests/**'] }
`,
    files: { 'newest.graphql': 'query ($size: Int!) { requests(page: { size: $size }) { items { number } } }' },
  });

  it('passes all its tests, too', async () => {
    const { json: collection } = await others.get('/postman.json', { 'x-api-key': RUNNER_KEY });
    const chosen = { baseUrl: others.url, apiKey: RUNNER_KEY, requests_definitionId: 'SIMPLE_REQUEST' };
    const values = Object.entries(chosen).map(([key, value]) => ({ key, value }));
    const executions = await runNewman(collection, { name: 'chosen', values });
    expect(executions.filter(({ failed }) => failed.length > 0)).toEqual([]);
    const statuses = executions.map(({ name, status }) => `${name} ${status}`);
    expect(statuses.filter((line) => line.startsWith('POST /definitions/:id/instances'))).toEqual([
      'POST /definitions/:id/instances 201',
      'POST /definitions/:id/instances 201',
    ]);
    expect(statuses).toContain('POST /instances/:id/commands/:command 200');
    expect(statuses).toContain('DELETE /instances/:id 204');
    expect(statuses).toContain('POST /operations/newest 200');
  }, 60_000);
});

describe('the Postman collection of any other API', () => {
  const catalogue = useFlowgate({
    file: ({ httpApi }) => `
services:
  catalogue:
    kind: http
    url: ${httpApi.url}
    token: { url: ${httpApi.tokenUrl}, clientId: ${httpApi.clientId}, clientSecret: "${httpApi.clientSecret}" }
    routes:
      - GET /products -> /v2/products
      - GET /products/:id -> /v2/products/:id
      - POST /orders -> /v2/orders
      - GET /orders/:id -> /v2/orders/:id
      - PUT /orders/:id -> /v2/orders/:id
      - PATCH /orders/:id -> /v2/orders/:id
      - DELETE /orders/:id -> /v2/orders/:id
      - GET /files/** -> /v2/files/**
callers:
  runner: { apiKeys: [${RUNNER_KEY}], allow: ['* /api/catalogue/**'] }
`,
  });

  const run = async (chosen: Readonly<Record<string, string>>): Promise<NewmanExecution[]> => {
    const { json: collection } = await catalogue.get('/postman.json', { 'x-api-key': RUNNER_KEY });
    const variables = { baseUrl: catalogue.url, apiKey: RUNNER_KEY, ...chosen };
    const values = Object.entries(variables).map(([key, value]) => ({ key, value }));
    return runNewman(collection, { name: 'chosen', values });
  };

  it('passes all its tests, with the ids that were put into its variables', async () => {
    const order = await catalogue.post('/api/catalogue/orders', '{"product":"HT-2000"}', { 'x-api-key': RUNNER_KEY });
    const executions = await run({ catalogue_productId: 'HT-2000', catalogue_orderId: String(order.json.id) });
    expect(executions.filter(({ failed }) => failed.length > 0)).toEqual([]);
    const statuses = executions.map(({ name, status }) => `${name} ${status}`);
    expect(statuses.slice(0, 8)).toEqual([
      'GET /products 200',
      'GET /products/:id 200',
      'POST /orders 422', // the API's own: an order needs a product
      'GET /orders/:id 200',
      'PUT /orders/:id 200',
      'PATCH /orders/:id 200',
      'DELETE /orders/:id 204',
      'GET /files/** 200',
    ]);
  }, 60_000);

  it("does not take a refusal of Flowgate's own for the answer of the API", async () => {
    const executions = await run({ catalogue_productId: '..', catalogue_orderId: 'none' });
    const product = executions.find(({ name }) => name === 'GET /products/:id');
    expect(product?.status).toBe(400);
    expect(product?.failed).toHaveLength(1);
    const order = executions.find(({ name }) => name === 'GET /orders/:id');
    expect([order?.status, order?.failed]).toEqual([404, []]);
  }, 60_000);
});

describe('the Postman environment', () => {
  it('keeps the key as a secret', () => {
    expect(postmanEnvironment(documentedApi(everyKindConfig()))['values']).toEqual([
      { key: 'baseUrl', value: 'https://flowgate.internal', type: 'default', enabled: true },
      { key: 'apiKey', value: '', type: 'secret', enabled: true },
    ]);
  });
});

/** That of the page, filled in. */
function environment(): object {
  const empty = postmanEnvironment(documentedApi(everyKindConfig())) as { values: { key: string }[] };
  const filled: Record<string, string> = { baseUrl: flowgate.url, apiKey: API_KEY };
  return { ...empty, values: empty.values.map((entry) => ({ ...entry, value: filled[entry.key] })) };
}
