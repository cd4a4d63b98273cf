import { describe, expect, it } from '@jest/globals';
import type { WorkflowServerConfig } from '../../src/config/config.ts';
import {
  faultySettings,
  load,
  ONE_CALLER,
  problemWith,
  service,
  vcapBinding,
  vcapServices,
  workflowKey,
} from '../support/config-sources.ts';

const CLIENT = 'token: { clientId: workflowapi, clientSecret: "${WFS_SECRET}" }';

function withEntry(settings: string, env: Record<string, string> = {}) {
  return {
    env: { ...ONE_CALLER, WFS_SECRET: 'wfs-secret', ...env },
    file: `services: { approvals: { kind: workflow-server, ${settings} } }`,
  };
}

function loaded(settings: string, env: Record<string, string> = {}): WorkflowServerConfig {
  const found = service(load(withEntry(settings, env)), 'approvals');
  if (found.kind !== 'workflow-server') throw new Error('another kind');
  return found;
}

describe('a workflow-server', () => {
  it('is found by its address, its client and OpenID discovery', () => {
    const { url, token, accessToken, administration, identity } = loaded(`url: https://wfs.example.com, ${CLIENT}`);
    expect(url).toBe('https://wfs.example.com');
    expect(token).toMatchObject({
      url: 'https://wfs.example.com/.well-known/openid-configuration',
      discovery: true,
      clientId: 'workflowapi',
      auth: 'client_secret_post',
    });
    expect(token?.clientSecret?.reveal()).toBe('wfs-secret');
    expect({ accessToken, administration, identity }).toEqual({
      accessToken: undefined,
      administration: false,
      identity: undefined,
    });
  });

  it('looks nothing up where its token endpoint is given', () => {
    const token =
      'token: { url: https://login.example.com/connect/token, clientId: workflowapi, clientSecret: s3cret }';
    const { token: client } = loaded(`url: https://wfs.example.com, ${token}`);
    expect(client?.url).toBe('https://login.example.com/connect/token');
    expect(client?.discovery).toBeUndefined();
  });

  it('takes the static token of old servers instead of a client', () => {
    const { token, accessToken } = loaded('url: https://wfs.example.com, accessToken: "${WFS_SECRET}"');
    expect(token).toBeUndefined();
    expect(accessToken?.reveal()).toBe('wfs-secret');
  });

  it.each([
    ['https://wfs.example.com/', 'https://wfs.example.com'],
    ['https://wfs.example.com/workflowapi', 'https://wfs.example.com'],
    ['https://wfs.example.com/WorkflowApi/getschemelist', 'https://wfs.example.com'],
    ['https://apps.example.com/wfs/', 'https://apps.example.com/wfs'],
    ['http://localhost:8077', 'http://localhost:8077'],
  ])('may have its address pasted as %s', (pasted, url) => {
    expect(loaded(`url: "${pasted}", ${CLIENT}`).url).toBe(url);
  });

  it('has administration and identity when it says so', () => {
    const { administration, identity } = loaded(
      `url: https://wfs.example.com, ${CLIENT}, administration: true, identity: { from: caller }`,
    );
    expect({ administration, identity }).toEqual({ administration: true, identity: { claim: undefined } });
  });

  it('takes address and client from a user-provided binding', () => {
    const credentials = { uri: 'https://wfs.example.com', clientid: 'workflowapi', clientsecret: 's3cret' };
    const VCAP_SERVICES = vcapServices(vcapBinding('wfs', 'user-provided', '', credentials));
    const { url, token } = loaded('binding: wfs', { VCAP_SERVICES });
    expect(url).toBe('https://wfs.example.com');
    expect(token).toMatchObject({ clientId: 'workflowapi', discovery: true });
  });
});

describe('what is wrong with a workflow-server is told', () => {
  it.each([
    ['no credential', 'url: https://wfs.example.com', ['services.approvals']],
    ['both credentials', `url: https://wfs.example.com, ${CLIENT}, accessToken: x`, ['services.approvals.accessToken']],
    ['no address', CLIENT, ['services.approvals.url']],
    ['plain http', `url: http://wfs.example.com, ${CLIENT}`, ['services.approvals.url']],
    ['no secret', 'url: https://wfs.example.com, token: { clientId: x }', ['services.approvals.token.clientSecret']],
    [
      'several things at once',
      'url: nonsense, token: { clientId: "a b", clientSecret: x }, administration: maybe',
      ['services.approvals.administration', 'services.approvals.url', 'services.approvals.token.clientId'],
    ],
    ['flows', `url: https://wfs.example.com, ${CLIENT}, flows: {}`, ['services.approvals.flows']],
  ])('%s', (_name, settings, faulty) => {
    expect(faultySettings(withEntry(settings))).toEqual(faulty);
  });

  it('a key of another service', () => {
    const given = { ...withEntry('key: wf.json'), files: { '/app/wf.json': JSON.stringify(workflowKey) } };
    expect(problemWith('services.approvals.key', given)).toContain(
      'is a key of a workflow service, not of WorkflowServer',
    );
  });
});
