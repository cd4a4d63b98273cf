import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { upstreamEnvironment } from '../../sandbox/flowgate-environment.ts';
import { createLog, safeError } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { PlantedSecrets } from '../support/planted-secrets.ts';
import { plainRequest } from '../support/plain-request.ts';
import { RawConnection } from '../support/raw-http.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';

/** I. Leaks: nothing that is secret, and nothing about the inside, gets out, whatever goes wrong. */

const KEY = 'leak-test-key-0123456789abcdef';

/** Planted into requests: they must come back in no answer of ours, and be in no log line. */
const CANARIES = {
  body: 'canary-in-a-body-81d0b1f3',
  query: 'canary-in-a-query-6f1c2a90',
  cookie: 'canary-in-a-cookie-2e7d55c1',
  header: 'canary-in-a-header-9b3f0e42',
  bearer: 'canary-in-a-bearer-74ac19d8',
};

/** What is told of the inside by libraries, stacks and addresses. */
const INSIDE =
  /node_modules|node:|undici|\bgot\b|express|ECONN|ENOTFOUND|EPIPE|HPE_|UND_ERR|127\.0\.0\.1|\/src\/|\.ts:\d|    at /;

let sandbox: Sandbox;
let server: ServerProcess;
const secrets = new PlantedSecrets();
/** Everything that the server has answered. */
let answers = '';
const folders: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
  secrets.plant('the API key', KEY);
  secrets.plantAllOf('service keys', sandbox.serviceKeys);
  for (const [name, canary] of Object.entries(CANARIES)) secrets.plant(name, canary);
  // Neither NODE_ENV nor anything else that is not needed: what Express then does by default is its worst.
  server = await startServer({
    env: {
      ...upstreamEnvironment(sandbox),
      INTEGRATION_FLOWS: 'echo=/http/echo,orders=/http/orders',
      API_KEYS: `tester=${KEY}`,
      LOG_LEVEL: 'trace',
    },
  });
  await server.ready();
});

afterEach(async () => {
  await sandbox.control.reset();
});

afterAll(async () => {
  if (server.child.exitCode === null) await server.stop('SIGKILL');
  await sandbox.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

const HEADERS: Readonly<Record<string, string>> = {
  'x-api-key': KEY,
  'content-type': 'application/json',
  cookie: `session=${CANARIES.cookie}`,
  'x-forwarded-access-token': CANARIES.header,
  sap_sender: CANARIES.header,
};

/** An answer that was begun and could not be ended. */
const BROKEN_OFF = { status: 599, headers: {}, text: '' };

async function call(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const sent = plainRequest(`${server.url}${path}`, method, { ...HEADERS, ...headers }, body);
  const answer = await sent.catch(() => BROKEN_OFF);
  answers += JSON.stringify(answer.headers) + answer.text;
  return answer.status;
}

/** One request of each kind, with a canary everywhere. */
async function everyRoute(): Promise<number[]> {
  const body = JSON.stringify({ secret: CANARIES.body });
  return [
    await call('GET', '/api/workflow/definitions'),
    await call('GET', `/api/workflow/instances?subject=${CANARIES.query}`),
    await call('POST', '/api/workflow/definitions/onboarding/instances', body),
    await call('POST', '/api/integration/flows/orders', body),
  ];
}

async function raw(bytes: string): Promise<void> {
  const connection = await RawConnection.open(server.port);
  connection.write(bytes);
  await pause(30);
  answers += connection.pending.toString('latin1');
  connection.destroy();
}

/** Looks for everything that was planted, in everything that came out. */
function expectNoLeak(): void {
  secrets.look('an answer', answers);
  secrets.look('stdout', server.stdout);
  secrets.look('stderr', server.stderr);
  expect(secrets.takeLeaks()).toEqual([]);
}

describe('what was planted', () => {
  it.each([
    [
      'an upstream that is away',
      () =>
        Promise.all([
          sandbox.control.down({ upstream: 'workflow' }),
          sandbox.control.down({ upstream: 'integration' }),
        ]),
    ],
    [
      'an upstream that fails',
      () => {
        sandbox.control.fail({ upstream: 'workflow' });
        sandbox.control.fail({ upstream: 'integration', status: 503 });
      },
    ],
    [
      'a page',
      () => {
        sandbox.control.html({ upstream: 'workflow' });
        sandbox.control.html({ upstream: 'integration' });
      },
    ],
    [
      'garbage',
      () => {
        sandbox.control.garbage({ upstream: 'workflow' });
        sandbox.control.garbage({ upstream: 'integration' });
      },
    ],
    [
      'a redirect',
      () => {
        sandbox.control.redirect({ upstream: 'workflow' });
        sandbox.control.redirect({ upstream: 'integration' });
      },
    ],
    [
      'a limit',
      () => {
        sandbox.control.rateLimit({ upstream: 'workflow', retryAfter: 1 });
      },
    ],
    [
      'a broken connection',
      () => {
        sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body' });
        sandbox.control.resetConnection({ upstream: 'integration', when: 'during-answer' });
      },
    ],
    ['a refused token', () => sandbox.control.revokeTokens()],
    [
      'a client without authorities',
      () => {
        sandbox.control.setAuthorities({ authorities: [] });
        sandbox.control.expireTokens();
      },
    ],
    [
      'a page in place of a token',
      () => {
        sandbox.control.expireTokens();
        sandbox.control.html({ upstream: 'authorizationServer' });
      },
    ],
    [
      'a refused client',
      () => {
        sandbox.control.expireTokens();
        sandbox.control.rotateSecret({ client: 'workflow' });
        sandbox.control.rotateSecret({ client: 'integration' });
      },
    ],
    [
      'an authorization server that is away',
      async () => {
        sandbox.control.expireTokens();
        await sandbox.control.down({ upstream: 'authorizationServer' });
      },
    ],
  ])('I-01 I-03 does not get out by %s, nor does anything about the inside', async (_name, prepare) => {
    await Promise.resolve(prepare());
    expect((await everyRoute()).some((status) => status >= 400)).toBe(true);
    expect(answers).not.toMatch(INSIDE);
    expectNoLeak();
  });

  it.each([
    ['another credential', () => call('GET', '/api/workflow/definitions', undefined, { 'x-api-key': CANARIES.header })],
    [
      'a bearer token',
      () =>
        call('GET', '/api/workflow/definitions', undefined, {
          'x-api-key': '',
          authorization: `Bearer ${CANARIES.bearer}`,
        }),
    ],
    [
      'two credentials',
      () => call('GET', '/api/workflow/definitions', undefined, { authorization: `Bearer ${CANARIES.bearer}` }),
    ],
    ['a key in the query', () => call('GET', `/api/workflow/definitions?x-api-key=${KEY}`)],
    ['a path that is not there', () => call('GET', `/api/workflow/${CANARIES.query}`)],
    ['a segment that cannot be', () => call('GET', `/api/workflow/instances/${CANARIES.query}%00`)],
    ['an unknown filter', () => call('GET', `/api/workflow/instances?${CANARIES.query}%20=${CANARIES.query}`)],
    ['broken JSON', () => call('POST', '/api/workflow/definitions/onboarding/instances', `{"a":"${CANARIES.body}"`)],
    [
      'another type',
      () =>
        call('POST', '/api/workflow/definitions/onboarding/instances', CANARIES.body, {
          'content-type': CANARIES.header,
        }),
    ],
    [
      'another coding',
      () =>
        call('POST', '/api/workflow/definitions/onboarding/instances', CANARIES.body, {
          'content-encoding': CANARIES.header,
        }),
    ],
    [
      'a body that is too large',
      () => call('POST', '/api/workflow/definitions/onboarding/instances', CANARIES.body.repeat(50_000)),
    ],
    ['another method', () => call('DELETE', '/api/workflow/definitions', CANARIES.body)],
    [
      'a broken request',
      () => raw(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nbroken ${CANARIES.header}\r\n\r\n`),
    ],
    [
      'a broken body',
      () =>
        raw(
          `POST /api/integration/flows/echo HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n${CANARIES.body}`,
        ),
    ],
    [
      'an unfinished request',
      () =>
        raw(
          `POST /api/integration/flows/echo HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nContent-Length: 900\r\n\r\n${CANARIES.body}`,
        ),
    ],
    [
      'two hosts',
      () => raw(`GET /?${CANARIES.query} HTTP/1.1\r\nHost: a\r\nHost: ${CANARIES.header}\r\nX-API-Key: ${KEY}\r\n\r\n`),
    ],
    ['TRACE', () => raw(`TRACE / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nCookie: ${CANARIES.cookie}\r\n\r\n`)],
    ['a CONNECT', () => raw(`CONNECT ${CANARIES.header}:443 HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\n\r\n`)],
  ])('I-01 I-03 I-04 does not get out by a request that is refused: %s', async (_name, send) => {
    await send();
    expect(answers).not.toMatch(INSIDE);
    expectNoLeak();
  });

  it('I-01 is in no log line, after all of them', async () => {
    await eventually(() => expect(server.stdout.split('\n').length).toBeGreaterThan(40));
    await pause(1_100); // what waits to be written is written each second
    expectNoLeak();
    expect(server.stderr).toBe('');
    for (const line of server.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(server.stdout).not.toContain('127.0.0.1:');
  });
});

describe('what anybody may ask', () => {
  it.each([
    '/health',
    '/ready',
    '/metrics',
    '/status',
    '/console',
    '/docs',
    '/openapi.json',
    '/postman.json',
    '/problems/not-found',
    '/',
    '/favicon.ico',
    '/.env',
    '/package.json',
  ])('I-05 tells of no version and of no upstream: %s', async (path) => {
    const { status, headers, text } = await plainRequest(`${server.url}${path}`, 'GET', {});
    const hosts = [sandbox.workflow.url, sandbox.integration.url, sandbox.authorizationServer.url].map(
      (url) => new URL(url).host,
    );
    const told = JSON.stringify(headers) + text;
    expect(hosts.filter((host) => told.includes(host))).toEqual([]);
    expect(JSON.stringify(headers)).not.toMatch(/express|node|undici|\d+\.\d+\.\d+/i);
    if (['/health', '/ready', '/', '/favicon.ico'].includes(path) || status >= 400)
      expect(text).not.toMatch(/\d+\.\d+\.\d+|workflow|integration|express|node\.js/i);
  });
});

describe('a correlation id of ours', () => {
  it('I-10 cannot be guessed from those before', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 50; at++) {
      const { headers } = await plainRequest(`${server.url}/health`, 'GET', {});
      ids.push(String(headers['x-correlation-id']), String(headers['traceparent']).slice(3, 35));
    }
    expect(new Set(ids).size).toBe(100);
    // Of random ids about half the hexadecimal digits are the same nowhere: no two share a long beginning.
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBeGreaterThan(98);
  });
});

describe('the doors that Node keeps', () => {
  it('I-09 opens no debugger on SIGUSR1', async () => {
    server.child.kill('SIGUSR1');
    await pause(200);
    expect((await plainRequest(`${server.url}/health`, 'GET', {})).status).toBe(200);
    expect(server.stderr).not.toContain('Debugger');
  });

  it('I-09 is started nowhere with a debugger, reports or snapshots', () => {
    for (const file of ['package.json', 'manifest.yml', 'Dockerfile', '.env.example'])
      expect(readFileSync(file, 'utf8')).not.toMatch(/--inspect|--report|--heapsnapshot|--heap-prof|NODE_OPTIONS/);
  });
});

describe('the death of the process', () => {
  /** Throws in the server what libraries throw: an error with everything in it. */
  const bomb = (throwIt: string): string => `
    setTimeout(() => {
      const error = new Error('canary-in-a-message ${KEY}\\n    at ${KEY}');
      error.options = { headers: { authorization: 'Bearer ${KEY}' }, password: '${KEY}' };
      error.cause = Object.assign(new Error('${KEY}'), { request: { headers: { 'X-API-Key': '${KEY}' } } });
      error.errors = [new Error('${KEY}')];
      error.code = '${KEY}';
      ${throwIt}
    }, 600);`;

  /** A module that is loaded before the server. */
  async function startWith(module: string): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'flowgate-'));
    folders.push(folder);
    const path = join(folder, 'bomb.mjs');
    await writeFile(path, module);
    const env = { ...upstreamEnvironment(sandbox), API_KEYS: `tester=${KEY}`, NODE_OPTIONS: `--import ${path}` };
    return startServer({ env });
  }

  it.each([
    ['uncaughtException', 'throw error;'],
    ['unhandledRejection', 'Promise.reject(error);'],
    ['unhandledRejection', `Promise.reject({ secret: '${KEY}' });`],
    ['uncaughtException', `throw '${KEY}';`],
  ])('I-07 by %s leaves one fatal line without a secret, and status 1: %s', async (event, throwIt) => {
    const doomed = await startWith(bomb(throwIt));
    await once(doomed.child, 'exit');
    await eventually(() => expect(doomed.stdout).toContain('"fatal"'));
    expect(doomed.child.exitCode).toBe(1);
    const fatal = doomed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(fatal.filter(({ level }) => level === 'fatal')).toMatchObject([{ msg: event }]);
    secrets.look('stdout', doomed.stdout);
    secrets.look('stderr', doomed.stderr);
    expect(secrets.takeLeaks()).toEqual([]);
    expect(doomed.stdout + doomed.stderr).not.toContain('canary');
  });
});

describe('an error in the log', () => {
  const canary = 'canary of an error';

  /** Written as the server writes it. */
  function logged(error: unknown): string {
    let text = '';
    createLog('info', { write: (line: string) => (text += line) }).info({ err: error, error }, 'line');
    return text;
  }

  const withEverything = (): Error =>
    Object.assign(new Error(`${canary}\n    at ${canary} (x.ts:1:1)`), {
      options: { headers: { Authorization: canary, authorization: canary, 'X-API-KEY': [canary] }, password: canary },
      response: { body: canary, headers: { 'set-cookie': [canary] } },
      request: { path: `/x?key=${canary}` },
      config: { auth: { password: canary } },
      code: canary,
      phase: canary,
      reason: canary,
      toJSON: () => ({ canary }),
      [canary]: canary,
    });

  it.each([
    ['with everything on it', withEverything()],
    ['with causes', new Error(canary, { cause: new Error(canary, { cause: withEverything() }) })],
    ['with a cause that is none', new Error(canary, { cause: { canary } })],
    ['of many', new AggregateError([withEverything(), new Error(canary)], canary)],
    ['with another name', Object.assign(new Error('x'), { name: canary })],
    ['with another stack', Object.assign(new Error('x'), { stack: `${canary}\n    at ${canary}` })],
    ['without a stack', Object.assign(new Error(canary), { stack: undefined })],
    ['that is a text', canary],
    ['that is an object', { message: canary, stack: canary }],
    ['that is a function', () => canary],
    ['that is a symbol', Symbol(canary)],
    ['that is nothing', undefined],
  ])('I-08 says only what is on the list: one %s', (_name, error) => {
    expect(logged(error)).not.toContain('canary');
  });

  it('I-08 that is its own cause ends somewhere', () => {
    const error = new Error(canary);
    error.cause = error;
    expect(logged(error)).not.toContain('canary');
  });

  it('I-08 still says where it comes from', () => {
    const error = Object.assign(new TypeError(canary), { code: 'ECONNRESET' });
    expect(safeError(error)).toMatchObject({
      name: 'TypeError',
      code: 'ECONNRESET',
      at: expect.arrayContaining([expect.stringContaining('i-leaks.test')]),
    });
  });
});
