import { describe, expect, it } from '@jest/globals';
import { parseUpstreamAddress } from '../../src/config/upstream-address.ts';
import { certificateTokenEndpoint, runtimeUrl, tokenEndpoint, workflowApiUrl } from '../../src/config/urls.ts';

const strict = { allowInsecure: false };
const insecure = { allowInsecure: true };
const UAA = 'https://acme.authentication.eu10.hana.ondemand.com';
const WORKFLOW = 'https://api.workflow-sap.cfapps.eu10.hana.ondemand.com/workflow-service/rest';
const GATEWAY = 'https://spa-api-gateway-bpi-eu-prod.cfapps.eu10.hana.ondemand.com';
const RUNTIME = 'https://acme.it-cpi001-rt.cfapps.eu10.hana.ondemand.com';

function faultOf(checked: ReturnType<typeof parseUpstreamAddress>): string {
  return checked.ok ? '' : checked.fault.problem;
}

describe('the token endpoint', () => {
  it.each([
    ['as uaa.url has it', UAA],
    ['with a slash', `${UAA}/`],
    ['with slashes', `${UAA}//`],
    ['complete, as tokenurl has it', `${UAA}/oauth/token`],
    ['complete with a slash', `${UAA}/oauth/token/`],
    ['with half the path', `${UAA}/oauth`],
    ['doubled by hand', `${UAA}/oauth/token/oauth/token`],
    ['with the grant pasted along', `${UAA}/oauth/token?grant_type=client_credentials`],
    ['without a path but with the grant', `${UAA}?grant_type=client_credentials`],
    ['with blanks', `  ${UAA}/oauth/token \n`],
    ['in quotes', `"${UAA}/oauth/token"`],
    ['in typographic quotes', `“${UAA}”`],
    ['with an upper-case host', UAA.replace('acme', 'ACME')],
  ])('%s is made whole once', (_, text) => {
    expect(tokenEndpoint(text, strict)).toEqual({ ok: true, value: `${UAA}/oauth/token` });
  });

  it.each([
    'https://tenant.eu.auth0.com/oauth/token',
    'https://idp.example.com/realms/r/protocol/openid-connect/token',
    'https://acme.accounts.ondemand.com/oauth2/token',
    'https://idp.example.com:8443/connect/token',
    'http://127.0.0.1:8077/connect/token',
  ])('%s stays as it is', (url) => {
    expect(tokenEndpoint(url, strict)).toEqual({ ok: true, value: url });
  });

  it.each(['https://idp.example.com/token?p=policy', 'https://idp.example.com/token#x'])('%s is refused', (url) => {
    expect(tokenEndpoint(url, strict).ok).toBe(false);
  });

  it('moves to the host for certificates', () => {
    expect(certificateTokenEndpoint(`${UAA}/oauth/token`)).toBe(
      'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token',
    );
  });

  it.each([
    'https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token',
    'https://idp.example.com/authentication.token',
  ])('%s needs no other host for certificates', (url) => {
    expect(certificateTokenEndpoint(url)).toBe(url);
  });
});

describe('the base of the workflow API', () => {
  it.each([
    WORKFLOW,
    `${WORKFLOW}/`,
    `${WORKFLOW}/v1`,
    `${WORKFLOW}/v1/`,
    `${WORKFLOW}/v1/workflow-instances`,
    `${WORKFLOW}/v1/workflow-definitions/`,
    ` '${WORKFLOW}' `,
  ])('%s ends with one /v1', (text) => {
    expect(workflowApiUrl(text, undefined, strict)).toEqual({ ok: true, value: `${WORKFLOW}/v1` });
  });

  it.each([
    [GATEWAY, '/workflow/rest', '/workflow/rest/v1'],
    [`${GATEWAY}/`, '/workflow/rest', '/workflow/rest/v1'],
    [GATEWAY, 'workflow/rest/', '/workflow/rest/v1'],
    [GATEWAY, '/workflow/rest/v1', '/workflow/rest/v1'],
    [GATEWAY, '/public/workflow/rest', '/public/workflow/rest/v1'],
    [`${GATEWAY}/public`, '/workflow/rest', '/public/workflow/rest/v1'],
    [`${GATEWAY}/public`, '/public/workflow/rest', '/public/workflow/rest/v1'],
    [`${GATEWAY}/workflow/rest`, '/workflow/rest', '/workflow/rest/v1'],
    [`${GATEWAY}/workflow/rest/v1`, '/workflow/rest', '/workflow/rest/v1'],
    [`${GATEWAY}/workflow`, '/workflow/rest', '/workflow/rest/v1'],
    [`${GATEWAY}/public/workflow/rest`, '/workflow/rest', '/public/workflow/rest/v1'],
    [`${GATEWAY}/workflow/rest`, '/public/workflow/rest', '/public/workflow/rest/v1'],
    [`${GATEWAY}/public/workflow/rest/`, '/public/workflow/rest', '/public/workflow/rest/v1'],
  ])('%s with the rest path %s doubles nothing', (text, restPath, path) => {
    expect(workflowApiUrl(text, restPath, strict)).toEqual({ ok: true, value: GATEWAY + path });
  });

  it('refuses the OData address', () => {
    expect(workflowApiUrl(WORKFLOW.replace('rest', 'odata'), undefined, strict).ok).toBe(false);
  });

  it('refuses a query', () => {
    expect(workflowApiUrl(`${WORKFLOW}?x=1`, undefined, strict).ok).toBe(false);
  });
});

describe('the base of an integration runtime', () => {
  it.each([RUNTIME, `${RUNTIME}/`, `${RUNTIME}/http`, `${RUNTIME}/http/`, `${RUNTIME}/cxf`])(
    '%s has no path of senders',
    (text) => {
      expect(runtimeUrl(text, strict)).toEqual({ ok: true, value: RUNTIME });
    },
  );

  it('keeps the path of a proxy before it', () => {
    expect(runtimeUrl('https://proxy.example.com/cpi/', strict)).toEqual({
      ok: true,
      value: 'https://proxy.example.com/cpi',
    });
  });
});

describe('an upstream address', () => {
  it.each([
    'https://user:password@api.example.com/',
    'https://user@api.example.com/',
    'https://@api.example.com/',
    'https://:@api.example.com/',
  ])('%s is refused for its user info', (text) => {
    expect(faultOf(parseUpstreamAddress(text, insecure))).toContain('user name or password');
  });

  it('may hold an @ in its path', () => {
    expect(parseUpstreamAddress('https://api.example.com/@team', strict).ok).toBe(true);
  });

  it.each([
    'https://<tenant>.example.com',
    'https://{tenant}.example.com',
    'https://api.example.com/{id}',
    '<workflow_rest_url>',
    'https://…/rest',
  ])('%s is refused as a template', (text) => {
    expect(faultOf(parseUpstreamAddress(text, insecure))).toContain('placeholder');
  });

  it.each([
    '',
    'api.example.com',
    '//api.example.com',
    'ftp://api.example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://',
    'https:api.example.com',
    'https://api.exa mple.com',
    'https://api.example.com\n.evil.com',
    'https:\\\\api.example.com',
    'https://api.example.com:99999',
  ])('%j is refused', (text) => {
    expect(parseUpstreamAddress(text, insecure).ok).toBe(false);
  });

  it.each([
    'https://169.254.169.254/latest',
    'http://169.254.0.1',
    'http://2852039166/', // 169.254.169.254 as one number
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'https://[fe80::1]/',
    'https://[febf::1]/',
    'https://[fd00:ec2::254]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://METADATA.google.internal/',
  ])('%s is refused even where insecure upstreams are allowed', (text) => {
    expect(faultOf(parseUpstreamAddress(text, insecure))).toContain('link-local or metadata');
  });

  it.each(['https://[fec0::1]/', 'https://169.253.1.1/', 'https://10.0.0.1/', 'https://fe80.example.com/'])(
    '%s is not link-local',
    (text) => {
      expect(parseUpstreamAddress(text, strict).ok).toBe(true);
    },
  );

  it.each([
    'http://api.example.com',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://127.0.0.1.example.com',
    'http://[::2]',
  ])('%s is plain http beyond loopback', (text) => {
    expect(faultOf(parseUpstreamAddress(text, strict))).toContain('plain http');
  });

  it.each([
    'http://localhost:4001',
    'http://127.0.0.1:4001',
    'http://127.8.9.1',
    'http://[::1]:4001',
    'http://app.localhost',
  ])('%s is plain http on loopback, which is fine', (text) => {
    expect(parseUpstreamAddress(text, strict).ok).toBe(true);
  });

  it('may be plain http anywhere where that is allowed', () => {
    expect(parseUpstreamAddress('http://api.example.com', insecure).ok).toBe(true);
  });
});
