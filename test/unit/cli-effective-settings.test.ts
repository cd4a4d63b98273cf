import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { effectiveSettings } from '../../src/cli/check/effective-settings.ts';
import { traceFile } from '../../src/config/file-trace.ts';
import { KEY, load, sourcesOf, vcapBinding, vcapServices, workflowKey, type Given } from '../support/config-sources.ts';

/** `value, from where` of one setting; `undefined` where it is not listed. */
function shown(setting: string, given: Given): string | undefined {
  const sources = sourcesOf(given);
  const settings = effectiveSettings(load(given), { env: sources.env, file: traceFile(sources) });
  const found = settings.find((candidate) => candidate.setting === setting);
  return found && `${found.value}, ${found.from}`;
}

/** The beginning of a secret's SHA-256. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 4);
}

const TOKEN = `{ url: https://idp.example.com/token, clientId: c, clientSecret: "secret-of-the-client",
  params: { audience: my-api, api_secret: secret-of-the-gateway }, headers: { x-gateway-key: key-of-the-gateway } }`;
const HTTP: Given = {
  env: { API_KEYS: `tester=${KEY}` },
  file: `services: { api: { kind: http, url: https://api.example.com, token: ${TOKEN}, routes: [GET /a/:id -> /b/:id] } }`,
};

describe('the effective settings', () => {
  it.each([
    ['services.api.token.params.audience', 'my-api, flowgate.yaml'],
    ['services.api.token.params.api_secret', `set (sha256:${digest('secret-of-the-gateway')}…), flowgate.yaml`],
    ['services.api.token.headers.x-gateway-key', `set (sha256:${digest('key-of-the-gateway')}…), flowgate.yaml`],
    ['services.api.routes', 'GET /a/:id -> /b/:id, flowgate.yaml'],
    ['services.api.maxBody', '40mb, default'],
    ['callers.tester.allow', 'every /api route, API_KEYS'],
  ])('show %s as "%s"', (setting, expected) => {
    expect(shown(setting, HTTP)).toBe(expected);
  });

  it.each([
    ['services.approvals.identity.from', 'caller, flowgate.yaml'],
    ['services.approvals.token.url', 'https://wfs.example.com/.well-known/openid-configuration, OpenID discovery'],
    ['services.bpa.identity.claim', 'email, flowgate.yaml'],
    ['services.bpa.identity.as', 'startedBy, flowgate.yaml'],
    ['callers.intranet.jwt.issuer', 'https://login.example.com/, flowgate.yaml'],
    ['callers.intranet.jwt.audience', 'flowgate, flowgate.yaml'],
    ['callers.intranet.jwt.claims.department', 'hr, flowgate.yaml'],
    ['callers.intranet.jwt.scopes', 'start, read, flowgate.yaml'],
  ])('of who acts show %s as "%s"', (setting, expected) => {
    const file = `
services:
  approvals:
    kind: workflow-server
    url: https://wfs.example.com
    token: { clientId: workflowapi, clientSecret: secret-of-the-server }
    identity: { from: caller }
  bpa: { kind: sap-workflow, url: https://api.example.com, token: ${TOKEN.replace('\n', '')}, identity: { claim: email, as: startedBy } }
callers:
  intranet:
    jwt: { issuer: https://login.example.com/, audience: flowgate, claims: { department: hr }, scopes: [start, read] }
    allow: [GET /api/**]
`;
    expect(shown(setting, { file })).toBe(expected);
  });

  it.each([
    [
      'services.flows.url',
      'https://api.workflow-sap.cfapps.eu10.hana.ondemand.com/workflow-service/rest/v1, binding wf',
    ],
    ['services.flows.environmentId', 'dev, flowgate.yaml'],
    ['TRUSTED_PROXY_HOPS', '1, VCAP_APPLICATION'],
    ['PUBLIC_URL', 'https://flowgate.example.com, VCAP_APPLICATION'],
  ])('on a platform show %s as "%s"', (setting, expected) => {
    const env = {
      API_KEYS: `tester=${KEY}`,
      VCAP_SERVICES: vcapServices(vcapBinding('wf', 'workflow', 'standard', workflowKey)),
      VCAP_APPLICATION: JSON.stringify({ application_uris: ['flowgate.example.com'] }),
    };
    const file = 'services: { flows: { binding: wf, environmentId: dev, apiKey: environment-key-0123 } }';
    expect(shown(setting, { env, file })).toBe(expected);
  });

  it('show where Redis is, and of its password only that it is set', () => {
    const env = {
      ...HTTP.env,
      REDIS_URL: 'rediss://user:password-of-redis@cache.example.com:6380/0',
      FLOWGATE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
    };
    expect(shown('redis', { ...HTTP, env })).toBe('single cache.example.com:6380, TLS, REDIS_URL');
    expect(shown('redis.password', { ...HTTP, env })).toMatch(/^set \(sha256:[0-9a-f]{4}…\), REDIS_URL$/);
    expect(shown('FLOWGATE_ENCRYPTION_KEY', { ...HTTP, env })).toMatch(/^set \(sha256:/);
  });
});
