import { ConfigurationError, type ConfigurationProblem } from '../../src/config/configuration-error.ts';
import type { Config, SapIntegrationConfig, SapWorkflowConfig, ServiceConfig } from '../../src/config/config.ts';
import { loadConfig, type ConfigSources } from '../../src/config/load-config.ts';

type Files = Readonly<Record<string, string>>;

export interface Given {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The text of `flowgate.yaml`. */
  readonly file?: string;
  /** Other files, by absolute path. The server is started in `/app`. */
  readonly files?: Files;
}

/** An API key long enough, and an environment with one caller that has it. */
export const KEY = 'key-of-the-tests-0123456789';
export const ONE_CALLER = { API_KEYS: `tester=${KEY}` };

function notFound(): Error {
  return Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** The sources of a configuration, from texts in memory. */
export function sourcesOf({ env = {}, file, files = {} }: Given): ConfigSources {
  const all: Files = file === undefined ? files : { ...files, '/app/flowgate.yaml': file };
  return {
    env,
    cwd: '/app',
    readFile: (path) => {
      const text = all[path];
      if (text === undefined) throw notFound();
      return text;
    },
    listDirectory: (path) => {
      const below = Object.keys(all).filter((name) => name.startsWith(`${path}/`));
      if (below.length === 0) throw notFound();
      return [...new Set(below.map((name) => name.slice(path.length + 1).split('/')[0] ?? ''))];
    },
  };
}

export function load(given: Given): Config {
  return loadConfig(sourcesOf(given));
}

/** The problems of a configuration; none if it loads. */
export function problemsOf(given: Given): readonly ConfigurationProblem[] {
  try {
    load(given);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

/** The names of the settings that have problems, in the order of the report. */
export function faultySettings(given: Given): readonly string[] {
  return problemsOf(given).map(({ setting }) => setting);
}

/** The text of the problem with one setting: what is wrong and how to mend it. */
export function problemWith(setting: string, given: Given): string {
  return problemsOf(given)
    .filter((problem) => problem.setting === setting)
    .map(({ problem, cure }) => `${problem}: ${cure}`)
    .join('\n');
}

export function service(config: Config, name: string): ServiceConfig {
  const found = config.services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

export function workflowService(config: Config, name = 'workflow'): SapWorkflowConfig {
  const found = service(config, name);
  if (found.kind !== 'sap-workflow') throw new Error(`${name} is of kind ${found.kind}`);
  return found;
}

export function integrationService(config: Config, name = 'integration'): SapIntegrationConfig {
  const found = service(config, name);
  if (found.kind !== 'sap-integration') throw new Error(`${name} is of kind ${found.kind}`);
  return found;
}

const LANDSCAPE = 'eu10.hana.ondemand.com';

/** Service keys in the shapes that the cockpit gives, with made-up values. */
export const workflowKey = {
  content_endpoint: `https://api.workflow-sap.cfapps.${LANDSCAPE}/workflow-deploy/rest/internal/v1`,
  endpoints: {
    workflow_odata_url: `https://api.workflow-sap.cfapps.${LANDSCAPE}/workflow-service/odata`,
    workflow_rest_url: `https://api.workflow-sap.cfapps.${LANDSCAPE}/workflow-service/rest`,
  },
  saasregistryappname: 'workflow',
  uaa: {
    apiurl: `https://api.authentication.${LANDSCAPE}`,
    clientid: 'sb-clone-6f1c!b12345|workflow!b10150',
    clientsecret: 'workflow-secret$0a+b/c=',
    uaadomain: `authentication.${LANDSCAPE}`,
    url: `https://acme.authentication.${LANDSCAPE}`,
  },
};

export const processAutomationKey = {
  endpoints: { api: `https://spa-api-gateway-bpi-eu-prod.cfapps.${LANDSCAPE}` },
  'sap.cloud.service': 'com.sap.spa.processautomation',
  uaa: {
    clientid: 'sb-6f1c!b12345|xsuaa!b12000',
    clientsecret: 'automation-secret$0a=',
    url: `https://acme.authentication.${LANDSCAPE}`,
    'credential-type': 'binding-secret',
  },
};

export const integrationKey = {
  oauth: {
    clientid: 'sb-6f1c!b12345|it-rt-acme!b12000',
    clientsecret: 'integration-secret$0a=',
    url: `https://acme.it-cpi001-rt.cfapps.${LANDSCAPE}`,
    createdate: '2025-07-02T00:17:31.919Z',
    tokenurl: `https://acme.authentication.${LANDSCAPE}/oauth/token`,
  },
};

export const apiPlanKey = {
  oauth: {
    ...integrationKey.oauth,
    clientid: 'sb-6f1c!b12345|it!b12000',
    url: `https://acme.it-cpi001.cfapps.${LANDSCAPE}`,
  },
};

/** A binding as Cloud Foundry describes it in `VCAP_SERVICES`. */
export function vcapBinding(name: string, label: string, plan: string, credentials: object): object {
  return { name, label, plan, tags: [], credentials };
}

/** `VCAP_SERVICES` with these bindings. */
export function vcapServices(...bindings: readonly object[]): string {
  const labels = new Map<string, object[]>();
  for (const binding of bindings) {
    const label = (binding as { label: string }).label;
    labels.set(label, [...(labels.get(label) ?? []), binding]);
  }
  return JSON.stringify(Object.fromEntries(labels));
}
