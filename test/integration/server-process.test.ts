import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';

const KEY = 'process-key-0123456789';
let sandbox: Sandbox;
let server: ServerProcess | undefined;
const secrets = new PlantedSecrets();

beforeAll(async () => {
  sandbox = await startSandbox();
  secrets.plant('API key', KEY);
  secrets.plantAllOf('service keys', sandbox.serviceKeys);
});
afterEach(async () => {
  await server?.stop('SIGKILL');
  secrets.look('stdout', server?.stdout ?? '');
  secrets.look('stderr', server?.stderr ?? '');
  server = undefined;
  expect(secrets.takeLeaks()).toEqual([]);
});
afterAll(() => sandbox.close());

async function start(env: Record<string, string>): Promise<ServerProcess> {
  server = await startServer({ env });
  return server;
}

function post(path: string, body: string): Promise<Response> {
  const headers = { 'x-api-key': KEY, 'content-type': 'application/json' };
  return fetch(`${server?.url ?? ''}${path}`, { method: 'POST', headers, body });
}

describe('the server, started with nothing but four variables', () => {
  it('starts a workflow and calls a flow', async () => {
    const own = await start({
      WORKFLOW_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.workflow),
      INTEGRATION_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.integration),
      INTEGRATION_FLOWS: 'product-details=/http/products',
      API_KEYS: `hr-portal=${KEY}`,
    });
    await own.ready();
    expect((await post('/api/workflow/definitions/onboarding/instances', '{}')).status).toBe(201);
    const product = await post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}');
    expect(await product.json()).toMatchObject({ productIdentifier: 'HT-2000' });
  });
});

describe('the server on Cloud Foundry', () => {
  it('takes its services from VCAP_SERVICES', async () => {
    const own = await start({
      VCAP_SERVICES: JSON.stringify(sandbox.vcapServices),
      VCAP_APPLICATION: JSON.stringify({ application_uris: ['flowgate.example.com'] }),
      INTEGRATION_FLOWS: 'product-details=/http/products',
      API_KEYS: `hr-portal=${KEY}`,
    });
    await own.ready();
    expect((await post('/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}')).status).toBe(200);
  });
});

describe('a configuration with problems', () => {
  it.each([
    ['nothing at all', {}, ['services', 'API_KEYS']],
    ['a key that is no JSON', { WORKFLOW_SERVICE_KEY: '{"uaa":', API_KEYS: `a=${KEY}` }, ['WORKFLOW_SERVICE_KEY']],
    ['a port that is none', { PORT: 'http', API_KEYS: `a=${KEY}` }, ['PORT']],
    ['an API key too short', { API_KEYS: 'a=short' }, ['API_KEYS']],
  ])('%s: ends with status 78, naming each setting', async (_name, env, settings) => {
    const own = await start(env);
    expect(await own.ended()).toBe(78);
    for (const setting of settings) expect(own.stderr).toContain(setting);
  });
});

describe('SIGTERM', () => {
  it('lets a running request finish, and ends with status 0', async () => {
    const own = await start({
      WORKFLOW_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.workflow),
      API_KEYS: `a=${KEY}`,
    });
    await own.ready();
    await post('/api/workflow/definitions/onboarding/instances', '{}');
    sandbox.control.slow({ upstream: 'workflow', ms: 400 });
    const running = post('/api/workflow/definitions/onboarding/instances', '{}');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const stopped = own.stop('SIGTERM');
    expect((await running).status).toBe(201);
    expect(await stopped).toBe(0);
    await sandbox.control.reset();
  });
});
