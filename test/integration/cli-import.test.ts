import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as keys from '../support/config-sources.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { makeCertificate } from '../support/test-certificate.ts';
import { runImport, servicesOf, type ImportResult, type ImportSituation } from '../support/run-import.ts';

const { processAutomationKey, workflowKey } = keys;
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

function importIn(situation: ImportSituation): Promise<ImportResult> {
  return runImport(situation, secrets);
}

function importRouter(destinations: readonly object[], xsApp: object = XS_APP): Promise<ImportResult> {
  const files = { 'xs-app.json': xsApp, 'destinations.json': destinations };
  return importIn({ args: ['xs-app.json', '--destinations', 'destinations.json'], files });
}

afterEach(() => expect(secrets.takeLeaks()).toEqual([]));

describe('flowgate import xs-app.json', () => {
  let result: ImportResult;
  beforeAll(async () => {
    result = await importRouter(DESTINATIONS);
  });

  it('writes a file that loads once its variables are set', () => {
    const { status, yaml } = result;
    expect(status).toBe(0);
    expect(servicesOf(yaml).map(({ name, kind }) => [name, kind])).toEqual([
      ['catalogue', 'http'],
      ['cpi', 'sap-integration'],
      ['bpm', 'sap-workflow'],
      ['shop', 'http'],
    ]);
  });

  it('carries over address, client, scope and routes of an API', () => {
    const { yaml } = result;
    const [catalogue] = servicesOf(yaml);
    expect(catalogue).toMatchObject({
      apiUrl: 'https://api.example.com/base',
      token: { url: TOKEN_URL, clientId: 'sb-catalogue!t1', params: { scope: 'read' } },
    });
    expect(yaml).toContain('GET /** -> /v2/**');
    expect(yaml).toContain('GET /api/catalogue/**');
  });

  it('makes flows of routes that lead to an integration runtime', () => {
    const { yaml } = result;
    expect(servicesOf(yaml)[1]).toMatchObject({
      runtimeUrl: 'https://acme.it-cpi001-rt.cfapps.eu10.hana.ondemand.com',
      flows: [{ name: 'orders', address: '/http/orders', methods: ['POST'], subpaths: false }],
    });
    expect(yaml).toContain('POST /api/cpi/flows/orders');
  });

  it('keeps the way in which a destination authenticates, and what it adds to the token request', () => {
    const { yaml, stderr } = result;
    expect(servicesOf(yaml)[3]).toMatchObject({
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

  it('says how to write destinations that are no JSON', async () => {
    const lines =
      '#Wed Jan 01\nType=HTTP\nName=catalogue\nURL=https\\://api.example.com\nclientSecret=secret-in-a-line\n';
    const files = { 'xs-app.json': XS_APP, 'catalogue.properties': lines };
    const args = ['xs-app.json', '--destinations', 'catalogue.properties'];
    const { status, yaml, stderr } = await importIn({ args, files });
    expect([status, yaml]).toEqual([65, '']);
    expect(stderr).toMatch(/^catalogue\.properties holds a destination as lines .*Write them as JSON/);
    expect(stderr).not.toContain('secret-in-a-line');
  });

  it('says so when a destination is missing', async () => {
    const { stderr } = await importRouter(DESTINATIONS.slice(0, 1));
    expect(stderr).toMatch(/destination cpi, .*: it is not among the destinations/);
  });

  it('makes services of engines, whose own API is not passed through', async () => {
    const routes = ['bpa', 'wfgen', 'wfs'].map((name) => ({
      source: `^/${name}/(.*)$`,
      target: '/$1',
      destination: name,
    }));
    const { yaml, stderr } = await importRouter(
      [
        destination('bpa', processAutomationKey.endpoints.api),
        destination('wfgen', 'https://wfgen.example.com/wfgen/graphql'),
        destination('wfs', 'https://wfs.example.com', { clientId: 'workflowapi' }),
      ],
      { routes },
    );
    expect(servicesOf(yaml).map(({ name, kind }) => [name, kind])).toEqual([
      ['bpa', 'sap-workflow'],
      ['wfgen', 'workflowgen'],
      ['wfs', 'workflow-server'],
    ]);
    expect(stderr).toMatch(/\/wfgen\/\*\* {2}-> {2}\/api\/wfgen: its routes are in the README/);
    expect(stderr).not.toContain('To be mended');
  });

  it('never lets two secrets share a variable', async () => {
    const more = { 'tokenService.body.api_key': 'secret-in-the-token-body' };
    const routes = [{ source: '^/imported/(.*)$', destination: 'imported' }];
    const { yaml, stderr } = await importRouter([destination('imported', 'https://api.example.com', more)], { routes });
    const names = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(stderr).toContain(`  ${name}  `);
  });

  it('makes variables of certificate and key where a destination has a key store', async () => {
    const more = { clientSecret: undefined, 'tokenService.KeyStoreLocation': 'client.p12' };
    const routes = [{ source: '^/shop/(.*)$', destination: 'shop' }];
    const { yaml, stderr } = await importRouter([destination('shop', 'https://api.example.com', more)], { routes });
    expect(yaml).toContain('auth: tls_client_auth');
    for (const name of ['SHOP_CERTIFICATE', 'SHOP_PRIVATE_KEY']) {
      expect(yaml).toContain(`\${${name}}`);
      expect(stderr).toContain(name);
    }
    expect(yaml).not.toContain('clientSecret');
  });

  it('writes no route that leads to the bare address, and says so', async () => {
    const routes = [{ source: '^/shop$', target: '', destination: 'shop' }];
    const { yaml, stderr } = await importRouter([destination('shop', 'https://api.example.com')], { routes });
    expect(servicesOf(yaml)).toMatchObject([{ name: 'shop', routes: [] }]);
    expect(stderr).toMatch(/route 1 .*: it leads to the address itself/);
  });

  it('names each thing that it does not know or cannot carry over', async () => {
    const route = { source: '^/shop/(.*)$', destination: 'shop', newOption: true };
    const { stderr } = await importRouter(
      [
        destination('shop', 'https://api.example.com', { ProxyType: 'PrivateLink' }),
        destination('unused', 'https://unused.example.com'),
        { Name: 'rfc', Type: 'RFC' },
      ],
      {
        newPart: {},
        routes: [
          route,
          'no route',
          { source: '^/user-api(.*)', service: 'sap-approuter-userapi' },
          { source: '^/(.*)$', service: 'html5-apps-repo-rt' },
          { source: '^/any/(.*)$', destination: '*' },
          { source: '^/rfc/(.*)$', destination: 'rfc' },
        ],
      },
    );
    for (const line of [
      /newPart: it is not known here/,
      /route 1 .*: newOption: it is not known here/,
      /route 2: it is no route/,
      /route 3 .*: nobody logs on here/,
      /route 4 .*: static content is not served/,
      /destination \*: the path of each request names it/,
      /destination rfc: Type RFC/,
      /destination unused: no route leads to it/,
      /destination shop: ProxyType PrivateLink/,
    ])
      expect(stderr).toMatch(line);
  });

  it('reports what the server would refuse in the file', async () => {
    const { stderr } = await importRouter([destination('catalogue', 'http://api.example.com')]);
    expect(stderr).toMatch(/To be mended in the file:\n {2}services\.catalogue\.url is plain http/);
  });
});

describe('flowgate import with service keys', () => {
  it('makes a service of each, whatever its kind', async () => {
    const files = { 'a.json': workflowKey, 'b.json': integrationKey, 'c.json': { credentials: processAutomationKey } };
    const { status, yaml } = await importIn({ args: ['a.json', 'b.json', 'c.json'], files });
    expect(status).toBe(0);
    expect(servicesOf(yaml)).toMatchObject([
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
    const { yaml, stderr } = await importIn({ args: ['key.json'], files: { 'key.json': x509 } });
    expect(servicesOf(yaml, key)[0]).toMatchObject({
      token: { auth: 'tls_client_auth', url: 'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token' },
    });
    expect(yaml).toContain('${WORKFLOW_PRIVATE_KEY}');
    expect(stderr).not.toContain('To be mended');
  });

  it('refuses a key that cannot call flows, and says which can', async () => {
    const result = await importIn({ args: ['key.json'], files: { 'key.json': keys.apiPlanKey } });
    expect([result.status, result.yaml]).toEqual([1, '']);
    expect(result.stderr).toContain('plan integration-flow');
  });
});

describe('flowgate import and files', () => {
  const files = { 'key.json': workflowKey, 'out.yaml': 'mine' };

  it('writes flowgate.yaml, and says so', async () => {
    const { status, stdout, stderr, yaml } = await importIn({ args: ['key.json'], files: { 'key.json': workflowKey } });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('Wrote flowgate.yaml.');
    expect(servicesOf(yaml)).toHaveLength(1);
  });

  it.each(['flowgate.yaml', 'out.yaml'])('never overwrites %s unasked', async (name) => {
    const args = name === 'out.yaml' ? ['key.json', '--out', name] : ['key.json'];
    const result = await importIn({ args, files: { ...files, [name]: 'mine' } });
    expect([result.status, result.stdout, result.written[name]]).toEqual([73, '', 'mine']);
    expect(result.stderr).toContain('--force');
  });

  it('writes to stdout where it is told to, and to no file', async () => {
    const args = ['key.json', '--out', '-'];
    const { status, stdout, written } = await importIn({ args, files: { 'key.json': workflowKey } });
    expect([status, written]).toEqual([0, {}]);
    expect(servicesOf(stdout)).toHaveLength(1);
  });

  it('overwrites it when told so', async () => {
    const result = await importIn({ args: ['key.json', '--out', 'out.yaml', '--force'], files });
    expect([result.status, result.stdout]).toEqual([0, '']);
    expect(servicesOf(result.written['out.yaml'] ?? '')).toHaveLength(1);
  });

  it.each<[string, number, Readonly<Record<string, unknown>>]>([
    ['is not there', 66, {}],
    ['is not JSON', 65, { 'key.json': '{"clientsecret":"secret-in-broken-json"' }],
    ['is no JSON object', 65, { 'key.json': '[]' }],
    ['is no key', 1, { 'key.json': { a: 1 } }],
  ])('a file that %s: ends with status %d and shows nothing of it', async (_name, status, broken) => {
    const result = await importIn({ args: ['key.json'], files: broken });
    expect([result.status, result.stdout, result.yaml]).toEqual([status, '', '']);
    expect(result.stderr).toContain('key.json');
    expect(result.stderr).not.toContain('secret-in-broken-json');
  });
});
