import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import {
  faultySettings,
  integrationKey,
  integrationService,
  load,
  ONE_CALLER,
  problemWith,
  processAutomationKey,
  service,
  vcapBinding,
  vcapServices,
  workflowKey,
  workflowService,
} from '../support/config-sources.ts';

const WORKFLOW_SERVICE_KEY = JSON.stringify(workflowKey);
const INTEGRATION_SERVICE_KEY = JSON.stringify(integrationKey);
const boundAutomation = vcapServices(
  vcapBinding('my-bpa', 'process-automation-service', 'standard', processAutomationKey),
);
const boundRuntime = vcapServices(vcapBinding('my-it-rt', 'it-rt', 'integration-flow', integrationKey));

describe('an entry of the file', () => {
  it('is filled by the service key of the environment', () => {
    const file = 'services: { workflow: { kind: sap-workflow, environmentId: dev, apiKey: k } }';
    const found = workflowService(load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY }, file }));
    expect(found).toMatchObject({ source: 'WORKFLOW_SERVICE_KEY', environmentId: 'dev' });
  });

  it('is filled by the environment before a binding', () => {
    const file = 'services: { workflow: { environmentId: dev, apiKey: k } }';
    const env = { ...ONE_CALLER, WORKFLOW_SERVICE_KEY, VCAP_SERVICES: boundAutomation };
    const config = load({ env, file });
    expect(workflowService(config).source).toBe('WORKFLOW_SERVICE_KEY');
    expect(config.services).toHaveLength(1);
  });

  it('is filled by the bound service of its name, whose kind it need not repeat', () => {
    const file = 'services: { integration: { flows: { a: { address: /http/a } } } }';
    const found = integrationService(load({ env: { ...ONE_CALLER, VCAP_SERVICES: boundRuntime }, file }));
    expect(found).toMatchObject({ source: 'binding my-it-rt', flows: [{ name: 'a' }] });
  });

  it('named like the only binding of a kind takes that binding', () => {
    const file = 'services: { my-it-rt: { flows: { a: { address: /http/a } } } }';
    const config = load({ env: { ...ONE_CALLER, VCAP_SERVICES: boundRuntime }, file });
    expect(config.services.map(({ name }) => name)).toEqual(['my-it-rt']);
  });

  it('comes before what its key says', () => {
    const token = '{ url: https://idp.example.com/token, clientId: other, clientSecret: "other secret" }';
    const file = `services: { workflow: { kind: sap-workflow, url: https://api.example.com/rest, token: ${token}, key: k.json } }`;
    const found = workflowService(load({ env: ONE_CALLER, file, files: { '/app/k.json': WORKFLOW_SERVICE_KEY } }));
    expect(found.apiUrl).toBe('https://api.example.com/rest/v1');
    expect(found.token).toMatchObject({ url: 'https://idp.example.com/token', clientId: 'other' });
    expect(found.token.clientSecret?.reveal()).toBe('other secret');
  });

  it('that is complete leaves the service key of the environment unused, and a notice says so', () => {
    const file = 'services: { workflow: { kind: sap-workflow, key: k.json } }';
    const files = { '/app/k.json': JSON.stringify(processAutomationKey) };
    const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY }, file, files });
    expect(workflowService(config).source).toBe('flowgate.yaml');
    expect(config.notices.join('\n')).toContain('WORKFLOW_SERVICE_KEY is not used');
  });

  it('with a binding of its own leaves the bound service of its name unused, and a notice says so', () => {
    const file = 'services: { workflow: { kind: sap-workflow, binding: my-own } }';
    const services: object = {
      ...(JSON.parse(boundAutomation) as object),
      'user-provided': [vcapBinding('my-own', 'user-provided', '', workflowKey)],
    };
    const config = load({ env: { ...ONE_CALLER, VCAP_SERVICES: JSON.stringify(services) }, file });
    expect(config.services.map(({ source }) => source)).toEqual(['binding my-own']);
    expect(config.notices.join('\n')).toContain('binding my-bpa is not used');
  });

  it('takes its kind from the binding that it names', () => {
    const file = 'services: { bpa: { binding: my-bpa } }';
    const config = load({ env: { ...ONE_CALLER, VCAP_SERVICES: boundAutomation }, file });
    expect(config.services).toMatchObject([{ name: 'bpa', kind: 'sap-workflow' }]);
  });
});

describe('the environment', () => {
  it('comes before a binding, which is then unused, and a notice says so', () => {
    const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY, VCAP_SERVICES: boundAutomation } });
    expect(config.services.map(({ source }) => source)).toEqual(['WORKFLOW_SERVICE_KEY']);
    expect(config.notices.join('\n')).toContain('binding my-bpa is not used');
  });

  it('and the bindings add up where their services are different ones', () => {
    const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY, VCAP_SERVICES: boundRuntime } });
    expect(config.services.map(({ name }) => name)).toEqual(['workflow', 'integration']);
  });
});

describe('INTEGRATION_FLOWS', () => {
  const env = { ...ONE_CALLER, INTEGRATION_SERVICE_KEY };

  it('gives flows with the defaults', () => {
    const flows = { INTEGRATION_FLOWS: 'product-details=/http/products, orders = /cxf/orders' };
    expect(integrationService(load({ env: { ...env, ...flows } })).flows).toMatchObject([
      { name: 'product-details', address: '/http/products', methods: ['POST'], csrf: 'auto' },
      { name: 'orders', address: '/cxf/orders', maxBodyBytes: 41_943_040, timeoutMs: 30_000 },
    ]);
  });

  it('adds to the flows of the file, which come first', () => {
    const file = 'services: { integration: { flows: { a: { address: /http/of-file } } } }';
    const config = load({ env: { ...env, INTEGRATION_FLOWS: 'a=/http/of-env,b=/http/b' }, file });
    expect(integrationService(config).flows.map(({ address }) => address)).toEqual(['/http/of-file', '/http/b']);
    expect(config.notices.join('\n')).toContain('INTEGRATION_FLOWS: a is not used');
  });

  it('may hold a complete URL of the runtime', () => {
    const flows = { INTEGRATION_FLOWS: `a=${integrationKey.oauth.url}/http/a` };
    expect(integrationService(load({ env: { ...env, ...flows } })).flows[0]?.address).toBe('/http/a');
  });

  it.each([
    ['product-details', 'entry 1 is not a name'],
    ['a=/http/a,=/http/b', 'entry 2 is not a name'],
    ['a b=/http/a', 'entry 1: its name'],
    ['a=/http/a,a=/http/b', 'names a twice'],
    ['a=products', 'the address of a does not begin with a slash'],
    ['a=/http/<address>', 'the address of a still holds a placeholder'],
    ['a=', 'the address of a'],
  ])('%j is a problem', (flows, words) => {
    expect(problemWith('INTEGRATION_FLOWS', { env: { ...env, INTEGRATION_FLOWS: flows } })).toContain(words);
  });

  it('without a service named integration is a problem', () => {
    const given = { env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY, INTEGRATION_FLOWS: 'a=/http/a' } };
    expect(problemWith('INTEGRATION_FLOWS', given)).toContain('a service named integration, and there is none');
  });

  it('missing altogether is told of', () => {
    expect(load({ env }).notices.join('\n')).toContain('integration has no flows yet');
  });
});

describe('the whole configuration', () => {
  it('tells for each service where it came from', () => {
    const { notices } = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY } });
    expect(notices).toEqual(['The service workflow (sap-workflow) comes from WORKFLOW_SERVICE_KEY.']);
  });

  it('is frozen all the way down', () => {
    const config = load({ env: { ...ONE_CALLER, WORKFLOW_SERVICE_KEY } });
    function check(value: unknown): void {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      if (!(value instanceof Secret)) Object.values(value).forEach(check);
    }
    check(config);
    expect(service(config, 'workflow').name).toBe('workflow');
  });

  it('that is none at all is two problems: no service and no caller', () => {
    expect(faultySettings({})).toEqual(['services', 'API_KEYS']);
  });

  it('tells every problem at once, wherever it is', () => {
    const given = {
      env: {
        PORT: 'x',
        API_KEYS: 'a=short',
        REDIS_URL: 'http://localhost',
        FLOWGATE_ENCRYPTION_KEY: 'short',
        INTEGRATION_SERVICE_KEY: '{',
        INTEGRATION_FLOWS: 'a=b',
        WORKFLOW_SERVICE_KEY: JSON.stringify({
          ...workflowKey,
          uaa: { ...workflowKey.uaa, clientid: 'a b', url: 'x' },
        }),
      },
      file: `
        services:
          bpa: { kind: sap-workflow, key: none.json, restpath: /x }
          other: { kind: htp }
          wf: { kind: sap-workflow, url: 'http://api.example.com', token: { url: 'https://u:p@idp.example.com', clientId: ' x' } }
        callers: { b: { apiKeys: [short], allow: [x] } }
        limits: { body: much }
        extra: 1
      `,
    };
    expect([...faultySettings(given)].sort()).toEqual(
      [
        'API_KEYS',
        'FLOWGATE_ENCRYPTION_KEY',
        'INTEGRATION_FLOWS',
        'INTEGRATION_SERVICE_KEY',
        'PORT',
        'REDIS_URL',
        'WORKFLOW_SERVICE_KEY', // its client id …
        'WORKFLOW_SERVICE_KEY', // … and its token address
        'callers.b.allow[0]',
        'callers.b.apiKeys[0]',
        'extra',
        'limits.body',
        'services.bpa.key',
        'services.bpa.restpath',
        'services.other.kind',
        'services.wf.token.clientId',
        'services.wf.token.clientSecret',
        'services.wf.token.url',
        'services.wf.url',
      ].sort(),
    );
  });
});
