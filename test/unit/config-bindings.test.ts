import { describe, expect, it } from '@jest/globals';
import {
  apiPlanKey,
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

const workflow = vcapBinding('my-workflow', 'workflow', 'standard', workflowKey);
const automation = vcapBinding('My_BPA', 'process-automation-service', 'standard', processAutomationKey);
const runtime = vcapBinding('my-it-rt', 'it-rt', 'integration-flow', integrationKey);
const monitoring = vcapBinding('my-monitoring', 'it-rt', 'api', apiPlanKey);
const userProvided = vcapBinding('my-cpi', 'user-provided', '', { ...integrationKey, apiKey: 'x' });

function bound(...bindings: object[]) {
  return { env: { ...ONE_CALLER, VCAP_SERVICES: vcapServices(...bindings) } };
}

function names(given: Parameters<typeof load>[0]): readonly string[] {
  return load(given).services.map(({ name }) => name);
}

describe('a bound service', () => {
  it('with the label workflow is named workflow', () => {
    expect(workflowService(load(bound(workflow))).source).toBe('binding my-workflow');
  });

  it('with the label process-automation-service is named workflow too', () => {
    expect(workflowService(load(bound(automation))).apiUrl).toMatch(/\/workflow\/rest\/v1$/);
  });

  it('it-rt with plan integration-flow is named integration', () => {
    expect(integrationService(load(bound(runtime))).runtimeUrl).toBe(integrationKey.oauth.url);
  });

  it('it-rt with plan api is left out with a notice', () => {
    const config = load(bound(runtime, monitoring));
    expect(config.services.map(({ name }) => name)).toEqual(['integration']);
    expect(config.notices.join('\n')).toMatch(/my-monitoring.*plan api/);
  });

  it('it-rt that is of plan api only by its key is left out as well', () => {
    const disguised = vcapBinding('my-monitoring', 'it-rt', 'integration-flow', apiPlanKey);
    expect(names(bound(runtime, disguised))).toEqual(['integration']);
  });

  it('it-rt with plan api is refused where an entry names it', () => {
    const file = 'services: { it: { kind: sap-integration, binding: my-monitoring } }';
    expect(problemWith('binding my-monitoring', { ...bound(monitoring), file })).toContain('plan api');
  });

  it('of another label is nothing until an entry names it', () => {
    expect(names(bound(workflow, userProvided))).toEqual(['workflow']);
  });

  it('user-provided gives what an entry takes from it', () => {
    const file = 'services: { cpi: { kind: sap-integration, binding: my-cpi } }';
    expect(integrationService(load({ ...bound(userProvided), file }), 'cpi').source).toBe('binding my-cpi');
  });

  it('is found by the name of its instance as well', () => {
    const file = 'services: { wf: { kind: sap-workflow, binding: the-instance } }';
    const named = { ...workflow, name: 'the-binding', instance_name: 'the-instance', binding_name: 'the-binding' };
    expect(names({ ...bound(named), file })).toEqual(['wf']);
  });

  it('that an entry names but nobody bound is a problem with the names there are', () => {
    const file = 'services: { wf: { kind: sap-workflow, binding: my-workflw } }';
    expect(problemWith('services.wf.binding', { ...bound(workflow), file })).toContain('Bound are: my-workflow');
  });
});

describe('several bound services of one kind', () => {
  it('are named after their bindings, in the form of a route, with notices', () => {
    const config = load(bound(workflow, automation));
    expect(config.services.map(({ name }) => name)).toEqual(['my-workflow', 'my-bpa']);
    expect(config.notices.join('\n')).toMatch(/named after its binding: my-workflow, my-bpa/);
    expect(config.notices.join('\n')).toMatch(/My_BPA gives the service my-bpa/);
  });

  it('keep those names when an entry takes one of them', () => {
    const file = 'services: { bpa: { kind: sap-workflow, binding: My_BPA, environmentId: dev, apiKey: k } }';
    expect(names({ ...bound(workflow, automation), file })).toEqual(['bpa', 'my-workflow']);
  });

  it('can be added to by an entry with the name of one', () => {
    const file = 'services: { my-bpa: { environmentId: dev, apiKey: k } }';
    const config = load({ ...bound(workflow, automation), file });
    expect(workflowService(config, 'my-bpa').environmentId).toBe('dev');
    expect(config.services).toHaveLength(2);
  });

  it('do not fill an entry that names none of them', () => {
    const file = 'services: { workflow: { kind: sap-workflow } }';
    const problem = problemWith('services.workflow', { ...bound(workflow, automation), file });
    expect(problem).toContain('Name one of the bound services in "binding": my-workflow, My_BPA');
  });

  it('whose names become the same are a problem', () => {
    const twin = vcapBinding('MY-WORKFLOW', 'workflow', 'standard', workflowKey);
    expect(problemWith('binding MY-WORKFLOW', bound(workflow, twin))).toContain('second service named my-workflow');
  });

  it('with a name that leaves nothing for a route is a problem', () => {
    const nameless = vcapBinding('___', 'workflow', 'standard', workflowKey);
    expect(faultySettings(bound(workflow, nameless))).toContain('binding ___');
  });

  it('with the same name are a problem where an entry names them', () => {
    const file = 'services: { wf: { kind: sap-workflow, binding: my-workflow } }';
    const twin = vcapBinding('my-workflow', 'user-provided', '', workflowKey);
    expect(problemWith('services.wf.binding', { ...bound(workflow, twin), file })).toContain('more than one');
  });
});

describe('the bindings of Cloud Foundry', () => {
  it('come from the file of VCAP_SERVICES_FILE_PATH first', () => {
    const env = { ...ONE_CALLER, VCAP_SERVICES_FILE_PATH: '/etc/vcap', VCAP_SERVICES: vcapServices(workflow) };
    expect(names({ env, files: { '/etc/vcap': vcapServices(runtime) } })).toEqual(['integration']);
  });

  it('are a problem where that file cannot be read', () => {
    const env = { ...ONE_CALLER, VCAP_SERVICES_FILE_PATH: '/etc/vcap' };
    expect(faultySettings({ env })).toEqual(['VCAP_SERVICES_FILE_PATH']);
  });

  it.each(['{', '[]', 'null', '{"workflow":{}}', '{"workflow":[null]}', '{"workflow":[{"label":"workflow"}]}'])(
    'are a problem where VCAP_SERVICES is %s',
    (text) => {
      expect(faultySettings({ env: { ...ONE_CALLER, VCAP_SERVICES: text } })).toEqual(['VCAP_SERVICES']);
    },
  );

  it('may be none', () => {
    expect(faultySettings({ env: { ...ONE_CALLER, VCAP_SERVICES: '{}' } })).toEqual(['services']);
  });
});

describe('the bindings of Kubernetes', () => {
  const root = '/bindings';
  const env = { ...ONE_CALLER, SERVICE_BINDING_ROOT: root };

  function folder(name: string, properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(properties).map(([file, text]) => [`${root}/${name}/${file}`, text]));
  }

  it('without .metadata have a type, and JSON where a property looks like it', () => {
    const files = folder('wf', {
      type: 'workflow\n',
      provider: 'sap',
      uaa: JSON.stringify(workflowKey.uaa),
      endpoints: JSON.stringify(workflowKey.endpoints),
    });
    const { source, token } = workflowService(load({ env, files }));
    expect(source).toBe('binding wf');
    expect(token.clientId).toBe(workflowKey.uaa.clientid);
  });

  it('lose the line break at the end of a property', () => {
    const { url, tokenurl, clientid, clientsecret } = integrationKey.oauth;
    const files = folder('it', {
      type: 'it-rt',
      plan: 'integration-flow\n',
      url: `${url}\n`,
      tokenurl: `${tokenurl}\n`,
      clientid: `${clientid}\n`,
      clientsecret: `${clientsecret}\n`,
    });
    const { token } = integrationService(load({ env, files }));
    expect(token.clientId).toBe(clientid);
    expect(token.clientSecret?.reveal()).toBe(clientsecret);
  });

  it('with .metadata have what its lists name', () => {
    const metadata = {
      metaDataProperties: [
        { name: 'type', format: 'text' },
        { name: 'plan', format: 'text' },
        { name: 'instance_name', format: 'text' },
      ],
      credentialProperties: [{ name: 'oauth', format: 'json' }],
    };
    const files = folder('it', {
      '.metadata': JSON.stringify(metadata),
      type: 'it-rt',
      plan: 'integration-flow',
      instance_name: 'my-it-rt',
      oauth: JSON.stringify(integrationKey.oauth),
    });
    const file = 'services: { flows: { kind: sap-integration, binding: my-it-rt } }';
    expect(integrationService(load({ env, file, files }), 'flows').runtimeUrl).toBe(integrationKey.oauth.url);
  });

  it('with a container have the members of that JSON', () => {
    const metadata = {
      metaDataProperties: [{ name: 'type', format: 'text' }],
      credentialProperties: [{ name: 'all', format: 'json', container: true }],
    };
    const files = folder('wf', {
      '.metadata': JSON.stringify(metadata),
      type: 'workflow',
      all: JSON.stringify(workflowKey),
    });
    expect(workflowService(load({ env, files })).token.clientId).toBe(workflowKey.uaa.clientid);
  });

  it('are skipped without a type, and so are files and the folders that Kubernetes hides', () => {
    const files = {
      ...folder('wf', { type: 'workflow', uaa: JSON.stringify(workflowKey.uaa) }),
      ...folder('..2026_01_01', { type: 'workflow' }),
      ...folder('typeless', { uaa: '{}' }),
      [`${root}/readme`]: 'text',
      [`${root}/wf/endpoints`]: JSON.stringify(workflowKey.endpoints),
      [`${root}/wf/..data/type`]: 'it-rt',
    };
    expect(names({ env, files })).toEqual(['workflow']);
  });

  it('of plan api are left out as on Cloud Foundry', () => {
    const files = {
      ...folder('a', { type: 'it-rt', plan: 'api', oauth: JSON.stringify(apiPlanKey.oauth) }),
      ...folder('b', { type: 'it-rt', plan: 'integration-flow', oauth: JSON.stringify(integrationKey.oauth) }),
    };
    expect(service(load({ env, files }), 'integration').source).toBe('binding b');
  });

  it('are a problem where the folder cannot be read', () => {
    expect(faultySettings({ env })).toEqual(['SERVICE_BINDING_ROOT']);
  });
});
