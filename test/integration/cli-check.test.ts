import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { integrationKey, workflowKey } from '../support/config-sources.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { inFolder, runFlowgate, type CommandResult } from '../support/run-flowgate.ts';

const secrets = new PlantedSecrets();
secrets.plantAllOf('keys', { workflowKey, integrationKey });

const PORTAL_KEY = 'portal-key-0123456789abcdef';
const ENVIRONMENT_KEY = 'environment-api-key-0123456789';
secrets.plant('API key', PORTAL_KEY);
secrets.plant('API key of an environment', ENVIRONMENT_KEY);

const FILE = `
services:
  bpa:
    key: ./keys/workflow.json
    kind: sap-workflow
    environmentId: dev
    apiKey: '\${BPA_API_KEY}'
  integration:
    flows:
      orders: { address: /http/orders, timeout: 60s }
callers:
  portal:
    apiKeys: ['\${PORTAL_KEY}']
    allow: ['POST /api/bpa/definitions/onboarding/instances', 'POST /api/integration/flows/*']
limits: { body: 2mb }
`;

const ENV = {
  INTEGRATION_SERVICE_KEY: JSON.stringify(integrationKey),
  INTEGRATION_FLOWS: 'product-details=/http/products',
  PORTAL_KEY,
  BPA_API_KEY: ENVIRONMENT_KEY,
  LOG_LEVEL: 'warn',
};

interface Situation {
  readonly args?: readonly string[];
  readonly file?: string;
  /** Where the service key lies, and its mode. */
  readonly keyPath?: string;
  readonly mode?: number;
  readonly otherFile?: string;
}

function checkIn(situation: Situation): Promise<CommandResult> {
  const { args = [], file = FILE, keyPath = 'keys/workflow.json', mode = 0o600, otherFile } = situation;
  return inFolder(async (folder) => {
    await mkdir(join(folder, keyPath, '..'), { recursive: true });
    await writeFile(join(folder, keyPath), JSON.stringify(workflowKey));
    await chmod(join(folder, keyPath), mode);
    await writeFile(join(folder, 'flowgate.yaml'), file);
    if (otherFile !== undefined) await writeFile(join(folder, otherFile), '');
    return look(await runFlowgate(['check', ...args], { env: ENV, cwd: folder }));
  });
}

function look(result: CommandResult): CommandResult {
  secrets.look('stdout', result.stdout);
  secrets.look('stderr', result.stderr);
  return result;
}

afterEach(() => expect(secrets.takeLeaks()).toEqual([]));

interface Checked {
  readonly settings: readonly { readonly setting: string; readonly value: string; readonly from: string }[];
  readonly warnings: readonly { readonly setting: string; readonly warning: string; readonly cure: string }[];
}

function parsed(result: CommandResult): Checked {
  return JSON.parse(result.stdout) as Checked;
}

describe('flowgate check with a valid configuration', () => {
  let checked: Checked;
  beforeAll(async () => {
    checked = parsed(await checkIn({ args: ['--json'] }));
  });

  it('ends with status 0 and says so', async () => {
    const result = await checkIn({});
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toContain('The configuration is valid.');
  });

  it.each([
    ['LOG_LEVEL', 'warn', 'environment'],
    ['PORT', '3000', 'default'],
    ['limits.body', '2mb', 'flowgate.yaml'],
    ['limits.timeout', '30s', 'default'],
    [
      'services.bpa.url',
      'https://api.workflow-sap.cfapps.eu10.hana.ondemand.com/workflow-service/rest/v1',
      'services.bpa.key',
    ],
    ['services.bpa.environmentId', 'dev', 'flowgate.yaml'],
    ['services.bpa.apiKey', expect.stringMatching(/^set \(sha256:[0-9a-f]{4}…\)$/), 'flowgate.yaml, ${BPA_API_KEY}'],
    ['services.integration.token.clientSecret', expect.stringMatching(/^set \(sha256:/), 'INTEGRATION_SERVICE_KEY'],
    ['services.integration.flows.orders.timeout', '1m', 'flowgate.yaml'],
    ['services.integration.flows.orders.csrf', 'auto', 'default'],
    ['services.integration.flows.product-details.address', '/http/products', 'INTEGRATION_FLOWS'],
    ['callers.portal.apiKeys', expect.stringMatching(/^sha256:[0-9a-f]{4}…$/), 'flowgate.yaml, ${PORTAL_KEY}'],
  ])('shows that %s is %s, from %s', (setting, value, from) => {
    expect(checked.settings.find((found) => found.setting === setting)).toEqual({ setting, value, from });
  });

  it('has nothing to warn of where keys are kept well', () => {
    expect(checked.warnings).toEqual([]);
  });
});

describe('flowgate check warns', () => {
  it('when a key file is readable by all', async () => {
    const { warnings } = parsed(await checkIn({ args: ['--json'], mode: 0o644 }));
    expect(warnings).toEqual([
      {
        setting: 'services.bpa.key',
        warning: expect.stringContaining('every user'),
        cure: expect.stringContaining('chmod 600'),
      },
    ]);
  });

  it.each<[string, Situation]>([
    ['in a folder with the name of one that is served', { keyPath: 'public/keys/workflow.json' }],
    ['below a folder with a page', { otherFile: 'index.html' }],
  ])('when a key file lies %s', async (_name, situation) => {
    const file = FILE.replace('./keys/workflow.json', situation.keyPath ?? 'keys/workflow.json');
    const result = await checkIn({ ...situation, file });
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/warning {2}services\.bpa\.key .*web pages.*\n +-> Move the file/);
  });

  it('when the file itself holds a secret that every user may read', async () => {
    const file = FILE.replace("'${BPA_API_KEY}'", ENVIRONMENT_KEY);
    const { warnings } = parsed(await checkIn({ args: ['--json'], file }));
    expect(warnings).toMatchObject([
      { setting: 'flowgate.yaml', warning: expect.stringMatching(/^holds a secret and is/) },
    ]);
  });
});

describe('flowgate check with problems', () => {
  const broken = FILE.replace('address: /http/orders', 'address: http/orders').replace(
    'kind: sap-workflow',
    'kind: sap',
  );

  it('ends with status 78 and tells all of them with their cures', async () => {
    const result = await checkIn({ file: broken });
    expect([result.status, result.stdout]).toEqual([78, '']);
    expect(result.stderr).toMatch(/services\.bpa\.kind\n.*unknown value\n +-> Choose one of/);
    expect(result.stderr).toMatch(/services\.integration\.flows\.orders\.address\n.*slash\n +-> The address must be/);
  });

  it('tells them as JSON', async () => {
    const result = await checkIn({ file: broken, args: ['--json'] });
    expect(result.status).toBe(78);
    expect(JSON.parse(result.stdout)).toMatchObject({
      valid: false,
      problems: [{ setting: 'services.bpa.kind' }, { setting: 'services.integration.flows.orders.address' }],
    });
  });

  it('tells grants that no route can match together with all else, where the services are in order', async () => {
    const file = FILE.replace('onboarding/instances', 'onboarding/instance').replace('body: 2mb', 'body: much');
    const result = await checkIn({ file, args: ['--json'] });
    expect((JSON.parse(result.stdout) as { problems: unknown[] }).problems).toMatchObject([
      { setting: 'limits.body' },
      { setting: 'callers.portal.allow[0]' },
    ]);
  });

  it('says nothing of grants where a service could not be read: its routes are not known', async () => {
    const file = FILE.replace("'${BPA_API_KEY}'", "'${NOT_SET}'").replace('flows/*', 'flow/*');
    const result = await checkIn({ file });
    expect(result.status).toBe(78);
    expect(result.stderr).not.toContain('allow[');
  });

  it('names a grant that no route can match, and the nearest route', async () => {
    const result = await checkIn({ file: FILE.replace('onboarding/instances', 'onboarding/instance') });
    expect(result.status).toBe(78);
    expect(result.stderr).toMatch(
      /callers\.portal\.allow\[0\]\n.*\n +-> .*POST \/api\/bpa\/definitions\/\*\/instances/,
    );
  });
});

describe('flowgate, called in a wrong way', () => {
  it.each([
    [['chekc'], 'check'],
    [['check', '--jsno'], '--json'],
  ])('%j: ends with status 64 and names what was probably meant', async (args, meant) => {
    const result = await runFlowgate(args);
    expect([result.status, result.stdout]).toEqual([64, '']);
    expect(result.stderr).toContain(meant);
  });
});
