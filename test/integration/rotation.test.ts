import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FlowgateHost } from '../../src/app/flowgate-host.ts';
import { createHttpServer } from '../../src/app/http-server.ts';
import { watchBindings } from '../../src/cli/watch-bindings.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { writeConfigFile, type ConfigFolder } from '../support/config-folder.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { after, answer, RawUpstream } from '../support/raw-upstream.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startServer } from '../support/server-process.ts';

const OLD_KEY = 'old-key-0123456789abcdef';
const NEW_KEY = 'new-key-0123456789abcdef';
const START = '/api/workflow/definitions/onboarding/instances';
const created = answer(201, { 'content-type': 'application/json' }, '{"id":"1"}');

let upstream: RawUpstream;
let tokens: FakeTokenServer;

beforeEach(async () => {
  [upstream, tokens] = await Promise.all([RawUpstream.start(created), FakeTokenServer.start()]);
});

afterEach(async () => {
  await Promise.all([upstream.close(), tokens.stop()]);
});

interface Settings {
  readonly key?: string;
  readonly secret?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function fileText({ key = OLD_KEY, secret = 'first-secret-0123456789' }: Settings): string {
  return `
services: { workflow: { kind: sap-workflow, url: '${upstream.origin}', token: { url: '${tokens.url}', clientId: id, clientSecret: ${secret} } } }
callers: { tester: { apiKeys: [${key}], allow: ["* /api/**"] } }
`;
}

function start(url: string, headers: Record<string, string> = {}): Promise<PlainAnswer> {
  return plainRequest(`${url}${START}`, 'POST', { 'content-type': 'application/json', 'x-api-key': OLD_KEY, ...headers }, '{}'); // prettier-ignore
}

function bearers(): (string | undefined)[] {
  return upstream.requests.map(({ headers }) => headers.authorization);
}

describe('a new configuration beside the old one', () => {
  let host: FlowgateHost;
  let server: Server;
  let url: string;
  const logLines: Record<string, unknown>[] = [];

  const configOf = (settings: Settings) =>
    loadConfig({ cwd: '/x', env: settings.env ?? {}, readFile: () => fileText(settings) });

  async function serve(settings: Settings = {}): Promise<void> {
    const log = createLog('info', { write: (line: string) => logLines.push(JSON.parse(line) as never) });
    host = new FlowgateHost(configOf(settings), log);
    server = createHttpServer(host.handle, log);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await host.close();
    logLines.length = 0;
  });

  it('knows its callers, and not those of the old one', async () => {
    await serve();
    host.reconfigure(configOf({ key: NEW_KEY }));
    expect((await start(url)).status).toBe(401);
    expect((await start(url, { 'x-api-key': NEW_KEY })).status).toBe(201);
  });

  it('lets requests that are under way end with the old one', async () => {
    await serve();
    upstream.behave(after(200, created));
    const running = start(url);
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    host.reconfigure(configOf({ key: NEW_KEY }));
    expect((await running).status).toBe(201);
  });

  it('lets a request end that still waits for its token', async () => {
    await serve();
    const release = tokens.holdOnce();
    const running = start(url);
    await eventually(() => expect(tokens.requests).toHaveLength(1));
    host.reconfigure(configOf({ key: NEW_KEY }));
    release();
    expect((await running).status).toBe(201);
  });

  it('goes on with tokens that are still good', async () => {
    await serve();
    await start(url);
    host.reconfigure(configOf({ key: NEW_KEY }));
    await start(url, { 'x-api-key': NEW_KEY });
    expect(tokens.requests).toHaveLength(1);
  });

  it('does not use the token of an old secret (J-08)', async () => {
    await serve();
    await start(url);
    host.reconfigure(configOf({ secret: 'second-secret-0123456789' }));
    await start(url);
    expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(tokens.requests.map(({ form }) => form.get('client_secret'))).toEqual([
      'first-secret-0123456789',
      'second-secret-0123456789',
    ]);
  });

  it('remembers what was started under the old one', async () => {
    await serve();
    const key = { 'idempotency-key': randomUUID() };
    const first = await start(url, key);
    host.reconfigure(configOf({ secret: 'second-secret-0123456789' }));
    const second = await start(url, key);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.text).toBe(first.text);
    expect(upstream.requests).toHaveLength(1);
  });

  it('with another Redis connects to that one, and lets the old one go', async () => {
    const [one, other] = [await RedisServer.start(), await RedisServer.start({ password: 'p' })];
    await serve({ env: one.env });
    host.reconfigure(configOf({ env: other.env }));
    await one.close();
    expect((await start(url, { 'idempotency-key': randomUUID() })).status).toBe(201);
    await host.close();
    await other.close();
  });

  it('that adds Redis is told to take effect with the next start: the records here cannot move', async () => {
    const redis = await RedisServer.start();
    await serve();
    const key = { 'idempotency-key': randomUUID() };
    await start(url, key);
    host.reconfigure(configOf({ env: redis.env }));
    expect((await start(url, key)).headers['idempotent-replayed']).toBe('true');
    expect(logLines.map(({ msg }) => msg).join('\n')).toContain('next start');
    await redis.close();
  });

  it('loses no request under load, however often it changes', async () => {
    await serve();
    upstream.behave(after(5, created));
    const load = new AbortController();
    const statuses = new Set<number>();
    const clients = Array.from({ length: 4 }, async () => {
      while (!load.signal.aborted) statuses.add((await start(url)).status);
    });
    for (let at = 0; at < 10; at++) {
      host.reconfigure(configOf({ secret: `secret-number-${at}-0123456789` }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    load.abort();
    await Promise.all(clients);
    expect([...statuses]).toEqual([201]);
  });
});

describe('SIGHUP', () => {
  let folder: ConfigFolder;

  it('has the file read again; a configuration with problems is refused, and the old one stays', async () => {
    folder = await writeConfigFile(fileText({}));
    const server = await startServer({ env: { FLOWGATE_CONFIG: folder.path } });
    await server.ready();
    expect((await start(server.url)).status).toBe(201);

    await folder.write('callers: { tester: { apiKeys: [planted-canary] } }');
    server.child.kill('SIGHUP');
    await eventually(() => expect(server.stdout).toContain('the old one stays'));
    expect(server.stdout).toContain('"setting":"services"');
    expect(server.stdout).not.toContain('planted-canary');
    expect((await start(server.url)).status).toBe(201);

    await folder.write(fileText({ key: NEW_KEY }));
    server.child.kill('SIGHUP');
    await eventually(() => expect(server.stdout).toContain('configuration taken'));
    expect((await start(server.url)).status).toBe(401);
    expect((await start(server.url, { 'x-api-key': NEW_KEY })).status).toBe(201);
    expect(await server.stop()).toBe(0);
    await folder.remove();
  });
});

describe('bindings that are mounted as files', () => {
  let folder: ConfigFolder;
  let stop: (() => void) | undefined;
  const sources = (env: Record<string, string>) => ({
    env,
    cwd: '/x',
    readFile: (path: string) => readFileSync(path, 'utf8'),
    listDirectory: (path: string) => readdirSync(path),
  });

  beforeEach(async () => {
    folder = await writeConfigFile('');
  });

  afterEach(async () => {
    stop?.();
    await folder.remove();
  });

  it('are noticed when Kubernetes puts new files in their place', async () => {
    const binding = join(folder.folder, 'bindings', 'my-workflow');
    await mkdir(join(binding, '..2026_01_01'), { recursive: true });
    await writeFile(join(binding, '..2026_01_01', 'clientsecret'), 'first');
    await symlink('..2026_01_01', join(binding, '..data'));
    await symlink(join('..data', 'clientsecret'), join(binding, 'clientsecret'));
    let changes = 0;
    stop = watchBindings(sources({ SERVICE_BINDING_ROOT: join(folder.folder, 'bindings') }), () => changes++, 10);

    await mkdir(join(binding, '..2026_01_02'));
    await writeFile(join(binding, '..2026_01_02', 'clientsecret'), 'second');
    await symlink('..2026_01_02', join(binding, '..data_tmp'));
    await rename(join(binding, '..data_tmp'), join(binding, '..data'));
    await eventually(() => expect(changes).toBeGreaterThanOrEqual(1));
  });

  it('are noticed when a binding is added', async () => {
    const root = join(folder.folder, 'bindings');
    await mkdir(root);
    let changes = 0;
    stop = watchBindings(sources({ SERVICE_BINDING_ROOT: root }), () => changes++, 10);
    await mkdir(join(root, 'another'));
    await writeFile(join(root, 'another', 'type'), 'workflow');
    await eventually(() => expect(changes).toBeGreaterThanOrEqual(1));
  });

  it('are noticed in the file of Cloud Foundry', async () => {
    let changes = 0;
    stop = watchBindings(sources({ VCAP_SERVICES_FILE_PATH: folder.path }), () => changes++, 10);
    await folder.write('{}');
    await eventually(() => expect(changes).toBe(1));
  });

  it('are not looked for where nothing is mounted', () => {
    expect(watchBindings(sources({}), () => undefined)).toBeUndefined();
  });
});
