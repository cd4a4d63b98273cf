import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';

const run = promisify(execFile);

const KEY = 'staged-key-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';
/** What the tests of this file may take together. */
const STAGING_MS = 120_000;
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/;

let folder: string;
let sandbox: Sandbox;
/** Why there is no application to test; `undefined`: there is one. */
let missing: string | undefined;

/** The steps of the Dockerfile, and what the buildpack does with what was pushed. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowgate-staged-'));
  sandbox = await startSandbox();
  await buildInto(join(folder, 'build'));
  missing = await stageInto(join(folder, 'app'));
  if (missing !== undefined) process.stderr.write(`The staged application is not tested: ${missing}\n`);
}, STAGING_MS);

afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

/** Compiles a copy of the sources. Its modules are those of this folder: they are what `npm ci` has put there. */
async function buildInto(target: string): Promise<void> {
  await mkdir(target);
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src'])
    await cp(name, join(target, name), { recursive: true });
  await symlink(resolve('node_modules'), join(target, 'node_modules'));
  await run('npm', ['run', 'build'], { cwd: target });
}

/** An empty folder gets what is pushed, and its production dependencies. */
async function stageInto(target: string): Promise<string | undefined> {
  await mkdir(target);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) await cp(name, join(target, name));
  await cp(join(folder, 'build', 'dist'), join(target, 'dist'), { recursive: true });
  const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=1'];
  try {
    await run('npm', ['ci', ...options], { cwd: target, timeout: STAGING_MS / 2 });
    return undefined;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    if (!OFFLINE.test(stderr)) throw error;
    return 'the registry cannot be reached, and the cache of npm does not have all packages.';
  }
}

/** Started as on Cloud Foundry, with what the platform sets and the manifest says. */
async function startStaged(env: Record<string, string> = {}): Promise<ServerProcess> {
  const { applications } = parse(await readFile('manifest.yml', 'utf8')) as {
    applications: [{ command: string; env: Record<string, string> }];
  };
  const [application] = applications;
  return startServer({
    cwd: join(folder, 'app'),
    entry: application.command.replace(/^node /, ''),
    env: {
      ...application.env,
      VCAP_SERVICES: JSON.stringify(sandbox.vcapServices),
      VCAP_APPLICATION: JSON.stringify({ application_uris: ['flowgate.example.com'] }),
      CF_INSTANCE_INDEX: '0',
      API_KEYS: `hr-portal=${KEY}`,
      INTEGRATION_FLOWS: 'product-details=/http/products',
      ...env,
    },
  });
}

function send(server: ServerProcess, path: string, body: string): Promise<Response> {
  const headers = { 'x-api-key': KEY, 'content-type': 'application/json' };
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body });
}

describe('the application as it is staged', () => {
  it('answers with nothing but its production dependencies and its bindings, fits its memory, and ends with status 0', async () => {
    if (missing !== undefined) return;
    const server = await startStaged();
    try {
      await server.ready();
      expect((await send(server, START, '{}')).status).toBe(201);
      const product = await send(server, '/api/integration/flows/product-details', '{"productIdentifier":"HT-2000"}');
      expect(await product.json()).toMatchObject({ productIdentifier: 'HT-2000' });
      expect((await fetch(`${server.url}/ready`)).status).toBe(200);
      const docs = await fetch(`${server.url}/docs`);
      expect(docs.headers.get('content-type')).toContain('text/html');
      const megabytes = await server.residentMegabytes();
      process.stderr.write(`The staged application uses ${Math.round(megabytes)} MB after its first answers.\n`);
      expect(megabytes).toBeLessThan(192);
    } finally {
      expect(await server.stop('SIGTERM')).toBe(0);
    }
    expect(server.stderr).toBe('');
  });

  it('has the command line, which says of a wrong configuration what is wrong', async () => {
    if (missing !== undefined) return;
    const check = run(process.execPath, ['dist/cli/flowgate.js', 'check'], {
      cwd: join(folder, 'app'),
      env: { PATH: process.env['PATH'] },
    });
    await expect(check).rejects.toMatchObject({ code: 78 });
  });
});
