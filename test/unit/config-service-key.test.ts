import { describe, expect, it } from '@jest/globals';
import type { TokenClient } from '../../src/config/config.ts';
import {
  apiPlanKey,
  faultySettings,
  integrationKey,
  integrationService,
  load,
  ONE_CALLER,
  problemWith,
  processAutomationKey,
  workflowKey,
  workflowService,
} from '../support/config-sources.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const UAA = 'https://acme.authentication.eu10.hana.ondemand.com';
const { cert: CERTIFICATE, key: PRIVATE_KEY } = makeCertificate();

function withWorkflowKey(key: unknown) {
  return { env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: typeof key === 'string' ? key : JSON.stringify(key) } };
}

function withIntegrationKey(key: unknown) {
  const flows = { INTEGRATION_FLOWS: 'a=/http/a' };
  return { env: { ...ONE_CALLER, ...flows, INTEGRATION_SERVICE_KEY: JSON.stringify(key) } };
}

/** A service of the file whose key lies beside it. */
function withKeyFile(entry: string, key: unknown) {
  const file = `services: { it: { kind: sap-workflow, key: ./keys/it.json, ${entry} } }`;
  return { env: ONE_CALLER, file, files: { '/app/keys/it.json': JSON.stringify(key) } };
}

function secretOf(token: TokenClient): string | undefined {
  return token.clientSecret?.reveal();
}

describe('a key of the Workflow service', () => {
  const expected = {
    url: `${UAA}/oauth/token`,
    clientId: workflowKey.uaa.clientid,
    auth: 'client_secret_post',
    maxLifeSeconds: 7200,
  };

  it('gives the token endpoint, the client and the versioned base', () => {
    const { token, apiUrl, source } = workflowService(load(withWorkflowKey(workflowKey)));
    expect(token).toMatchObject(expected);
    expect(secretOf(token)).toBe(workflowKey.uaa.clientsecret);
    expect(apiUrl).toBe(`${workflowKey.endpoints.workflow_rest_url}/v1`);
    expect(source).toBe('WORKFLOW_SERVICE_KEY');
  });

  it('may be wrapped in credentials, as newer cf clients show it', () => {
    expect(workflowService(load(withWorkflowKey({ credentials: workflowKey }))).token).toMatchObject(expected);
  });

  it('may be the path of a file', () => {
    const given = withWorkflowKey('./keys/workflow.json');
    const files = { '/app/keys/workflow.json': `\uFEFF${JSON.stringify(workflowKey, null, 2)}\n` };
    expect(workflowService(load({ ...given, files })).token).toMatchObject(expected);
  });

  it("may keep the shell's quotes around it", () => {
    expect(workflowService(load(withWorkflowKey(`'${JSON.stringify(workflowKey)}'`))).token).toMatchObject(expected);
  });

  it('is a problem when the file does not exist', () => {
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey('./keys/none.json'))).toContain('does not exist');
  });

  it.each(['{"uaa":', '{}x', '{"uaa": {"clientid": "sb-x"'])('is a problem when it is cut off: %s', (text) => {
    expect(faultySettings(withWorkflowKey(text))).toEqual(['WORKFLOW_SERVICE_KEY']);
  });

  it('is one problem when it is an object of another kind', () => {
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey({ a: 1 }))).toContain('neither a clientid nor');
  });

  it('lacking its address is a problem that names the field', () => {
    const { endpoints: _, ...rest } = workflowKey;
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey(rest))).toContain('endpoints.workflow_rest_url');
  });

  it('lacking its secret is a problem', () => {
    const uaa = { clientid: 'sb-x', url: UAA };
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey({ ...workflowKey, uaa }))).toContain('no clientsecret');
  });

  it.each(['sb-clone ', ' sb-clone', 'sb-clone\n', 'sb clone'])('with the client id %j is a problem', (clientid) => {
    const uaa = { ...workflowKey.uaa, clientid };
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey({ ...workflowKey, uaa }))).toContain(
      'clientid has blanks around it or inside',
    );
  });

  it('with quotes around the client id is a problem', () => {
    const uaa = { ...workflowKey.uaa, clientid: '“sb-clone”' };
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey({ ...workflowKey, uaa }))).toContain('quotes');
  });

  it('with a line break after the secret is a problem', () => {
    const uaa = { ...workflowKey.uaa, clientsecret: 'abc\n' };
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey({ ...workflowKey, uaa }))).toContain('clientsecret has');
  });

  it('is refused for flows', () => {
    expect(problemWith('INTEGRATION_SERVICE_KEY', withIntegrationKey(workflowKey))).toContain('of a workflow service');
  });

  it('takes no restPath, and a notice says so', () => {
    const config = load(withKeyFile('restPath: /workflow/rest', workflowKey));
    expect(workflowService(config, 'it').apiUrl).toBe(`${workflowKey.endpoints.workflow_rest_url}/v1`);
    expect(config.notices.join('\n')).toContain('restPath of the service it is not used');
  });
});

describe('a key of SAP Build Process Automation', () => {
  const api = processAutomationKey.endpoints.api;

  it('has its API below /workflow/rest', () => {
    expect(workflowService(load(withWorkflowKey(processAutomationKey))).apiUrl).toBe(`${api}/workflow/rest/v1`);
  });

  it('has it below the restPath of its entry', () => {
    const config = load(withKeyFile('restPath: /public/workflow/rest', processAutomationKey));
    expect(workflowService(config, 'it').apiUrl).toBe(`${api}/public/workflow/rest/v1`);
  });

  it('does not double a path that it has already', () => {
    const key = { ...processAutomationKey, endpoints: { api: `${api}/workflow/rest/` } };
    expect(workflowService(load(withWorkflowKey(key))).apiUrl).toBe(`${api}/workflow/rest/v1`);
  });

  it('gets environment and API key from its entry', () => {
    const given = withKeyFile('environmentId: dev, apiKey: "${BPA}"', processAutomationKey);
    const service = workflowService(load({ ...given, env: { ...ONE_CALLER, BPA: 'bpa-key' } }), 'it');
    expect(service.environmentId).toBe('dev');
    expect(service.apiKey?.reveal()).toBe('bpa-key');
  });

  it.each(['/a/../b', 'https://x.example.com/rest', '/a?b', '/a b'])('refuses the restPath %j', (restPath) => {
    const given = withKeyFile(`restPath: ${JSON.stringify(restPath)}`, processAutomationKey);
    expect(faultySettings(given)).toEqual(['services.it.restPath']);
  });
});

describe('a key of Process Integration Runtime', () => {
  it('gives the token endpoint as it is, and the runtime', () => {
    const { token, runtimeUrl } = integrationService(load(withIntegrationKey(integrationKey)));
    expect(token).toMatchObject({ url: integrationKey.oauth.tokenurl, clientId: integrationKey.oauth.clientid });
    expect(secretOf(token)).toBe(integrationKey.oauth.clientsecret);
    expect(runtimeUrl).toBe(integrationKey.oauth.url);
  });

  it.each([
    ['under oauth', (fields: object) => ({ oauth: fields })],
    ['at the top', (fields: object) => fields],
  ])('with a certificate %s authenticates by TLS', (_, wrap) => {
    const key = wrap({
      clientid: 'sb-x!b1|it-rt-acme!b2',
      certificate: CERTIFICATE.replaceAll('\n', '\\n'),
      key: PRIVATE_KEY.replaceAll('\n', '\\n'),
      tokenurl: integrationKey.oauth.tokenurl,
      url: integrationKey.oauth.url,
      certificatedetails: { subjectdn: 'CN=x' },
    });
    const { token } = integrationService(load(withIntegrationKey(key)));
    expect(token).toMatchObject({
      auth: 'tls_client_auth',
      url: 'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token',
      clientSecret: undefined,
    });
    expect(token.certificate?.reveal()).toBe(CERTIFICATE);
    expect(token.key?.reveal()).toBe(PRIVATE_KEY);
  });

  it('with an external certificate takes the private key from the file', () => {
    const oauth = { ...integrationKey.oauth, clientsecret: undefined, certificate: CERTIFICATE };
    const config = load({
      env: ONE_CALLER,
      file: 'services: { it: { kind: sap-integration, key: it.json, token: { key: private.pem } } }',
      files: { '/app/it.json': JSON.stringify({ oauth }), '/app/private.pem': PRIVATE_KEY },
    });
    expect(integrationService(config, 'it').token.key?.reveal()).toBe(PRIVATE_KEY);
  });

  it('with an external certificate and no private key is a problem', () => {
    const oauth = { ...integrationKey.oauth, clientsecret: undefined, certificate: CERTIFICATE };
    expect(problemWith('INTEGRATION_SERVICE_KEY', withIntegrationKey({ oauth }))).toContain('token.key');
  });

  it('with a certificate that is no PEM is a problem', () => {
    const oauth = { ...integrationKey.oauth, clientsecret: undefined, certificate: 'MIIB', key: PRIVATE_KEY };
    expect(problemWith('INTEGRATION_SERVICE_KEY', withIntegrationKey({ oauth }))).toContain('certificate is not PEM');
  });

  it.each([
    ['by its client id', { clientid: apiPlanKey.oauth.clientid }],
    ['by its address', { url: apiPlanKey.oauth.url }],
  ])('of plan api is refused, known %s', (_, fields) => {
    const key = { oauth: { ...integrationKey.oauth, ...fields } };
    expect(problemWith('INTEGRATION_SERVICE_KEY', withIntegrationKey(key))).toMatch(/plan api.*plan integration-flow/s);
  });

  it('on another host than the usual ones is not taken for plan api', () => {
    const key = { oauth: { ...integrationKey.oauth, url: 'https://cpi.example.com' } };
    expect(integrationService(load(withIntegrationKey(key))).runtimeUrl).toBe('https://cpi.example.com');
  });

  it('is refused for a workflow service', () => {
    expect(problemWith('WORKFLOW_SERVICE_KEY', withWorkflowKey(integrationKey))).toContain(
      'Process Integration Runtime',
    );
  });
});

describe('a key as XSUAA has it', () => {
  const secretKey = { clientid: 'sb-app!t1', clientsecret: 'abc$=', url: UAA, uaadomain: 'x', xsappname: 'app!t1' };

  it('gives the client, and the entry gives the address', () => {
    const config = load(withKeyFile('url: https://api.example.com/workflow-service/rest', secretKey));
    expect(workflowService(config, 'it').token).toMatchObject({ url: `${UAA}/oauth/token`, clientId: 'sb-app!t1' });
    expect(workflowService(config, 'it').apiUrl).toBe('https://api.example.com/workflow-service/rest/v1');
  });

  it('without an address in the entry is a problem', () => {
    expect(faultySettings(withKeyFile('', secretKey))).toEqual(['services.it.key']);
  });

  it('of type x509 gets its tokens from certurl', () => {
    const key = {
      'credential-type': 'x509',
      clientid: 'sb-x5app!t12345',
      certificate: CERTIFICATE,
      key: PRIVATE_KEY,
      certurl: 'https://acme.authentication.cert.eu10.hana.ondemand.com',
      url: UAA,
    };
    const { token } = workflowService(load(withKeyFile('url: https://api.example.com/rest', key)), 'it');
    expect(token).toMatchObject({
      auth: 'tls_client_auth',
      url: 'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token',
    });
  });
});

describe('a key of no known service', () => {
  it.each([
    { tokenurl: `${UAA}/oauth/token`, clientid: 'id', clientsecret: 's', url: 'https://api.example.com/rest' },
    { tokenServiceURL: UAA, clientId: 'id', clientSecret: 's', URL: 'https://api.example.com/rest' },
    { token_url: UAA, client_id: 'id', client_secret: 's', url: 'https://api.example.com/rest/v1' },
  ])('is read from %j', (key) => {
    const service = workflowService(load(withKeyFile('', key)), 'it');
    expect(service.token).toMatchObject({ url: `${UAA}/oauth/token`, clientId: 'id' });
    expect(service.apiUrl).toBe('https://api.example.com/rest/v1');
  });
});
