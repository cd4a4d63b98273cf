import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { integrationKey, workflowKey } from '../support/config-sources.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { inFolder, runFlowgate, type CommandResult } from '../support/run-flowgate.ts';

const PORTAL_KEY = 'portal-key-0123456789abcdef';
const secrets = new PlantedSecrets();
secrets.plantAllOf('keys', { workflowKey, integrationKey });
secrets.plant('API key', PORTAL_KEY);
const APPROVALS_TOKEN = 'approvals-token-0123456789abcdef';
secrets.plant('static token', APPROVALS_TOKEN);

const FILE = `
services:
  integration:
    flows: { orders: { address: /http/orders, csrf: always, timeout: 60s } }
  approvals: { kind: workflow-server, url: https://wfs.example.com, accessToken: '\${APPROVALS_TOKEN}' }
callers:
  portal:
    apiKeys: [${PORTAL_KEY}]
    allow: [POST /api/workflow/definitions/onboarding/instances, '* /api/integration/**']
    rateLimit: 600/min
  shop:
    apiKeys: [shops-key-0123456789abcdef]
    allow: [GET /api/workflow/instances/**, POST /api/approvals/instances/*/commands/*]
`;

/** The hosts of these keys do not exist: whatever is sent would fail. */
const ENV = {
  APPROVALS_TOKEN,
  WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey),
  INTEGRATION_SERVICE_KEY: JSON.stringify(integrationKey),
};

function explain(...args: string[]): Promise<CommandResult> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'flowgate.yaml'), FILE);
    const result = await runFlowgate(['explain', ...args], { env: ENV, cwd: folder });
    secrets.look('stdout', result.stdout);
    secrets.look('stderr', result.stderr);
    return result;
  });
}

afterEach(() => expect(secrets.takeLeaks()).toEqual([]));

describe('flowgate explain', () => {
  it('says what would be done, line by line, and ends with status 0', async () => {
    const path = '/api/workflow/definitions/onboarding/instances';
    const { status, stdout } = await explain('POST', path, '--caller', 'portal');
    expect(status).toBe(0);
    const api = 'https://api.workflow-sap.cfapps.eu10.hana.ondemand.com/workflow-service/rest/v1';
    for (const line of [
      /^operation +start-definition of workflow \(sap-workflow\)$/m,
      /^effect +start$/m,
      new RegExp(`^grant +portal may: POST ${path}$`, 'm'),
      new RegExp(`^upstream +POST ${api}/workflow-instances$`, 'm'),
      /^ +authorization: Bearer \[withheld\]$/m,
      /^token +from https:\/\/acme\.authentication\.eu10\.hana\.ondemand\.com\/oauth\/token \(client_secret_post\)$/m,
      /^needs +WORKFLOW_INSTANCE_START$/m,
      /^limits +body 1mb; 256 requests at once, 64 to this service; 600 requests of this caller in 60 s$/m,
      /^deadline +30s, set by limits\.timeout$/m,
    ])
      expect(stdout).toMatch(line);
  });

  it('takes the method in any case, and filters with the path', async () => {
    const { status, stdout } = await explain('get', '/api/workflow/instances/4711/context', '--caller', 'shop');
    expect(status).toBe(0);
    expect(stdout).toContain('/workflow-instances/4711/context');
  });

  it('tells the read that goes before a command', async () => {
    const id = 'f54104f0-5de2-4a7b-a3be-47c9199a3967';
    const { stdout } = await explain('POST', `/api/approvals/instances/${id}/commands/submit`, '--caller', 'shop');
    const api = 'https://wfs.example.com/workflowapi';
    expect(stdout).toMatch(new RegExp(`^beforehand +POST ${api}/getavailablecommands/${id}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^upstream +POST ${api}/executecommand/${id}$`, 'm'));
  });

  it('tells the CSRF mode and the deadline of a flow', async () => {
    const { stdout } = await explain('POST', '/api/integration/flows/orders', '--caller', 'portal', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      upstream: { csrf: { mode: 'always', endpoint: '/http/orders' } },
      deadline: { ms: 60_000 },
    });
  });

  it('ends with status 1 where the caller may not, and names the missing grant', async () => {
    const { status, stdout } = await explain('GET', '/api/workflow/tasks', '--caller', 'shop');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^grant +shop may not; its "allow" list needs "GET \/api\/workflow\/tasks"$/m);
  });

  it.each([
    ['/api/workflow/taskz', '404 not-found'],
    ['/api/workflow/messages', '405 method-not-allowed: The route exists, but not with this method. (POST)'],
    ['/api/workflow/instances?stauts=x', '400 invalid-parameter'],
    ['/api/workflow/instances/..%2f', '400 invalid-parameter'],
  ])('GET %s: tells the refusal of the server', async (path, refusal) => {
    const { status, stdout } = await explain('GET', path, '--caller', 'shop');
    expect(status).toBe(1);
    expect(stdout).toContain(`refused  ${refusal}`);
  });

  it('tells a refusal as JSON where JSON is asked for', async () => {
    const { status, stdout } = await explain('GET', '/api/workflow/messages', '--caller', 'shop', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      refused: { status: 405, code: 'method-not-allowed', hint: expect.any(String), allow: ['POST'] },
    });
  });

  it('says of the routes beside /api that they go to no service', async () => {
    const { status, stdout } = await explain('GET', '/metrics', '--caller', 'shop');
    expect(status).toBe(1);
    expect(stdout).toContain('refused  404 not-found: Only requests below /api');
  });

  it.each([
    [['GET', '/api/workflow/tasks'], 'There are: portal, shop.'],
    [['GET', '/api/workflow/tasks', '--caller', 'protal'], 'Did you mean portal?'],
    [['GET'], 'flowgate explain METHOD PATH'],
  ])('%j: ends with status 64 and says what is missing', async (args, message) => {
    const result = await explain(...args);
    expect([result.status, result.stdout]).toEqual([64, '']);
    expect(result.stderr).toContain(message);
  });
});
