import type { IncomingMessage, ServerResponse } from 'node:http';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findingsOf, look, parseReport, runDoctor, type DoctorReport } from '../support/doctor-report.ts';
import { RedisServer } from '../support/redis-server.ts';
import type { CommandResult } from '../support/run-flowgate.ts';
import { SmallServers } from '../support/small-servers.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli/flowgate.ts', import.meta.url));
const ENV = { API_KEYS: 'tester=doctors-key-0123456789' };
const OPAQUE = 'opaque0123456789opaque';
/** What the doctor promises for all together. */
const PROMISED_MS = 15_000;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const servers = new SmallServers();
const asked: string[] = [];

afterAll(() => servers.close());

/** Gives this token to everybody, with what else the answer says. */
function tokenServer(token: string, more: object = { expires_in: 3600 }): Promise<string> {
  return servers.http((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: token, token_type: 'bearer', ...more }));
  });
}

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.none`;
}

function answering(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Promise<string> {
  return servers.http(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(status, headers).end(body);
  });
}

function entry(kind: string, url: string, tokenOrigin: string, more = ''): string {
  const token = `{ url: "${tokenOrigin}/oauth/token", clientId: me, clientSecret: planted-secret-0123 }`;
  return `{ kind: ${kind}, url: "${url}", token: ${token}${more} }`;
}

async function examine(services: Readonly<Record<string, string>>, env: object = {}): Promise<CommandResult> {
  const entries = Object.entries(services).map(([name, text]) => `  ${name}: ${text}`);
  const result = await runDoctor({
    args: ['--json'],
    env: { ...ENV, ...env },
    file: `services:\n${entries.join('\n')}\n`,
  });
  expect(result.stdout + result.stderr).not.toMatch(/planted-secret|opaque0123456789/);
  return result;
}

describe('flowgate doctor on APIs that answer strangely', () => {
  let report: DoctorReport;
  beforeAll(async () => {
    const tokens = await tokenServer(OPAQUE);
    const html = { 'content-type': 'text/html' };
    const page = await answering(200, html, '<html>Please log on</html>');
    const junk = `http://${await servers.tcp((socket) => socket.end(Buffer.alloc(3_000, 0xfe)))}`;
    const vcap = { 'x-vcap-request-id': 'id-of-the-request' };
    const api = (url: string): string => entry('http', url, tokens, ', routes: [GET /p -> /p]');
    const result = await examine({
      page: api(page),
      away: api(await answering(404, { 'content-type': 'application/json' }, '{}')),
      router: api(await answering(404, { 'x-cf-routererror': 'unknown_route' })),
      headless: api(await answering(405)),
      limited: api(await answering(429, { 'retry-after': '30' })),
      failing: api(await answering(500, vcap)),
      junk: api(junk),
      silent: api(await servers.http(() => undefined)),
      wfs: entry('workflow-server', page, tokens),
      endless: entry(
        'sap-workflow',
        `${await answering(200, { 'content-type': 'application/json' }, `[${' '.repeat(2 ** 21)}]`)}/rest`,
        tokens,
      ),
    });
    expect(result.durationMs).toBeLessThan(PROMISED_MS);
    report = parseReport(result);
  }, 60_000);

  it.each([
    ['page', /^warning: .*is a page \(text\/html\).* -> .*login page/],
    ['away', /^warning: .*route \/p .*404.* -> Compare "url"/],
    ['router', /^failed: .*unknown to the platform/],
    ['headless', /^ok: answers HEAD with 405; it is there, but knows no HEAD$/],
    ['limited', /^failed: .*limits the requests.*Retry-After 30 s.* -> .*Retry-After/],
    ['failing', /^failed: .*status 500; .*\(request id id-of-the-request\)/],
    ['junk', /^failed: The answer of the service is not valid\. -> .*something else than the API/],
    ['endless', /^failed: .*more than 1 MB/],
    ['silent', /^failed: The time ran out.* -> The doctor waits no longer\./],
  ])('tells what is wrong with the API %s', (service, finding) => {
    expect(look(report, service, 'API')).toMatch(finding);
  });

  it('does not take a page for a WorkflowServer that refuses', () => {
    expect(look(report, 'wfs', 'closed')).toMatch(/^skipped: .*not the Workflow API/);
  });

  it('names the correlation id that its requests carried', () => {
    expect(report).toMatchObject({ correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});

describe('flowgate doctor on flows', () => {
  let report: DoctorReport;
  beforeAll(async () => {
    const tokens = await tokenServer(jwt({ aud: ['it-rt-acme'], scope: ['it-rt-acme!b1.ESBMessaging.send'] }));
    const page = await answering(200, { 'content-type': 'text/html' }, '<html>Please log on</html>');
    const protectedSender: Listener = ({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      if (method === 'HEAD') response.writeHead(200, { 'x-csrf-token': 'csrf-token-of-the-sender' }).end();
      else response.writeHead(403, { 'x-csrf-token': 'Required' }).end();
    };
    const slow = await servers.http(({ url }, response) => {
      setTimeout(() => response.end(), url === '/' ? 0 : 1_500);
    });
    const many = Array.from({ length: 200 }, (_one, at) => `f${at}: { address: /http/f${at} }`).join(', ');
    const flows = (list: string): string => `, flows: { ${list} }`;
    const always = flows('a: { address: /http/a, csrf: always }');
    const result = await examine({
      page: entry('sap-integration', page, tokens, flows('a: { address: /http/a }')),
      csrf: entry(
        'sap-integration',
        await servers.http(protectedSender),
        tokens,
        flows('a: { address: /http/guarded, methods: [GET, POST] }'),
      ),
      unheard: entry('sap-integration', await answering(405), tokens, always),
      required: entry('sap-integration', await answering(403, { 'x-csrf-token': 'required' }), tokens, always),
      many: entry('sap-integration', slow, tokens, flows(many)),
    });
    expect(result.durationMs).toBeLessThan(PROMISED_MS);
    report = parseReport(result);
  }, 60_000);

  it.each([
    ['page', /^warning: .*is a page \(text\/html\).* -> .*login page/],
    ['csrf', /^ok: .*HEAD with 200, protected against CSRF; it was not run$/],
    ['unheard', /^ok: .*HEAD with 405; it was not run$/],
    ['required', /^warning: The sender gave no CSRF token/],
  ])('tells of the sender %s', (service, finding) => {
    expect(look(report, service, 'flow a')).toMatch(finding);
  });

  it('fetches a CSRF token where the sender has said that it is protected, and runs nothing', () => {
    expect(asked.filter((line) => line.endsWith('/http/guarded'))).toEqual([
      'OPTIONS /http/guarded',
      'HEAD /http/guarded',
    ]);
  });

  it('has a line for each flow, also where the time does not suffice for all', () => {
    const found = findingsOf(report, 'many').filter(({ step }) => step.startsWith('flow f'));
    expect(found).toHaveLength(200);
    expect(found[0]).toMatchObject({ mark: 'ok' });
    expect(found.at(-1)).toMatchObject({ mark: 'skipped' });
    expect(look(report, 'many', 'flows')).toMatch(/^failed: Not known of \d+ of 200: .*no time left/);
  });
});

describe('flowgate doctor on tokens that say little', () => {
  let report: DoctorReport;
  beforeAll(async () => {
    const opaque = await tokenServer(OPAQUE);
    const lifeless = await tokenServer(jwt({ scope: ['x!b1.WORKFLOW_DEFINITION_GET'] }), {});
    const url = await answering(200, { 'content-type': 'application/json' }, '[]');
    report = parseReport(
      await examine({
        workflow: entry('sap-workflow', `${url}/workflow-service/rest`, opaque),
        integration: entry('sap-integration', url, opaque, ', flows: { a: { address: /http/a } }'),
        wfs: entry('workflow-server', url, opaque),
        lifeless: entry('http', url, lifeless, ', routes: [GET /p -> /p]'),
      }),
    );
  }, 60_000);

  it('claims no missing authority, and gives no list that would take away what is there', () => {
    const finding = look(report, 'workflow', 'authorities');
    expect(finding).toMatch(/^warning: The token does not tell.* -> .*WORKFLOW_INSTANCE_START/);
    expect(finding).not.toContain('cf update-service');
  });

  it('claims no missing role', () => {
    expect(look(report, 'integration', 'roles')).toMatch(/^warning: The token names no roles/);
  });

  it('claims no permission either', () => {
    expect(look(report, 'wfs', 'permissions')).toMatch(/^skipped: not compared/);
  });

  it('says that a life was assumed', () => {
    expect(look(report, 'lifeless', 'token')).toMatch(/^warning: .*lives 60 s.* -> .*60 s are assumed/);
  });
});

describe('flowgate doctor on odd TLS and addresses', () => {
  it('tells of client certificates, of old TLS, and writes IPv6 addresses in brackets', async () => {
    const tokens = await tokenServer(OPAQUE);
    const certificate = makeCertificate();
    const mutual = { ...certificate, requestCert: true, rejectUnauthorized: true };
    const done: Listener = (_request, response) => response.end();
    const api = (url: string): string => entry('http', url, tokens, ', routes: [GET /p -> /p]');
    const result = await examine({
      mutual12: api(await servers.https({ ...mutual, maxVersion: 'TLSv1.2' } as typeof certificate, done)),
      old: api(
        await servers.https({ ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as typeof certificate, done),
      ),
      six: api('http://[::1]:1'),
    });
    const report = parseReport(result);
    const certificateOf = (service: string): string => look(report, service, 'certificate').split('\n')[0] ?? '';
    expect(certificateOf('mutual12')).toMatch(/^warning: .*may ask for a client certificate/);
    expect(certificateOf('old')).toMatch(/^failed: .*no TLS of version 1\.2/);
    expect(look(report, 'six', 'port')).toContain('[::1]:1');
  }, 60_000);
});

describe('flowgate doctor on a Redis with a private certificate', () => {
  it('tells how its authority is added', async () => {
    const redis = await RedisServer.start();
    try {
      const secure = await servers.https(makeCertificate(), (_request, response) => response.end());
      const api = entry('http', 'http://127.0.0.1:1', 'http://127.0.0.1:1', ', routes: [GET /p -> /p]');
      const REDIS_URL = secure.replace('https:', 'rediss:');
      const report = parseReport(await examine({ api }, { ...redis.env, REDIS_URL }));
      expect(look(report, 'server', 'Redis')).toMatch(/^failed: .*SELF_SIGNED.* -> .*NODE_EXTRA_CA_CERTS/);
    } finally {
      await redis.close();
    }
  }, 60_000);
});

describe('flowgate, when nobody reads on', () => {
  it('ends with its status, and says nothing of it', async () => {
    const child = spawn(process.execPath, [ENTRY, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    await once(child, 'close');
    expect([child.exitCode, errors]).toEqual([0, '']);
  });
});
