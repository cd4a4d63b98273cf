import { describe, expect, it } from '@jest/globals';
import { faultySettings, load, ONE_CALLER, workflowKey } from '../support/config-sources.ts';

const COMPLETE = { ...ONE_CALLER, WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey) };
const CLOUD_FOUNDRY = { VCAP_APPLICATION: JSON.stringify({ application_uris: ['gate.cfapps.example.com/x', 'b'] }) };
const KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
const PRODUCTION = { NODE_ENV: 'production' };

function withEnv(env: Readonly<Record<string, string>>) {
  return { env: { ...COMPLETE, ...env } };
}

describe('without further variables', () => {
  it('the defaults of the contract hold', () => {
    expect(load({ env: COMPLETE })).toMatchObject({
      listen: { host: '127.0.0.1', port: 3000 },
      logLevel: 'info',
      corsOrigins: [],
      trustedProxyHops: 0,
      allowedHosts: undefined,
      publicUrl: 'http://localhost:3000',
      allowAnonymous: false,
      allowInsecureUpstreams: false,
      limits: { bodyBytes: 1_048_576, concurrency: 256, perService: 64, timeoutMs: 30_000 },
    });
  });

  it('empty variables count as not set', () => {
    expect(load(withEnv({ PORT: '', HOST: ' ', CORS_ORIGINS: ',', REDIS_URL: '' })).listen.port).toBe(3000);
  });
});

describe('the variables', () => {
  it('are taken, without blanks around their values', () => {
    const env = {
      PORT: ' 8080 ',
      HOST: '0.0.0.0',
      LOG_LEVEL: 'debug',
      CORS_ORIGINS: 'https://Intranet.example.com/, http://localhost:5173,https://a.example.com:443',
      TRUSTED_PROXY_HOPS: '2',
      ALLOWED_HOSTS: 'Gate.Example.com,gate.example.com:8443,[::1]:3000',
      PUBLIC_URL: 'https://gate.example.com/',
      ALLOW_INSECURE_UPSTREAMS: 'true',
    };
    expect(load(withEnv(env))).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080 },
      logLevel: 'debug',
      corsOrigins: ['https://intranet.example.com', 'http://localhost:5173', 'https://a.example.com'],
      trustedProxyHops: 2,
      allowedHosts: ['gate.example.com', 'gate.example.com:8443', '[::1]:3000'],
      publicUrl: 'https://gate.example.com',
      allowInsecureUpstreams: true,
    });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '3e3'],
    ['HOST', 'http://localhost'],
    ['HOST', 'a b'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_LEVEL', 'INFO'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['CORS_ORIGINS', 'intranet.example.com'],
    ['CORS_ORIGINS', 'https://intranet.example.com/path'],
    ['CORS_ORIGINS', 'https://user@intranet.example.com'],
    ['TRUSTED_PROXY_HOPS', 'true'],
    ['TRUSTED_PROXY_HOPS', '-1'],
    ['TRUSTED_PROXY_HOPS', '17'],
    ['ALLOWED_HOSTS', 'https://gate.example.com'],
    ['ALLOWED_HOSTS', '*.example.com'],
    ['ALLOWED_HOSTS', 'gate.example.com/x'],
    ['PUBLIC_URL', 'gate.example.com'],
    ['PUBLIC_URL', 'https://gate.example.com/base'],
    ['ALLOW_ANONYMOUS', 'yes'],
    ['ALLOW_INSECURE_UPSTREAMS', '1'],
    ['FLOWGATE_ENCRYPTION_KEY', 'AAAA'],
    ['FLOWGATE_CONFIG', 'none.yaml'],
  ])('%s=%s is a problem', (name, value) => {
    expect(faultySettings(withEnv({ [name]: value }))).toEqual([name]);
  });

  it.each([
    ['ALLOWED_HOST', 'ALLOWED_HOSTS'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['WORKFLOW_SERVICEKEY', 'WORKFLOW_SERVICE_KEY'],
    ['API_KEY', 'API_KEYS'],
  ])('%s gives a notice that names %s', (name, meant) => {
    expect(load(withEnv({ [name]: 'x' })).notices.join('\n')).toContain(`did you mean ${meant}?`);
  });

  it('of strange names give no notice where the file uses them', () => {
    const file = 'callers: { a: { apiKeys: ["${API_KEY}"], allow: [] } }';
    const env = { ...COMPLETE, API_KEY: 'a-key-of-the-file-0123456789' };
    expect(load({ env, file }).notices.join('\n')).not.toContain('did you mean');
  });
});

describe('on a platform', () => {
  it('Cloud Foundry puts one proxy before us and gives our origin', () => {
    expect(load(withEnv(CLOUD_FOUNDRY))).toMatchObject({
      trustedProxyHops: 1,
      publicUrl: 'https://gate.cfapps.example.com',
    });
  });

  it('our own settings come before those of Cloud Foundry', () => {
    const env = { ...CLOUD_FOUNDRY, TRUSTED_PROXY_HOPS: '0', PUBLIC_URL: 'https://gate.example.com' };
    expect(load(withEnv(env))).toMatchObject({ trustedProxyHops: 0, publicUrl: 'https://gate.example.com' });
  });

  it.each(['{', '{}', '{"application_uris":[]}'])('an application described by %s has no route', (text) => {
    expect(load(withEnv({ VCAP_APPLICATION: text, PORT: '8080' })).publicUrl).toBe('http://localhost:8080');
  });

  it.each([
    ['Cloud Foundry', CLOUD_FOUNDRY],
    ['Kubernetes', KUBERNETES],
    ['NODE_ENV=production', PRODUCTION],
  ])('anonymous calls are refused: %s', (_, env) => {
    expect(faultySettings(withEnv({ ...env, ALLOW_ANONYMOUS: 'true' }))).toEqual(['ALLOW_ANONYMOUS']);
  });

  it.each([
    ['Cloud Foundry', CLOUD_FOUNDRY],
    ['Kubernetes', KUBERNETES],
    ['NODE_ENV=production', PRODUCTION],
  ])('unchecked certificates are refused: %s', (_, env) => {
    expect(faultySettings(withEnv({ ...env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }))).toEqual([
      'NODE_TLS_REJECT_UNAUTHORIZED',
    ]);
  });

  it('elsewhere both are told of', () => {
    const { notices } = load(withEnv({ ALLOW_ANONYMOUS: 'true', NODE_TLS_REJECT_UNAUTHORIZED: '0' }));
    expect(notices.join('\n')).toMatch(/NODE_TLS_REJECT_UNAUTHORIZED is 0.*\n.*ALLOW_ANONYMOUS is true/);
  });
});
