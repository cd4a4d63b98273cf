import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { sapWorkflowTable } from '../../src/services/sap-workflow-table.ts';
import { integrationKey, load, workflowKey } from '../support/config-sources.ts';

const run = promisify(execFile);

// oxlint-disable-next-line typescript/no-explicit-any -- manifests of many kinds
type Manifest = any;

const FOLDER = 'deploy/kubernetes';
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const manifests = new Map<string, Manifest[]>(files.map((name) => [name, documentsOf(name)]));

/** The types of the Kubernetes API (kubernetes-types, made from its OpenAPI description), by kind. */
const TYPES: Readonly<Record<string, string>> = {
  'v1 ServiceAccount': 'core/v1',
  'v1 ConfigMap': 'core/v1',
  'v1 Service': 'core/v1',
  'apps/v1 Deployment': 'apps/v1',
  'networking.k8s.io/v1 NetworkPolicy': 'networking/v1',
  'policy/v1 PodDisruptionBudget': 'policy/v1',
};

/** Kinds that are no part of Kubernetes, and are looked at by hand below. */
const FOREIGN = [
  'kustomize.config.k8s.io/v1beta1 Kustomization',
  'services.cloud.sap.com/v1 ServiceInstance',
  'services.cloud.sap.com/v1 ServiceBinding',
  'gateway.kyma-project.io/v2 APIRule',
];

function documentsOf(name: string): Manifest[] {
  const documents = parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8'));
  for (const { errors } of documents) expect(errors).toEqual([]);
  return documents.map((document) => document.toJS() as unknown);
}

function kindOf({ apiVersion, kind }: Manifest): string {
  return `${apiVersion} ${kind}`;
}

function only(name: string): Manifest {
  const [manifest, ...others] = manifests.get(name) ?? [];
  expect(others).toEqual([]);
  return manifest;
}

describe('every manifest', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowgate-manifests-'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What the compiler says of manifests, each as a value of the type that the API has for its kind. */
  async function faultsOf(values: readonly Manifest[]): Promise<string> {
    const lines = values.map((value, at) => {
      const [, kind = ''] = kindOf(value).split(' ');
      return `import type { ${kind} as T${at} } from 'kubernetes-types/${TYPES[kindOf(value)] ?? ''}';\nexport const v${at}: T${at} = ${JSON.stringify(value)};`;
    });
    await writeFile(join(folder, 'manifests.ts'), lines.join('\n'));
    const arguments_ = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--types',
      '',
      'manifests.ts',
    ];
    return run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...arguments_], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  }

  it('is of a kind that is checked here', () => {
    const kinds = [...manifests.values()].flat().map(kindOf);
    expect(kinds.filter((kind) => !(kind in TYPES) && !FOREIGN.includes(kind))).toEqual([]);
  });

  it('is what the Kubernetes API takes: no unknown field, no wrong type, nothing missing', async () => {
    const own = [...manifests.values()].flat().filter((manifest) => kindOf(manifest) in TYPES);
    expect(own.length).toBeGreaterThan(5);
    expect(await faultsOf(own)).toBe('');
  });

  it('would not pass with a slip', async () => {
    const slip = structuredClone(only('deployment.yaml'));
    slip.spec.template.spec.containers[0].imagee = 'x';
    expect(await faultsOf([slip])).toContain('imagee');
    const wrong = structuredClone(only('service.yaml'));
    wrong.spec.ports[0].port = 'http';
    expect(await faultsOf([wrong])).toContain("'string'");
  });
});

describe('the deployment', () => {
  const { spec } = only('deployment.yaml');
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const environment: Record<string, string> = Object.fromEntries(
    container.env.map((one: Manifest) => [one.name, one.value]),
  );

  it('is selected by its own label, and so are service, policy, budget and spread', () => {
    const { labels } = spec.template.metadata;
    for (const selector of [
      spec.selector.matchLabels,
      only('service.yaml').spec.selector,
      only('network-policy.yaml').spec.podSelector.matchLabels,
      only('disruption-budget.yaml').spec.selector.matchLabels,
      pod.topologySpreadConstraints[0].labelSelector.matchLabels,
    ])
      expect(labels).toMatchObject(selector);
  });

  it('listens where probes and service look', () => {
    const [port] = container.ports;
    expect(String(port.containerPort)).toBe(environment['PORT']);
    expect(environment['HOST']).toBe('0.0.0.0');
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
      expect(probe.httpGet.port).toBe(port.name);
    expect(only('service.yaml').spec.ports[0].targetPort).toBe(port.name);
    expect(only('network-policy.yaml').spec.ingress[0].ports[0].port).toBe(port.name);
  });

  it('is restarted by /health and gets traffic by /ready', () => {
    expect(container.livenessProbe.httpGet.path).toBe('/health');
    expect(container.readinessProbe.httpGet.path).toBe('/ready');
  });

  it('has time to end: longer than the pause before SIGTERM and what runs together', () => {
    const [, pause] = container.lifecycle.preStop.exec.command;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(pause) + 8 + 1);
  });

  it('has no more rights than it needs', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('names resources that it asks for, and the memory that it may use', () => {
    expect(container.resources).toEqual({ requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '256Mi' } });
  });

  it('mounts what it declares, and reads its configuration there', () => {
    const volumes = pod.volumes.map(({ name }: Manifest) => name);
    const mounts = container.volumeMounts.map(({ name }: Manifest) => name);
    expect(mounts).toEqual(volumes);
    const paths = container.volumeMounts.map(({ mountPath }: Manifest) => mountPath);
    expect(paths).toContain(environment['FLOWGATE_CONFIG']?.replace(/\/[^/]+$/, ''));
    expect(paths.filter((path: string) => path.startsWith(environment['SERVICE_BINDING_ROOT'] ?? '?'))).toHaveLength(2);
  });

  it('mounts the Secrets of the service bindings', () => {
    const bindings = (manifests.get('service-bindings.yaml') ?? []).filter(({ kind }) => kind === 'ServiceBinding');
    const secrets = pod.volumes.flatMap(({ secret }: Manifest) => secret?.secretName ?? []);
    expect(secrets).toEqual(bindings.map(({ spec: { secretName } }) => secretName));
  });

  it('starts: its environment, its file and the two bindings are a configuration', () => {
    const { metadata, data } = only('config.yaml');
    expect(pod.volumes[0].configMap.name).toBe(metadata.name);
    const config = load({
      env: { ...environment, HR_PORTAL_KEY: 'hr-portal-key-0123456789', PROMETHEUS_KEY: 'prometheus-key-0123456789' },
      files: {
        '/config/flowgate.yaml': data['flowgate.yaml'],
        ...bindingFiles('my-workflow', 'workflow', 'standard', workflowKey),
        ...bindingFiles('my-it-rt', 'it-rt', 'integration-flow', integrationKey),
      },
    });
    expect(config.services.map(({ name, kind }) => [name, kind])).toEqual([
      ['integration', 'sap-integration'],
      ['workflow', 'sap-workflow'],
    ]);
    expect(config.callers.map(({ name }) => name)).toEqual(['hr-portal', 'prometheus']);
    expect(config.listen).toEqual({ host: '0.0.0.0', port: 3000 });
  });
});

describe('the service instances', () => {
  const all = manifests.get('service-bindings.yaml') ?? [];
  const instances = all.filter(({ kind }) => kind === 'ServiceInstance');

  it('are those that Flowgate knows, with a binding each', () => {
    expect(
      instances.map(({ spec: { serviceOfferingName, servicePlanName } }) => [serviceOfferingName, servicePlanName]),
    ).toEqual([
      ['workflow', 'standard'],
      ['it-rt', 'integration-flow'],
    ]);
    const bound = all.filter(({ kind }) => kind === 'ServiceBinding').map(({ spec }) => spec.serviceInstanceName);
    expect(bound).toEqual(instances.map(({ metadata }) => metadata.name));
  });

  it('have the parameters of the files for Cloud Foundry', () => {
    const files = ['workflow.json', 'integration-flow.json'];
    const parameters = files.map((name) => JSON.parse(readFileSync(`deploy/cloud-foundry/${name}`, 'utf8')) as unknown);
    expect(instances.map(({ spec }) => spec.parameters)).toEqual(parameters);
  });

  it('have every authority that a route needs, and no other', () => {
    const needed = new Set(sapWorkflowTable.map(({ authority }) => authority));
    expect([...instances[0].spec.parameters.authorities].toSorted()).toEqual([...needed].toSorted());
  });
});

describe('the kustomization', () => {
  it('lists the manifests that belong together', () => {
    const { resources } = only('kustomization.yaml') as { resources: string[] };
    const apart = ['kustomization.yaml', 'service-bindings.yaml', 'api-rule.yaml'];
    expect(resources.toSorted()).toEqual(files.filter((name) => !apart.includes(name)).toSorted());
  });

  it('names the version of the package', () => {
    const { version } = parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(only('kustomization.yaml').images).toEqual([expect.objectContaining({ name: 'flowgate', newTag: version })]);
  });
});

describe('the rule of the gateway', () => {
  const { spec } = only('api-rule.yaml');

  it('leads to the service, and lets every method through that a route takes', () => {
    const service = only('service.yaml');
    expect(spec.service).toEqual({ name: service.metadata.name, port: service.spec.ports[0].port });
    expect(spec.rules).toEqual([
      { path: '/*', methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], noAuth: true },
    ]);
  });
});

/** A binding as the operator mounts it: one file per property, described by `.metadata`. */
function bindingFiles(name: string, type: string, plan: string, credentials: object): Record<string, string> {
  const described = (format: 'text' | 'json') => (property: string) => ({ name: property, format });
  const texts = { type, label: type, plan, instance_name: name };
  const values = Object.entries(credentials).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const metadata = {
    metaDataProperties: Object.keys(texts).map(described('text')),
    credentialProperties: Object.entries(credentials).map(([key, value]) =>
      described(typeof value === 'string' ? 'text' : 'json')(key),
    ),
  };
  const properties = { ...texts, ...Object.fromEntries(values), '.metadata': JSON.stringify(metadata) };
  return Object.fromEntries(
    Object.entries(properties).map(([key, text]) => [`/bindings/${name}/${key}`, String(text)]),
  );
}
