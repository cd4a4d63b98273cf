import { describe, expect, it } from '@jest/globals';
import {
  faultySettings,
  integrationKey,
  integrationService,
  load,
  ONE_CALLER,
  problemsOf,
  problemWith,
  workflowKey,
  workflowService,
} from '../support/config-sources.ts';

const COMPLETE = { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey) };

function withFile(file: string, env: Readonly<Record<string, string>> = {}) {
  return { env: { ...COMPLETE, ...env }, file };
}

/** A configuration with one flow that has these settings. */
function withFlow(settings: string) {
  return {
    env: ONE_CALLER,
    file: `services: { it: { kind: sap-integration, key: it.json, flows: { a: { address: /http/a, ${settings} } } } }`,
    files: { '/app/it.json': JSON.stringify(integrationKey) },
  };
}

function flow(settings: string) {
  return integrationService(load(withFlow(settings)), 'it').flows[0];
}

function withToken(token: string) {
  return withFile(`services: { wf: { kind: sap-workflow, url: https://api.example.com/rest, token: { ${token} } } }`);
}

const CLIENT = 'url: https://idp.example.com/token, clientId: id, clientSecret: secret';

describe('the YAML of the file', () => {
  it.each([
    ['a name that stands there twice', 'limits:\n  body: 1mb\n  body: 2mb\n', 'line 3'],
    ['a bracket that is missing', 'limits: [1\n', 'line 2'],
    ['a tab for indentation', 'limits:\n\tbody: 1mb\n', 'line 2'],
    ['a tag that is not known', 'limits:\n  body: !secret 1mb\n', 'line 2'],
    ['two documents', 'limits: {}\n---\nlimits: {}\n', 'line 2'],
  ])('with %s is a problem with its line', (_, file, line) => {
    expect(problemWith('flowgate.yaml', withFile(file))).toContain(line);
  });

  it('with one slip is one problem, however often the parser stumbles after it', () => {
    const file =
      'services:\n  a: { kind: http,\n    url: "x",\n  token: { url: y } }\n  b:\n    kind: http\n    url: z\n';
    expect(problemsOf(withFile(file)).map(({ problem }) => problem)).toEqual([
      'line 4, column 3: the indentation is wrong',
    ]);
  });

  it('with two slips is two problems', () => {
    const file = 'limits:\n  body: 1mb\n  body: 2mb\n  timeout: !other 30s\n';
    expect(faultySettings(withFile(file))).toEqual(['flowgate.yaml', 'flowgate.yaml']);
  });

  it('with aliases that multiply is a problem', () => {
    const lines = ['a: &a [1,1,1,1,1,1,1,1,1]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'].map((pair) => pair.split(''))) {
      lines.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`);
    }
    expect(problemWith('flowgate.yaml', withFile(lines.join('\n')))).toContain('too many aliases');
  });

  it('with an alias to nothing is a problem', () => {
    expect(faultySettings(withFile('limits: *other'))).toEqual(['flowgate.yaml']);
  });

  it('nested without end is a problem, not a crash', () => {
    expect(faultySettings(withFile(`limits: ${'['.repeat(20_000)}${']'.repeat(20_000)}`))).not.toEqual([]);
  });

  it.each(['- services', 'services', '5'])('that is no group of settings is a problem: %s', (file) => {
    expect(faultySettings(withFile(file))).toEqual(['flowgate.yaml']);
  });

  it.each(['', '# nothing\n', 'services:\nlimits:\ncallers:\n', '{}'])('may be empty: %j', (file) => {
    expect(load(withFile(file)).services).toHaveLength(1);
  });

  it('may use anchors', () => {
    const file =
      'callers: { a: { apiKeys: [key-a-0123456789abc], allow: &all ["* /api/**"] }, b: { apiKeys: [key-b-0123456789abc], allow: *all } }';
    expect(load(withFile(file)).callers[1]?.allow).toEqual(['* /api/**']);
  });

  it('is read from FLOWGATE_CONFIG, and its paths are relative to it', () => {
    const config = load({
      env: { ...ONE_CALLER, FLOWGATE_CONFIG: 'etc/gate.yaml' },
      files: {
        '/app/etc/gate.yaml': 'services: { wf: { kind: sap-workflow, key: keys/wf.json } }',
        '/app/etc/keys/wf.json': JSON.stringify(workflowKey),
        '/app/flowgate.yaml': 'not: read',
      },
    });
    expect(workflowService(config, 'wf').source).toBe('FLOWGATE_CONFIG');
  });
});

describe('settings that do not exist', () => {
  it.each([
    ['service: {}', 'service', 'services'],
    ['limits: { timout: 3s }', 'limits.timout', 'timeout'],
    ['limits: { conc: 3 }', 'limits.conc', 'concurrency'],
    [
      'services: { workflow: { kind: sap-workflow, enviromentId: dev } }',
      'services.workflow.enviromentId',
      'environmentId',
    ],
    ['callers: { a: { apikeys: [], allow: [] } }', 'callers.a.apikeys', 'apiKeys'],
  ])('%s is a problem that offers the nearest one', (file, setting, meant) => {
    expect(problemWith(setting, withFile(file))).toContain(`Did you mean "${meant}"?`);
  });

  it('with nothing near get the list of what there is', () => {
    expect(problemWith('limits.xyz', withFile('limits: { xyz: 1 }'))).toContain(
      'body, concurrency, perService, timeout',
    );
  });

  it('named after parts of JavaScript objects are problems too', () => {
    expect(faultySettings(withFile('limits: { constructor: 1, toString: 2 }'))).toEqual([
      'limits.constructor',
      'limits.toString',
    ]);
  });

  it('named __proto__ are problems too', () => {
    expect(faultySettings(withFile('limits: { __proto__: { body: 1 } }'))).toEqual(['limits.__proto__']);
    expect(faultySettings(withFile('__proto__: { limits: {} }'))).toEqual(['__proto__']);
  });
});

describe('${NAME} in the file', () => {
  it('takes the value of the variable, also inside a text', () => {
    const file =
      'services: { wf: { kind: sap-workflow, url: "https://${HOST_NAME}/rest", token: { url: "https://idp.example.com", clientId: "${ID}", clientSecret: "${SECRET}" } } }';
    const service = workflowService(
      load(withFile(file, { HOST_NAME: 'api.example.com', ID: 'id', SECRET: 's$e=c\n' })),
      'wf',
    );
    expect(service.apiUrl).toBe('https://api.example.com/rest/v1');
    expect(service.token.clientSecret?.reveal()).toBe('s$e=c');
  });

  it('is a problem that names the variable where that is not set', () => {
    expect(problemWith('limits.body', withFile('limits: { body: "${BODY_LIMIT}" }'))).toContain(
      'BODY_LIMIT, which is not set',
    );
  });

  it('is one problem for one setting, not two', () => {
    const token = 'url: https://idp.example.com, clientId: id, clientSecret: "${SECRET}"';
    expect(faultySettings(withToken(token))).toEqual(['services.wf.token.clientSecret']);
  });

  it('gives numbers and switches as well', () => {
    const file = 'limits: { concurrency: "${MANY}" }';
    expect(load(withFile(file, { MANY: '12' })).limits.concurrency).toBe(12);
  });

  it('does not search what came in', () => {
    const file = 'services: { workflow: { kind: sap-workflow, environmentId: "${A}", apiKey: x } }';
    expect(workflowService(load(withFile(file, { A: '${B}', B: 'b' }))).environmentId).toBe('${B}');
  });

  it.each(['${}', '${a-b}', '${ A }', '${1A}'])('is a problem around no name: %s', (text) => {
    expect(faultySettings(withFile(`limits: { body: "${text}" }`))).toEqual(['limits.body']);
  });
});

describe('limits', () => {
  it('are read with their units', () => {
    const file = 'limits: { body: 512kb, concurrency: 8, perService: 4, timeout: 2m }';
    expect(load(withFile(file)).limits).toEqual({
      bodyBytes: 524_288,
      concurrency: 8,
      perService: 4,
      timeoutMs: 120_000,
    });
  });

  it.each([
    'body: 10 megs',
    'body: -1',
    'body: .nan',
    'body: 0',
    'body: [1]',
    'concurrency: 0',
    'concurrency: 1.5',
    'perService: many',
    'timeout: 30',
    'timeout: 25h',
    'timeout: true',
  ])('%s is a problem', (limit) => {
    expect(faultySettings(withFile(`limits: { ${limit} }`))).toEqual([`limits.${limit.split(':')[0]}`]);
  });
});

describe('a flow', () => {
  it('has the defaults of the contract', () => {
    expect(flow('')).toEqual({
      name: 'a',
      address: '/http/a',
      methods: ['POST'],
      subpaths: false,
      csrf: 'auto',
      timeoutMs: 30_000,
      maxBodyBytes: 41_943_040,
      idempotent: false,
      passErrors: false,
      headers: [],
      responseHeaders: [],
    });
  });

  it('takes all its settings, header names in lower case', () => {
    const settings =
      'methods: [GET, POST, GET], subpaths: true, csrf: off, timeout: 60s, maxBody: 20mb, idempotent: true, passErrors: true, headers: [SAP_ApplicationID], responseHeaders: [SAP_MessageProcessingLogID]';
    expect(flow(settings)).toMatchObject({
      methods: ['GET', 'POST'],
      subpaths: true,
      csrf: 'off',
      timeoutMs: 60_000,
      maxBodyBytes: 20_971_520,
      idempotent: true,
      passErrors: true,
      headers: ['sap_applicationid'],
      responseHeaders: ['sap_messageprocessinglogid'],
    });
  });

  it('has the timeout of limits unless it has its own', () => {
    const given = withFlow('');
    const config = load({ ...given, file: `${given.file}\nlimits: { timeout: 5s }` });
    expect(integrationService(config, 'it').flows[0]?.timeoutMs).toBe(5000);
  });

  it.each([
    'Authorization',
    'cookie',
    'X-Api-Key',
    'host',
    'Connection',
    'content-length',
    'Transfer-Encoding',
    'TE',
    'trailer',
    'upgrade',
    'keep-alive',
    'Expect',
    'X-Forwarded-For',
    'x-forwarded-anything',
    'X_Forwarded_Host',
    'Forwarded',
    'x-real-ip',
    'X-CSRF-Token',
    'Proxy-Authorization',
    'proxy_connection',
    'SAP-Connectivity-Authentication',
    'x-approuter-authorization',
    'x-correlation-id',
    'traceparent',
    'x-http-method-override',
    'X-Original-URL',
    'not a token',
    'a:b',
    '""',
    'ä',
  ])('may not take the request header %s', (name) => {
    expect(faultySettings(withFlow(`headers: [ok, ${name}]`))).toEqual(['services.it.flows.a.headers[1]']);
  });

  it.each([
    'Set-Cookie',
    'server',
    'WWW-Authenticate',
    'Access-Control-Allow-Origin',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'Strict-Transport-Security',
    'Clear-Site-Data',
    'Alt-Svc',
    'Location',
    'Refresh',
    'Link',
    'NEL',
    'X-Powered-By',
    'Cache-Control',
    'x-csrf-token',
  ])('may not pass the answer header %s', (name) => {
    expect(faultySettings(withFlow(`responseHeaders: [${name}]`))).toEqual(['services.it.flows.a.responseHeaders[0]']);
  });

  it.each([
    ['methods: []', 'methods'],
    ['methods: [post]', 'methods[0]'],
    ['methods: [OPTIONS]', 'methods[0]'],
    ['methods: POST', 'methods'],
    ['csrf: on', 'csrf'],
    ['subpaths: 1', 'subpaths'],
    ['timeout: 60', 'timeout'],
    ['maxBody: 10 megs', 'maxBody'],
    ['verbs: [GET]', 'verbs'],
  ])('with %s is a problem', (settings, name) => {
    expect(faultySettings(withFlow(settings))).toEqual([`services.it.flows.a.${name}`]);
  });

  it.each(['..', '.', 'a/b', 'a b', '%61', ''])('cannot be named %j', (name) => {
    const given = withFlow('');
    const file = given.file.replace('{ a:', `{ ${JSON.stringify(name)}:`);
    expect(faultySettings({ ...given, file })).toHaveLength(1);
  });

  it('whose address is missing is a problem', () => {
    const given = withFlow('');
    const file = given.file.replace('address: /http/a,', '');
    expect(faultySettings({ ...given, file })).toEqual(['services.it.flows.a.address']);
  });

  it('whose address is on another host is a problem', () => {
    const given = withFlow('');
    const file = given.file.replace('/http/a', 'https://other.example.com/http/a');
    expect(problemWith('services.it.flows.a.address', { ...given, file })).toContain('starting with /http/ or /cxf/');
  });
});

describe('the token of a service', () => {
  it('is complete with address, client and secret', () => {
    const { token, source } = workflowService(load(withToken(CLIENT)), 'wf');
    expect(token).toMatchObject({
      url: 'https://idp.example.com/token',
      clientId: 'id',
      auth: 'client_secret_post',
      params: {},
      headers: {},
    });
    expect(token.clientSecret?.reveal()).toBe('secret');
    expect(source).toBe('flowgate.yaml');
  });

  it('takes method, parameters and headers', () => {
    const more =
      'auth: client_secret_basic, basicEncoding: rfc6749, params: { resource: urn:x, max: 5 }, headers: { X-Zid: zone }';
    expect(workflowService(load(withToken(`${CLIENT}, ${more}`)), 'wf').token).toMatchObject({
      auth: 'client_secret_basic',
      basicEncoding: 'rfc6749',
      params: { resource: 'urn:x', max: '5' },
      headers: { 'x-zid': 'zone' },
    });
  });

  it.each([
    ['auth: none', 'auth'],
    ['basicEncoding: base64', 'basicEncoding'],
    ['params: { grant_type: password }', 'params.grant_type'],
    ['params: { client_secret: x }', 'params.client_secret'],
    ['params: { a: [b] }', 'params.a'],
    ['headers: { Authorization: x }', 'headers.Authorization'],
    ['headers: { host: x }', 'headers.host'],
    ['headers: { x-zid: "a\\r\\nb: c" }', 'headers.x-zid'],
  ])('with %s is a problem', (more, name) => {
    expect(faultySettings(withToken(`${CLIENT}, ${more}`))).toEqual([`services.wf.token.${name}`]);
  });

  it.each([
    ['url: http://idp.example.com/token, clientId: id, clientSecret: s', 'url'],
    ['url: https://u:p@idp.example.com/token, clientId: id, clientSecret: s', 'url'],
    ['url: https://169.254.169.254/token, clientId: id, clientSecret: s', 'url'],
    ['url: https://idp.example.com/token, clientId: "i d", clientSecret: s', 'clientId'],
    ['url: https://idp.example.com/token, clientId: id, clientSecret: "s "', 'clientSecret'],
    ['url: https://idp.example.com/token, clientId: id, clientSecret: 12345', 'clientSecret'],
    ['url: https://idp.example.com/token, clientId: id', 'clientSecret'],
    ['url: https://idp.example.com/token, clientSecret: s', 'clientId'],
    ['clientId: id, clientSecret: s', 'url'],
  ])('as { %s } is a problem', (token, name) => {
    expect(faultySettings(withToken(token))).toEqual([`services.wf.token.${name}`]);
  });

  it('over plain http is taken where insecure upstreams are allowed', () => {
    const given = withToken('url: http://idp.example.com/token, clientId: id, clientSecret: s');
    const config = load({ ...given, env: { ...given.env, ALLOW_INSECURE_UPSTREAMS: 'true' } });
    expect(workflowService(config, 'wf').token.url).toBe('http://idp.example.com/token');
  });
});

describe('a service', () => {
  it.each(['Workflow', 'work_flow', '-x', 'a/b', 'ä'])('cannot be named %j', (name) => {
    const file = `services: { ${JSON.stringify(name)}: { kind: sap-workflow, url: https://api.example.com/rest, token: { ${CLIENT} } } }`;
    expect(problemsOf(withFile(file)).map(({ problem }) => problem)).toEqual(['is not a usable name for a service']);
  });

  it.each(['kind: sap-wrkflow', 'kind: 5', ''])('with { %s } is a problem that lists the kinds', (entry) => {
    expect(problemWith('services.x.kind', withFile(`services: { x: { ${entry} } }`))).toContain(
      'sap-workflow, sap-integration',
    );
  });

  it('that says nothing of where it is is one problem', () => {
    expect(faultySettings(withFile('services: { x: { kind: sap-workflow } }'))).toEqual(['services.x']);
  });

  it('with a binding and a key is a problem', () => {
    const file = 'services: { x: { kind: sap-workflow, binding: a, key: b.json } }';
    expect(faultySettings(withFile(file))).toEqual(['services.x']);
  });

  it('with a key file that is not there is a problem', () => {
    expect(problemWith('services.x.key', withFile('services: { x: { kind: sap-workflow, key: x.json } }'))).toContain(
      'does not exist',
    );
  });
});
