import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { sapWorkflowTable } from '../../src/services/sap-workflow-table.ts';
import { environmentVariables } from '../../src/config/environment-variables.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- files of several tools
type Tree = any;

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function yaml(path: string): Tree {
  return parse(read(path), { strict: true, uniqueKeys: true });
}

const { version, engines } = JSON.parse(read('package.json')) as { version: string; engines: { node: string } };
const OWN_VARIABLES = new Set(environmentVariables.map(({ name }) => name as string));

/** Folders and files that the server needs where it runs. */
const NEEDED = ['dist/', 'package.json', 'package-lock.json', '.npmrc', 'flowgate.yaml'];

function expectKnownVariables(env: Record<string, unknown>): void {
  const unknown = Object.keys(env).filter((name) => !OWN_VARIABLES.has(name) && name !== 'NODE_ENV');
  expect(unknown).toEqual([]);
}

describe('every way to start', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };

  it.each(['manifest.yml', 'mta.yaml'])('has the options of npm start: %s', (file) => {
    expect(read(file)).toContain(`command: ${scripts.start}\n`);
  });

  it('has the options of npm start: the image', () => {
    const words = scripts.start.split(' ').map((word) => `"${word}"`);
    expect(read('Dockerfile')).toContain(`CMD [${words.join(', ')}]`);
  });
});

describe('manifest.yml', () => {
  const [application, ...others] = yaml('manifest.yml').applications as Tree[];

  it('describes one application', () => {
    expect(others).toEqual([]);
    expect(application).toMatchObject({
      name: 'flowgate',
      buildpacks: ['nodejs_buildpack'],
      command: 'node --max-semi-space-size=16 dist/server.js',
      'health-check-type': 'http',
      'health-check-http-endpoint': '/health',
      env: { HOST: '0.0.0.0', NODE_ENV: 'production' },
    });
    expectKnownVariables(application.env as Record<string, unknown>);
  });
});

describe('.cfignore', () => {
  const ignored = read('.cfignore').split('\n').filter(Boolean);

  it('leaves at home what the server does not run on, and keys above all', () => {
    for (const name of ['.env', 'keys/', 'node_modules/', 'src/', 'test/', 'sandbox/']) expect(ignored).toContain(name);
  });

  it('takes along what it runs on', () => {
    for (const name of NEEDED) expect(ignored).not.toContain(name);
  });
});

describe('mta.yaml', () => {
  const mta = yaml('mta.yaml');
  const [module] = mta.modules as Tree[];
  const resources = mta.resources as Tree[];

  it('has the form of a descriptor, and the version of the package', () => {
    expect(mta['_schema-version']).toMatch(/^3\.\d$/);
    expect(mta.ID).toMatch(/^[A-Za-z0-9_.-]{1,128}$/);
    expect(mta.version).toBe(version);
    expect(mta.modules).toHaveLength(1);
  });

  it('builds, pushes and checks as the manifest does', () => {
    const [application] = yaml('manifest.yml').applications as Tree[];
    expect(module).toMatchObject({ type: 'nodejs', path: '.', properties: application.env });
    expect(module['build-parameters']).toMatchObject({ builder: 'custom', commands: ['npm ci', 'npm run build'] });
    expect(module.parameters).toMatchObject({
      memory: application.memory,
      command: application.command,
      buildpack: application.buildpacks[0],
      'health-check-type': application['health-check-type'],
      'health-check-http-endpoint': application['health-check-http-endpoint'],
    });
  });

  it('leaves at home what .cfignore does', () => {
    const ignored = read('.cfignore').split('\n').filter(Boolean);
    expect((module['build-parameters'].ignore as string[]).toSorted()).toEqual(ignored.toSorted());
  });

  it('binds exactly the resources that it creates', () => {
    const required = (module.requires as Tree[]).map(({ name }) => name as string);
    expect(required.toSorted()).toEqual(resources.map(({ name }) => name as string).toSorted());
  });

  it('creates service instances with parameters that there are', () => {
    for (const { type, parameters } of resources) {
      expect(type).toBe('org.cloudfoundry.managed-service');
      expect(existsSync(parameters.path as string)).toBe(true);
    }
    const offered = resources.map(({ parameters }) => [parameters.service, parameters['service-plan']]);
    expect(offered).toEqual([
      ['workflow', 'standard'],
      ['it-rt', 'integration-flow'],
    ]);
  });
});

describe('the parameters of the service instances', () => {
  it('have every authority that a workflow route needs, and no other', () => {
    const { authorities } = JSON.parse(read('deploy/cloud-foundry/workflow.json')) as { authorities: string[] };
    const needed = new Set(sapWorkflowTable.map(({ authority }) => authority));
    expect(authorities.toSorted()).toEqual([...needed].toSorted());
  });

  it('stand in docs/cloud-foundry.md as they are in the files', () => {
    const blocks = [...read('docs/cloud-foundry.md').matchAll(/```json\n([\s\S]*?)```/g)].map(
      ([, text]) => JSON.parse(text ?? '') as unknown,
    );
    for (const name of ['workflow.json', 'integration-flow.json'])
      expect(blocks).toContainEqual(JSON.parse(read(`deploy/cloud-foundry/${name}`)));
  });
});

describe('compose.yaml', () => {
  const { services, volumes } = yaml('compose.yaml');
  const { flowgate, redis } = services;

  it('has Flowgate and Redis, and no key that compose does not know', () => {
    expect(Object.keys(services as object)).toEqual(['flowgate', 'redis']);
    const known = `build cap_drop command depends_on env_file environment healthcheck image mem_limit ports read_only
      restart security_opt stop_grace_period volumes`.split(/\s+/);
    for (const service of [flowgate, redis])
      for (const key of Object.keys(service as object)) expect(known).toContain(key);
  });

  it('sets variables that there are', () => {
    expectKnownVariables(flowgate.environment as Record<string, unknown>);
  });

  it('starts Flowgate when Redis answers, at the address that it is told', () => {
    expect(flowgate.depends_on.redis.condition).toBe('service_healthy');
    expect(redis.healthcheck.test).toEqual(['CMD', 'redis-cli', 'ping']);
    expect(new URL(flowgate.environment.REDIS_URL as string).hostname).toBe('redis');
  });

  it('publishes Flowgate to this machine alone, and Redis to nobody', () => {
    expect(flowgate.ports).toEqual([`127.0.0.1:3000:${flowgate.environment.PORT}`]);
    expect(redis.ports).toBeUndefined();
  });

  it('holds no secret: the key that seals comes from outside', () => {
    expect(flowgate.environment.FLOWGATE_ENCRYPTION_KEY).toMatch(/^\$\{FLOWGATE_ENCRYPTION_KEY:\?/);
    expect(JSON.stringify(services)).not.toMatch(/password|secret/i);
  });

  it('keeps what was started over a restart of Redis', () => {
    expect(redis.command.join(' ')).toContain('--appendonly yes');
    expect(redis.volumes).toEqual([expect.stringMatching(/^redis:/)]);
    expect(Object.keys(volumes as object)).toEqual(['redis']);
  });

  it('gives a container longer to end than it needs, and no more rights', () => {
    expect(parseInt(flowgate.stop_grace_period as string, 10)).toBeGreaterThan(9);
    expect(flowgate).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });
});

describe('the engines', () => {
  it('leave out the releases of Node.js whose agents broke', () => {
    expect(engines.node).toContain('<22.23.0 || >22.23.0');
    expect(engines.node).toContain('<24.17.0 || >24.17.0');
  });
});
