import { afterEach, describe, expect, it } from '@jest/globals';
import * as keys from '../support/config-sources.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { runImport, servicesOf, type ImportResult } from '../support/run-import.ts';

const { vcapBinding, vcapServices, workflowKey } = keys;

// Secrets whose beginnings are no words of a report.
const integrationKey = { oauth: { ...keys.integrationKey.oauth, clientsecret: 'secret-of-the-runtime$0a=' } };
const apiPlanKey = { oauth: { ...keys.apiPlanKey.oauth, clientsecret: 'secret-of-the-tenant$0a=' } };

const SECRET = 'secret-of-the-hand-made-key';
const API_KEY = 'api-key-of-the-hand-made-key';
const secrets = new PlantedSecrets();
secrets.plantAllOf('keys', { workflowKey, integrationKey, apiPlanKey });
secrets.plant('client secret', SECRET);
secrets.plant('API key', API_KEY);

const TOKEN_URL = 'https://tenant.eu.auth0.com/oauth/token';

const WORKFLOW_SERVER_KEY = { uri: 'https://wfs.example.com', clientid: 'workflowapi', clientsecret: SECRET };
const WORKFLOWGEN_KEY = {
  url: 'https://wfgen.example.com/wfgen/graphql',
  tokenurl: TOKEN_URL,
  clientid: 'abc',
  clientsecret: SECRET,
  apiKey: API_KEY,
  audience: 'https://wfgen.example.com/graphql',
};
const HTTP_KEY = {
  url: 'https://api.example.com/v2',
  token_url: TOKEN_URL,
  client_id: 'abc',
  client_secret: SECRET,
  scope: 'read',
  apikey: API_KEY,
  tenant: 'acme',
};

function importKey(key: unknown): Promise<ImportResult> {
  return runImport({ args: ['key.json'], files: { 'key.json': key } }, secrets);
}

afterEach(() => expect(secrets.takeLeaks()).toEqual([]));

describe('flowgate import with a key that a person wrote', () => {
  it('knows WorkflowServer by the client of its API; its token address is found by discovery', async () => {
    const { status, yaml, stderr } = await importKey(WORKFLOW_SERVER_KEY);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('To be mended')]);
    expect(servicesOf(yaml)).toMatchObject([{ kind: 'workflow-server', url: 'https://wfs.example.com' }]);
  });

  it('knows WorkflowGen by the address of its API, and keeps its audience', async () => {
    const { status, yaml, stderr } = await importKey(WORKFLOWGEN_KEY);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('To be mended')]);
    expect(servicesOf(yaml)).toMatchObject([
      {
        kind: 'workflowgen',
        graphqlUrl: WORKFLOWGEN_KEY.url,
        token: { url: TOKEN_URL, params: { audience: WORKFLOWGEN_KEY.audience } },
      },
    ]);
    expect(yaml).toContain('${WORKFLOWGEN_API_KEY}');
  });

  it('makes a file that the server takes of the key of any other API, and names what it left out', async () => {
    const { status, yaml, stderr } = await importKey(HTTP_KEY);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('To be mended')]);
    expect(servicesOf(yaml)).toMatchObject([{ kind: 'http', token: { params: { scope: 'read' } } }]);
    expect(stderr).toMatch(/key\.json: apikey: not carried over/);
    expect(stderr).toMatch(/key\.json: not carried over: tenant/);
  });

  it('writes no query of an address, which may be a secret, and says so', async () => {
    const { yaml, stderr } = await importKey({ ...HTTP_KEY, url: `${HTTP_KEY.url}?key=${SECRET}` });
    expect(servicesOf(yaml)).toMatchObject([{ apiUrl: HTTP_KEY.url }]);
    expect(stderr).toContain('after "?"');
  });
});

const PRINTED = `Getting key flowgate for service instance my-workflow as ada@example.com...\n\n${JSON.stringify(workflowKey, null, 2)}\n`;

describe('flowgate import with a file as people have it', () => {
  it.each<[string, string | Buffer]>([
    ['as cf service-key prints it', PRINTED],
    ['with a byte order mark', `\uFEFF${JSON.stringify(workflowKey)}`],
    ['in UTF-16, as PowerShell writes it', Buffer.from(`\uFEFF${PRINTED}`, 'utf16le')],
    ['inside of "credentials"', JSON.stringify({ credentials: workflowKey })],
  ])('reads a key %s', async (_name, text) => {
    const { status, yaml } = await importKey(text);
    expect(status).toBe(0);
    expect(servicesOf(yaml)).toMatchObject([{ name: 'workflow', kind: 'sap-workflow' }]);
  });

  it.each([
    ['with a comment', JSON.stringify(workflowKey, null, 1).replace('{', '{\n// the key')],
    ['with a line break within a secret', JSON.stringify(workflowKey).replace('workflow-secret', 'workflow-\nsecret')],
    ['that was cut off', JSON.stringify(workflowKey).slice(0, -3)],
    ['of HTML', '<html><body>Sign in</body></html>'],
    ['that is empty', ''],
  ])('says what JSON must be of a file %s, and shows nothing of it', async (_name, text) => {
    const { status, yaml, stderr } = await importKey(text);
    expect([status, yaml]).toEqual([65, '']);
    expect(stderr).toMatch(/^key\.json is not valid JSON( \(line \d+ column \d+\))?\. Copy it again, whole/);
    expect(stderr).not.toContain('clientid');
  });
});

describe('flowgate import with VCAP_SERVICES', () => {
  const services = JSON.parse(
    vcapServices(
      vcapBinding('my-workflow', 'workflow', 'standard', workflowKey),
      vcapBinding('my-it-rt', 'it-rt', 'integration-flow', integrationKey),
      vcapBinding('my-api', 'it-rt', 'api', apiPlanKey),
      vcapBinding('approvals', 'user-provided', '', WORKFLOW_SERVER_KEY),
      vcapBinding('my-uaa', 'xsuaa', 'application', { clientid: 'c', clientsecret: SECRET, url: TOKEN_URL }),
    ),
  ) as unknown;

  it.each([
    ['alone', services],
    ['in default-env.json', { VCAP_SERVICES: services, destinations: [] }],
  ])('%s: makes a service of each binding that is one, and names the others', async (_name, document) => {
    const { status, yaml, stderr } = await importKey(document);
    expect(status).toBe(0);
    expect(servicesOf(yaml).map(({ name, kind }) => [name, kind])).toEqual([
      ['workflow', 'sap-workflow'],
      ['integration', 'sap-integration'],
      ['approvals', 'workflow-server'],
    ]);
    expect(stderr).toMatch(/binding my-api of key\.json: it is of plan api/);
    expect(stderr).toMatch(/binding my-uaa of key\.json: xsuaa is no service/);
    expect(stderr).not.toContain('To be mended');
  });
});
