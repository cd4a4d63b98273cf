import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { environmentVariables, type EnvironmentVariable } from '../../src/config/environment-variables.ts';
import {
  integrationKey,
  load,
  processAutomationKey,
  vcapBinding,
  vcapServices,
  workflowKey,
} from '../support/config-sources.ts';

/** The variables of the public contract, chapter 2.1, in its order. */
const CONTRACT = [
  'PORT',
  'HOST',
  'LOG_LEVEL',
  'FLOWGATE_CONFIG',
  'WORKFLOW_SERVICE_KEY',
  'INTEGRATION_SERVICE_KEY',
  'INTEGRATION_FLOWS',
  'API_KEYS',
  'CORS_ORIGINS',
  'TRUSTED_PROXY_HOPS',
  'ALLOWED_HOSTS',
  'PUBLIC_URL',
  'REDIS_URL',
  'FLOWGATE_ENCRYPTION_KEY',
  'ALLOW_ANONYMOUS',
  'ALLOW_INSECURE_UPSTREAMS',
];

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const guide = read('docs/configuration.md');
const variables: readonly EnvironmentVariable[] = environmentVariables;

describe('the environment variables', () => {
  it('are those of the contract, in its order', () => {
    expect(variables.map(({ name }) => name)).toEqual(CONTRACT);
  });

  it('stand in .env.example, each once, in that order', () => {
    const names = [...read('.env.example').matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(names).toEqual(CONTRACT);
  });

  it('switch nothing on in .env.example as it is', () => {
    const lines = read('.env.example').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  it('stand in docs/configuration.md with their defaults and meanings', () => {
    const rows = guide.split('\n').filter((line) => /^\| `[A-Z_]+`\s*\|/.test(line));
    const cells = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(variables.map(({ name, default: fallback, meaning }) => [`\`${name}\``, fallback, meaning]));
  });
});

describe('the examples of docs/configuration.md', () => {
  const examples = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  const env = {
    HR_PORTAL_KEY: 'hr-portal-key-0123456789',
    SHOP_KEY: 'shop-key-0123456789abc',
    BPA_API_KEY: 'bpa-api-key',
    WORKFLOW_CLIENT_ID: 'sb-clone!b1|workflow!b2',
    WORKFLOW_CLIENT_SECRET: 'secret',
    VCAP_SERVICES: vcapServices(vcapBinding('my-workflow', 'workflow', 'standard', workflowKey)),
  };
  const files = {
    '/app/keys/workflow.json': JSON.stringify(workflowKey),
    '/app/keys/process-automation.json': JSON.stringify(processAutomationKey),
    '/app/keys/integration.json': JSON.stringify(integrationKey),
  };

  it('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples)('load without a problem: %s', (file) => {
    expect(load({ env, file, files }).services.length).toBeGreaterThan(0);
  });

  it('in shell form load as well', () => {
    const shell = /```sh\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
    const lines = shell.trim().split('\n');
    const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    expect(load({ env: Object.fromEntries(pairs), files }).callers).toMatchObject([{ name: 'postman' }]);
  });
});
