import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { dockerfileStages, textsOf, type Instruction } from '../support/dockerfile.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';

const run = promisify(execFile);

const KEY = 'staged-key-0123456789';
const START = '/api/workflow/definitions/onboarding/instances';
/** Bounds what hangs, not what is slow: every step below ends with its process, however busy the machine is. */
const PATIENCE_MS = 600_000;
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/;

let folder: string;
let sandbox: Sandbox;
/** Why there is no application to test; `undefined`: there is one. */
let missing: string | undefined;

/** The steps of the Dockerfile, and what the buildpack does with what was pushed. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowgate-staged-'));
  sandbox = await startSandbox();
  const [build, image] = dockerfileStages;
  await runStage(build, 'build');
  missing = await runStage(image, 'app').then(() => undefined, whyOffline);
  if (missing !== undefined) process.stderr.write(`The staged application is not tested: ${missing}\n`);
}, PATIENCE_MS);

afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

/** Carries out the steps of a stage in an empty folder of that name, which is its `/app`. */
async function runStage(stage: readonly Instruction[] | undefined, name: string): Promise<void> {
  const target = join(folder, name);
  await mkdir(target);
  for (const { name: instruction, text } of stage ?? [])
    if (instruction === 'COPY') await copy(text, target);
    else if (instruction === 'RUN') await runStep(text, target);
}

/** `COPY package.json .npmrc ./`, or `COPY --from=build /app/dist ./dist`. */
async function copy(text: string, target: string): Promise<void> {
  const words = text.split(' ');
  const to = words.pop() ?? '';
  const [, stage] = /^--from=(\w+)$/.exec(words[0] ?? '') ?? [];
  const sources = stage === undefined ? words : words.slice(1).map((path) => path.replace('/app', join(folder, stage)));
  for (const source of sources)
    await cp(source, join(target, to.endsWith('/') ? join(to, basename(source)) : to), { recursive: true });
}

/** Runs a step; a step that is new in the Dockerfile has to be thought about here. */
async function runStep(text: string, cwd: string): Promise<void> {
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-timeout=30000'];
  switch (text) {
    case 'npm ci':
      // Its modules are those of this folder: they are what `npm ci` has put there.
      await symlink(resolve('node_modules'), join(cwd, 'node_modules'));
      return;
    case 'npm run build':
      await run('npm', ['run', 'build'], { cwd });
      return;
    case 'npm ci --omit=dev && npm cache clean --force':
      // The cache belongs to whoever runs the tests, and stays.
      await run('npm', ['ci', '--omit=dev', ...options], { cwd });
      return;
    default:
      throw new Error(`a step of the Dockerfile that this test does not know: ${text}`);
  }
}

/** Without a registry there are no packages to install; whatever else fails is a failure. */
function whyOffline(error: unknown): string {
  const { stderr = '' } = error as { stderr?: string };
  if (!OFFLINE.test(stderr)) throw error;
  return 'the registry cannot be reached, and the cache of npm does not have all packages.';
}

/**
 * Started as on Cloud Foundry, with what the platform sets and the manifest says.
 *
 * @param words what Node is started with, in place of the manifest's
 */
async function startStaged(words?: readonly string[]): Promise<ServerProcess> {
  const { applications } = parse(await readFile('manifest.yml', 'utf8')) as {
    applications: [{ command: string; env: Record<string, string> }];
  };
  const [application] = applications;
  const command = words ?? application.command.replace(/^node /, '').split(' ');
  return startServer({
    cwd: join(folder, 'app'),
    nodeOptions: command.slice(0, -1),
    entry: command.at(-1) ?? '',
    env: {
      ...application.env,
      VCAP_SERVICES: JSON.stringify(sandbox.vcapServices),
      VCAP_APPLICATION: JSON.stringify({ application_uris: ['flowgate.example.com'] }),
      CF_INSTANCE_INDEX: '0',
      API_KEYS: `hr-portal=${KEY}`,
      INTEGRATION_FLOWS: 'product-details=/http/products',
    },
  });
}

function send(server: ServerProcess, path: string, body: string): Promise<Response> {
  const headers = { 'x-api-key': KEY, 'content-type': 'application/json' };
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body });
}

describe('the application as it is staged', () => {
  it(
    'answers with nothing but its production dependencies and its bindings, fits its memory, and ends with status 0',
    async () => {
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
    },
    PATIENCE_MS,
  );

  it(
    'holds less than 90 MB when it has nothing to do',
    async () => {
      if (missing !== undefined) return;
      const server = await startStaged();
      try {
        await server.ready();
        let megabytes = await server.residentMegabytes();
        for (let look = 0; look < 50 && megabytes >= 90; look++) {
          await pause(100); // what the start has used is given back after a second
          megabytes = await server.residentMegabytes();
        }
        process.stderr.write(`The staged application uses ${Math.round(megabytes)} MB when idle.\n`);
        expect(megabytes).toBeLessThan(90);
      } finally {
        expect(await server.stop('SIGTERM')).toBe(0);
      }
    },
    PATIENCE_MS,
  );

  it(
    'starts with the command, and is healthy by the check, of the image',
    async () => {
      if (missing !== undefined) return;
      const [, image] = dockerfileStages;
      const [node, ...words] = JSON.parse(textsOf(image, 'CMD')[0] ?? '[]') as string[];
      const check = JSON.parse(/CMD (\[.*\])$/.exec(textsOf(image, 'HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];
      expect([node, check[0]]).toEqual(['node', 'node']);
      const server = await startStaged(words);
      const isHealthy = (): Promise<unknown> =>
        run(process.execPath, check.slice(1), { env: { PORT: String(server.port) } });
      try {
        await server.ready();
        await isHealthy();
      } finally {
        expect(await server.stop('SIGTERM')).toBe(0);
      }
      await expect(isHealthy()).rejects.toMatchObject({ code: 1 });
    },
    PATIENCE_MS,
  );

  it(
    'has the command line, which says of a wrong configuration what is wrong',
    async () => {
      if (missing !== undefined) return;
      const check = run(process.execPath, ['dist/cli/flowgate.js', 'check'], {
        cwd: join(folder, 'app'),
        env: { PATH: process.env['PATH'] },
      });
      await expect(check).rejects.toMatchObject({ code: 78 });
    },
    PATIENCE_MS,
  );
});
