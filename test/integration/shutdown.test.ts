import { writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { drain } from '../../src/app/drain.ts';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { writeConfigFile, type ConfigFolder } from '../support/config-folder.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { plainRequest } from '../support/plain-request.ts';
import { after, answer, neverAnswer, RawUpstream } from '../support/raw-upstream.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';

const created = answer(201, { 'content-type': 'application/json' }, '{"id":"1"}');
const START = '/api/workflow/definitions/onboarding/instances';

let upstream: RawUpstream;
let tokens: FakeTokenServer;

beforeEach(async () => {
  [upstream, tokens] = await Promise.all([RawUpstream.start(created), FakeTokenServer.start()]);
});

afterEach(async () => {
  await Promise.all([upstream.close(), tokens.stop()]);
});

function configFile(): string {
  return `services: { workflow: { kind: sap-workflow, url: '${upstream.origin}', token: { url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 } } }`;
}

interface Sent {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: string;
}

/** Sends a start, on a connection of the agent where one is given. */
function start(url: string, agent?: Agent): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const headers = { 'x-api-key': BARE_KEY, 'content-type': 'application/json' };
  const sent = httpRequest(`${url}${START}`, { method: 'POST', headers, ...(agent && { agent }) }, (response) => {
    response.toArray().then((chunks: Buffer[]) => {
      const { statusCode: status = 0, headers: got } = response;
      resolve({ status, connection: got.connection, text: Buffer.concat(chunks).toString() });
    }, reject);
  });
  sent.on('error', reject);
  sent.end('{}');
  return promise;
}

describe('draining', () => {
  let bare: BareFlowgate;
  beforeEach(async () => {
    bare = await BareFlowgate.start({ file: configFile() });
  });
  afterEach(() => bare.stop());

  it('lets what runs finish, refuses new requests on open connections, and takes no new connection', async () => {
    const agent = new Agent({ keepAlive: true });
    await start(bare.url, agent);
    upstream.behave(after(300, created));
    const running = Promise.all([start(bare.url), start(bare.url)]);
    await eventually(() => expect(upstream.requests).toHaveLength(3));
    const drained = drain(bare, bare.flowgate, { graceMs: 5_000 });
    const refused = await start(bare.url, agent);
    expect(refused).toMatchObject({ status: 503, connection: 'close' });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'shutting-down', source: 'flowgate', retryable: true });
    await expect(start(bare.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await running).map(({ status }) => status)).toEqual([201, 201]);
    expect(await drained).toBe(true);
    expect(upstream.requests).toHaveLength(3);
  });

  it('closes idle connections, so that they do not hold it up', async () => {
    const idle = connect(bare.port, '127.0.0.1');
    const closed = new Promise((resolve) => idle.once('close', resolve));
    await new Promise((resolve) => idle.once('connect', resolve));
    expect(await drain(bare, bare.flowgate, { graceMs: 3_000, lingerMs: 50 })).toBe(true);
    await closed;
  });

  it('waits for a start whose caller has left', async () => {
    upstream.behave(after(300, created));
    const left = httpRequest(`${bare.url}${START}`, {
      method: 'POST',
      headers: { 'x-api-key': BARE_KEY, 'content-type': 'application/json' },
    });
    left.on('error', () => {});
    left.end('{}');
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    left.destroy();
    const startMs = performance.now();
    expect(await drain(bare, bare.flowgate, { graceMs: 3_000, lingerMs: 10 })).toBe(true);
    expect(performance.now() - startMs).toBeGreaterThan(150);
    await eventually(() => expect(upstream.openSockets).toBe(0));
  });

  it('ends when its time is over, whatever still runs', async () => {
    upstream.behave(neverAnswer());
    const cut = start(bare.url).catch((error: unknown) => error);
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    const startMs = performance.now();
    expect(await drain(bare, bare.flowgate, { graceMs: 300, lingerMs: 10 })).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
    upstream.behave(created);
    await upstream.close();
    upstream = await RawUpstream.start(created);
  });
});

describe('the process', () => {
  let folder: ConfigFolder;
  let server: ServerProcess;

  async function startProcess(env: Record<string, string> = {}): Promise<ServerProcess> {
    folder = await writeConfigFile(configFile());
    return startServer({ env: { FLOWGATE_CONFIG: folder.path, API_KEYS: `tester=${BARE_KEY}`, ...env } });
  }

  afterEach(async () => {
    await server.stop('SIGKILL');
    await folder.remove();
  });

  it('ends with status 0 on SIGTERM under load, and every request that it took was answered', async () => {
    server = await (await startProcess()).ready();
    upstream.behave(after(20, created));
    const outcomes: string[] = [];
    let isOver = false;
    const load = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!isOver) {
        const outcome = await start(server.url, agent).then(
          ({ status, text }) => (status === 503 ? (JSON.parse(text) as { code: string }).code : String(status)),
          (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
        );
        outcomes.push(outcome);
        isOver ||= outcome !== '201';
      }
      agent.destroy();
    };
    const clients = Array.from({ length: 8 }, load);
    await eventually(() => expect(outcomes.length).toBeGreaterThan(40));
    server.child.kill('SIGTERM');
    await Promise.all(clients);
    expect(await server.ended()).toBe(0);
    expect(outcomes.filter((outcome) => outcome === '201').length).toBeGreaterThan(40);
    for (const outcome of outcomes) expect(['201', 'shutting-down', 'ECONNREFUSED']).toContain(outcome);
    expect(upstream.requests.length).toBe(outcomes.filter((outcome) => outcome === '201').length);
  });

  it('writes one clean line and ends with status 1 when something was not caught', async () => {
    const module = join(tmpdir(), `flowgate-mistake-${process.pid}.mjs`);
    const mistake = 'Object.assign(new Error("secret-canary"), { options: "secret-canary" })';
    await writeFile(module, `setTimeout(() => { throw ${mistake}; }, 100);`);
    server = await startProcess({ NODE_OPTIONS: `--import ${module}` });
    const status = await Promise.race([server.ended(), delay(15_000, undefined, { ref: false })]);
    expect(status).toBe(1);
    const fatal = server.stdout.split('\n').filter((line) => line.includes('"level":"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(JSON.parse(fatal[0] ?? '')).toMatchObject({ msg: 'uncaughtException', err: { name: 'Error' } });
    expect(server.stdout + server.stderr).not.toContain('secret-canary');
  });

  it('closes its connection to Redis and ends with status 0, whether Redis is there or away', async () => {
    const redis = await RedisServer.start();
    try {
      server = await (await startProcess(redis.env)).ready();
      expect((await start(server.url)).status).toBe(201);
      expect(await server.stop('SIGTERM')).toBe(0);
      await folder.remove();
      server = await (await startProcess(redis.env)).ready();
      await redis.stop();
      expect((await start(server.url)).status).toBe(201);
      expect(await server.stop('SIGTERM')).toBe(0);
      expect(server.stdout).toContain('"msg":"stopped"');
    } finally {
      await redis.close();
    }
  });

  it('ends with status 0 when nothing runs, within a second', async () => {
    server = await (await startProcess()).ready();
    expect((await plainRequest(`${server.url}/health`, 'GET')).status).toBe(200);
    const startMs = performance.now();
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
