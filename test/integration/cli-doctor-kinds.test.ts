import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { flowgateFile, upstreamEnvironment } from '../../sandbox/flowgate-environment.ts';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { look, parseReport, runDoctor, type DoctorReport } from '../support/doctor-report.ts';
import { FakeIssuer } from '../support/fake-issuer.ts';
import { freePort } from '../support/free-port.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { RedisServer } from '../support/redis-server.ts';
import { SmallServers } from '../support/small-servers.ts';

const KEY = 'doctors-key-0123456789';
const secrets = new PlantedSecrets();
const servers = new SmallServers();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  secrets.plant('API key', KEY);
  for (const [name, value] of Object.entries(upstreamEnvironment(sandbox)))
    if (/SECRET|API_KEY/.test(name)) secrets.plant(name, value);
  secrets.plantAllOf('service keys', sandbox.serviceKeys);
});
afterEach(() => sandbox.control.reset());
afterAll(async () => {
  await servers.close();
  await sandbox.close();
});

async function examine(file: string, env: Readonly<Record<string, string>> = {}): Promise<DoctorReport> {
  const all = { ...upstreamEnvironment(sandbox), API_KEYS: `tester=${KEY}`, ...env };
  const result = await runDoctor({ args: ['--json'], env: all, file });
  secrets.look('stdout', result.stdout);
  secrets.look('stderr', result.stderr);
  expect([secrets.takeLeaks(), result.stderr]).toEqual([[], '']);
  return parseReport(result);
}

describe('flowgate doctor on every kind of service at once', () => {
  let report: DoctorReport;
  let starts: readonly string[];
  beforeAll(async () => {
    report = await examine(flowgateFile);
    const { requests, flowRuns } = sandbox.control.counters();
    const writes = Object.keys({ ...requests.workflow, ...requests.httpApi }).filter((route) =>
      route.startsWith('POST'),
    );
    starts = [...writes.filter((route) => !route.endsWith('/token')), ...Object.keys(flowRuns)];
  });

  it('finds all of them in order', () => {
    expect(report).toMatchObject({ healthy: true, summary: { warning: 0, failed: 0, skipped: 0 } });
  });

  it.each([
    ['workflow', 'API', 'ok: answers list-definitions'],
    ['approvals', 'API', 'ok: answers list-definitions'],
    ['approvals', 'closed', 'ok: a request without a token is refused'],
    ['requests', 'API', 'ok: answers viewer, with one action at most'],
    [
      'catalogue',
      'API',
      expect.stringMatching(/^ok: answers OPTIONS with \d{3}; no route is read without a parameter/),
    ],
  ])('%s: %s', (service, step, finding) => {
    expect(look(report, service, step)).toEqual(finding);
  });

  it('starts nothing', () => {
    expect(starts).toEqual([]);
  });
});

describe('flowgate doctor on WorkflowGen', () => {
  it('tells that the second key is wrong, in the words of the server', async () => {
    const report = await examine(flowgateFile, { WFGEN_API_KEY: 'another-key-0123456789' });
    expect(look(report, 'requests', 'API')).toMatch(/^failed: .* -> /);
  });
});

describe('flowgate doctor on a plain API', () => {
  const file = (route: string): string => flowgateFile.replace('GET /products/:id -> /v2/products/:id', route);

  it('asks by HEAD where a route is read without a parameter', async () => {
    const report = await examine(file('GET /products -> /v2/products'));
    expect(look(report, 'catalogue', 'API')).toBe('ok: answers HEAD with 200');
  });

  it('tells of an API that refuses the token', async () => {
    sandbox.control.answer({ upstream: 'httpApi', path: '/v2/', status: 401 });
    const report = await examine(file('GET /products -> /v2/products'));
    expect(look(report, 'catalogue', 'API')).toMatch(/^failed: .* -> /);
  });
});

describe('flowgate doctor on the server itself', () => {
  const CALLERS = (issuer: string): string => `
callers:
  intranet:
    jwt: { issuer: ${issuer}, audience: flowgate }
    origins: [https://intranet.example.com]
    allow: [GET /api/workflow/definitions]
`;

  it('shows the origins of callers, the keys of issuers, and a Redis that answers', async () => {
    const redis = await RedisServer.start({ password: 'password-of-the-redis' });
    const issuer = await FakeIssuer.start();
    secrets.plant('password of Redis', 'password-of-the-redis');
    secrets.plant('encryption key', redis.encryptionKey);
    try {
      const env = { ...redis.env, CORS_ORIGINS: 'https://portal.example.com' };
      const report = await examine(CALLERS(issuer.url), env);
      expect(look(report, 'server', 'CORS')).toContain(
        'for all callers https://portal.example.com; intranet: https://intranet.example.com',
      );
      expect(look(report, 'server', 'issuer of intranet')).toMatch(/^ok: 127\.0\.0\.1:\d+ shows 1 key$/);
      expect(look(report, 'server', 'Redis')).toMatch(/^ok: answers in \d+ ms, from REDIS_URL$/);
    } finally {
      await issuer.stop();
      await redis.close();
    }
  });

  it('tells of a wrong password of Redis, and of an issuer that cannot be reached', async () => {
    const redis = await RedisServer.start({ password: 'password-of-the-redis' });
    try {
      const url = redis.url.replace('password-of-the-redis', 'not-the-password-of-it');
      const report = await examine(CALLERS(`http://127.0.0.1:${await freePort()}/`), { ...redis.env, REDIS_URL: url });
      expect(look(report, 'server', 'Redis')).toMatch(/^failed: .*\(WRONGPASS\)\. -> .*password/);
      expect(look(report, 'server', 'issuer of intranet')).toMatch(/^failed: .*ECONNREFUSED.* -> .*jwt\.issuer/);
      expect(report.healthy).toBe(false);
    } finally {
      await redis.close();
    }
  });

  it('tells of a Redis that is away', async () => {
    const env = {
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
      FLOWGATE_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    };
    expect(look(await examine(flowgateFile, env), 'server', 'Redis')).toMatch(
      /^failed: .*\(ECONNREFUSED\)\. -> .*host and port/,
    );
  });
});
