import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceConfig } from '../../src/config/config.ts';
import * as keys from '../support/config-sources.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { inFolder, runFlowgate, type CommandResult } from '../support/run-flowgate.ts';

const { load, processAutomationKey, workflowKey } = keys;
const integrationKey = { oauth: { ...keys.integrationKey.oauth, clientsecret: 'secret-of-the-runtime$0a=' } };

const TOKEN_URL = 'https://acme.authentication.eu10.hana.ondemand.com/oauth/token';

function destination(Name: string, URL: string, more: object = {}): object {
  return {
    Name,
    Type: 'HTTP',
    URL,
    Authentication: 'OAuth2ClientCredentials',
    ProxyType: 'Internet',
    clientId: `sb-${Name}!t1`,
    clientSecret: `destination-secret-of-${Name}`,
    tokenServiceURL: TOKEN_URL,
    tokenServiceURLType: 'Dedicated',
    ...more,
  };
}

const DESTINATIONS = [
  destination('catalogue', 'https://api.example.com/base', { scope: 'read', 'sap-client': '100' }),
  destination('cpi', 'https://acme.it-cpi001-rt.cfapps.eu10.hana.ondemand.com/http'),
  destination('bpm', 'https://api.workflow-sap.cfapps.eu10.hana.ondemand.com/workflow-service/rest'),
  destination('s4', 'http://s4:44300', {
    Authentication: 'BasicAuthentication',
    ProxyType: 'OnPremise',
    User: 'TECHNICAL',
    Password: 'password-of-the-technical-user',
  }),
  destination('shop', 'https://shop.example.com', {
    tokenServiceURL: 'https://gateway:password-of-the-gateway@login.example.com/token',
    'tokenService.addClientCredentialsInBody': 'false',
    'tokenService.body.resource': 'shop',
    'tokenService.body.api_secret': 'secret-in-the-token-body',
  }),
];

const XS_APP = {
  welcomeFile: '/index.html',
  websockets: { enabled: true },
  routes: [
    {
      source: '^/catalogue/(.*)$',
      target: '/v2/$1',
      destination: 'catalogue',
      csrfProtection: false,
      scope: '$XSAPPNAME.Read',
    },
    { source: '^/orders$', target: '/orders', destination: 'cpi', httpMethods: ['POST'] },
    { source: '^/bpmworkflowruntime/(.*)$', target: '$1', destination: 'bpm', authenticationType: 'xsuaa' },
    { source: '^/shop/items$', target: '/v1/items', destination: 'shop', httpMethods: ['GET', 'HEAD'] },
    { source: '^/(a|b)/x$', destination: 'catalogue' },
    { source: '^/onpremise/(.*)$', destination: 's4' },
    { source: '^/static/(.*)$', localDir: 'webapp' },
    { source: '^(.*)$', service: 'html5-apps-repo-rt' },
  ],
};

const secrets = new PlantedSecrets();
secrets.plantAllOf('destinations', Object.fromEntries(DESTINATIONS.map((entry, at) => [String(at), entry])));
secrets.plant('password in an address', 'password-of-the-gateway');
secrets.plantAllOf('keys', { workflowKey, integrationKey, processAutomationKey });

interface Situation {
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, unknown>>;
}

/** Runs the command in a folder with these files; brings what it wrote to `out.yaml`, too. */
function importIn({ args, files }: Situation): Promise<CommandResult & { readonly out: string | undefined }> {
  return inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    const result = await runFlowgate(['import', ...args], { cwd: folder });
    const out = await readFile(join(folder, 'out.yaml'), 'utf8').catch(() => undefined);
    for (const [where, text] of Object.entries({ stdout: result.stdout, stderr: result.stderr, out: out ?? '' }))
      secrets.look(where, text);
    return { ...result, out };
  });
}

function importRouter(destinations: readonly object[]): ReturnType<typeof importIn> {
  const files = { 'xs-app.json': XS_APP, 'destinations.json': destinations };
  return importIn({ args: ['xs-app.json', '--destinations', 'destinations.json'], files });
}

/** The services of the file, once its variables are set. */
function servicesOf(yaml: string, privateKey = ''): readonly ServiceConfig[] {
  const names = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const env = Object.fromEntries(
    names.map((name) => [name, name.endsWith('PRIVATE_KEY') ? privateKey : `value-of-${name}-0123456789`]),
  );
  return load({ env, file: yaml }).services;
}

afterEach(() => expect(secrets.takeLeaks()).toEqual([]));

describe('flowgate import xs-app.json', () => {
  let result: CommandResult;
  beforeAll(async () => {
    result = await importRouter(DESTINATIONS);
  });

  it('writes a file that loads once its variables are set', () => {
    const { status, stdout } = result;
    expect(status).toBe(0);
    expect(servicesOf(stdout).map(({ name, kind }) => [name, kind])).toEqual([
      ['catalogue', 'http'],
      ['cpi', 'sap-integration'],
      ['bpm', 'sap-workflow'],
      ['shop', 'http'],
    ]);
  });

  it('carries over address, client, scope and routes of an API', () => {
    const { stdout } = result;
    const [catalogue] = servicesOf(stdout);
    expect(catalogue).toMatchObject({
      apiUrl: 'https://api.example.com/base',
      token: { url: TOKEN_URL, clientId: 'sb-catalogue!t1', params: { scope: 'read' } },
    });
    expect(stdout).toContain('GET /** -> /v2/**');
    expect(stdout).toContain('GET /api/catalogue/**');
  });

  it('makes flows of routes that lead to an integration runtime', () => {
    const { stdout } = result;
    expect(servicesOf(stdout)[1]).toMatchObject({
      runtimeUrl: 'https://acme.it-cpi001-rt.cfapps.eu10.hana.ondemand.com',
      flows: [{ name: 'orders', address: '/http/orders', methods: ['POST'], subpaths: false }],
    });
    expect(stdout).toContain('POST /api/cpi/flows/orders');
  });

  it('keeps the way in which a destination authenticates, and what it adds to the token request', () => {
    const { stdout, stderr } = result;
    expect(servicesOf(stdout)[3]).toMatchObject({
      token: {
        url: 'https://login.example.com/token',
        auth: 'client_secret_basic',
        params: { resource: 'shop', api_secret: 'value-of-SHOP_API_SECRET-0123456789' },
      },
    });
    expect(stderr).toContain('SHOP_API_SECRET');
  });

  it('lists the variables to set, and what the paths are now', () => {
    const { stderr } = result;
    expect(stderr).toMatch(/^ {2}CATALOGUE_CLIENT_SECRET +clientSecret of the destination catalogue$/m);
    expect(stderr).toMatch(/^ {2}IMPORTED_API_KEY +a key for the caller imported/m);
    expect(stderr).toContain('/catalogue/**  ->  /api/catalogue/**');
    expect(stderr).toContain('/orders  ->  /api/cpi/flows/orders');
  });

  it.each([
    /welcomeFile: pages are not served/,
    /websockets: WebSockets are not forwarded/,
    /destination catalogue: not carried over: sap-client/,
    /route 1 \(\^\/catalogue\/\(\.\*\)\$\): scope: .*"allow"/,
    /route 5 \(.*\): its source is a pattern/,
    /destination s4: ProxyType OnPremise/,
    /route 6 \(.*\): its destination s4 is not carried over/,
    /route 7 \(.*\): localDir: static content is not served/,
    /route 8 \(.*\): service html5-apps-repo-rt/,
    /route 1, .*: authenticationType: people do not log on here/,
    /csrfProtection: not needed here/,
  ])('reports what could not be carried over: %s', (line) => {
    expect(result.stderr).toMatch(line);
  });

  it('says so when a destination is missing', async () => {
    const { stderr } = await importRouter(DESTINATIONS.slice(0, 1));
    expect(stderr).toMatch(/destination cpi, .*: it is not among the destinations/);
  });

  it('reports what the server would refuse in the file', async () => {
    const { stderr } = await importRouter([destination('catalogue', 'http://api.example.com')]);
    expect(stderr).toMatch(/To be mended in the file:\n {2}services\.catalogue\.url is plain http/);
  });
});

describe('flowgate import with service keys', () => {
  it('makes a service of each, whatever its kind', async () => {
    const files = { 'a.json': workflowKey, 'b.json': integrationKey, 'c.json': { credentials: processAutomationKey } };
    const { status, stdout } = await importIn({ args: ['a.json', 'b.json', 'c.json'], files });
    expect(status).toBe(0);
    expect(servicesOf(stdout)).toMatchObject([
      { name: 'workflow', apiUrl: `${workflowKey.endpoints.workflow_rest_url}/v1` },
      { name: 'integration', runtimeUrl: integrationKey.oauth.url },
      { name: 'workflow-2', apiUrl: `${processAutomationKey.endpoints.api}/workflow/rest/v1` },
    ]);
  });

  it('takes a certificate, and makes its private key a variable', async () => {
    const { cert, key } = makeCertificate();
    secrets.plant('private key', key.split('\n')[1] ?? '');
    const { clientsecret: _secret, ...uaa } = workflowKey.uaa;
    const x509 = { ...workflowKey, uaa: { ...uaa, certificate: cert.replaceAll('\n', '\\n'), key } };
    const { stdout, stderr } = await importIn({ args: ['key.json'], files: { 'key.json': x509 } });
    expect(servicesOf(stdout, key)[0]).toMatchObject({
      token: { auth: 'tls_client_auth', url: 'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token' },
    });
    expect(stdout).toContain('${WORKFLOW_PRIVATE_KEY}');
    expect(stderr).not.toContain('To be mended');
  });

  it('refuses a key that cannot call flows, and says which can', async () => {
    const result = await importIn({ args: ['key.json'], files: { 'key.json': keys.apiPlanKey } });
    expect([result.status, result.stdout]).toEqual([1, '']);
    expect(result.stderr).toContain('plan integration-flow');
  });
});

describe('flowgate import and files', () => {
  const files = { 'key.json': workflowKey, 'out.yaml': 'mine' };

  it('never overwrites a file unasked', async () => {
    const result = await importIn({ args: ['key.json', '--out', 'out.yaml'], files });
    expect([result.status, result.out]).toEqual([73, 'mine']);
    expect(result.stderr).toContain('--force');
  });

  it('overwrites it when told so', async () => {
    const result = await importIn({ args: ['key.json', '--out', 'out.yaml', '--force'], files });
    expect([result.status, result.stdout]).toEqual([0, '']);
    expect(servicesOf(result.out ?? '')).toHaveLength(1);
  });

  it.each<[string, number, Readonly<Record<string, unknown>>]>([
    ['is not there', 66, {}],
    ['is not JSON', 65, { 'key.json': '{"clientsecret":"secret-in-broken-json"' }],
    ['is no JSON object', 65, { 'key.json': '[]' }],
    ['is no key', 1, { 'key.json': { a: 1 } }],
  ])('a file that %s: ends with status %d and shows nothing of it', async (_name, status, broken) => {
    const result = await importIn({ args: ['key.json'], files: broken });
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toContain('key.json');
    expect(result.stderr).not.toContain('secret-in-broken-json');
  });
});
