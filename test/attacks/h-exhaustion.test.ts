import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { RouteTable } from '../../src/app/route-table.ts';
import { Callers } from '../../src/callers/callers.ts';
import { Concurrency } from '../../src/callers/concurrency.ts';
import { Grants } from '../../src/callers/grants.ts';
import { WebOrigins } from '../../src/callers/web-origins.ts';
import { Transport } from '../../src/forward/transport.ts';
import { ServiceClient } from '../../src/services/service-client.ts';
import { RequestRecord } from '../../src/telemetry/request-record.ts';
import { attack, ECHO, message, post, requestLines, START, STREAM, TARGETS, withKey } from '../support/attack.ts';
import { eventually } from '../support/eventually.ts';
import { liveMemory } from '../support/live-memory.ts';
import { useFlowgate, withFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';

/**
 * H. Exhaustion: whoever is slow, many, or gone costs little, and nobody else. Limits of callers (H-05, H-06) and of
 * memory (H-15) have files of their own among the tests of callers, of forwarding and of the ledger.
 */

const stack = useFlowgate({
  ...TARGETS,
  http: { headersMs: 250, checkEveryMs: 50, stallMs: 300 },
});

const connections: RawConnection[] = [];

async function open(port = stack.port): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  connections.push(connection);
  return connection;
}

afterEach(async () => {
  jest.restoreAllMocks();
  for (const connection of connections.splice(0)) connection.destroy();
  await noConnections();
});

/** Connections are gone a moment after they were closed. */
async function noConnections(): Promise<void> {
  for (let again = 0; again < 200; again++) {
    // One may be kept by the pool of fetch.
    if ((await stack.openConnections()) <= 1) return;
    await pause(10);
  }
  throw new Error('connections stay open');
}

describe('a slow client', () => {
  it.each([
    ['not at all', ''],
    ['half a request line', 'GET /hea'],
    ['half a header', 'GET /health HTTP/1.1\r\nHost: a'],
    ['all but the last line', 'GET /health HTTP/1.1\r\nHost: a\r\n'],
    ['empty lines', '\r\n\r\n'],
  ])('H-01 that sends its head %s is cut off with a 408', async (_name, bytes) => {
    const connection = await open();
    connection.write(bytes);
    const answer = await connection.answer();
    expect([answer?.status, answer?.body.length]).toEqual([408, 0]);
    await connection.closed();
    await eventually(() => expect(requestLines(stack)).toHaveLength(bytes === '' ? 0 : 1));
  });

  it('H-01 that goes on byte by byte is cut off as well', async () => {
    const connection = await open();
    connection.write('GET /health HTTP/1.1\r\n');
    const drip = setInterval(() => connection.write('a'), 20);
    expect((await connection.answer())?.status).toBe(408);
    clearInterval(drip);
  });

  it('H-01 is cut off on its second request, too, and without harm to the first', async () => {
    const connection = await open();
    connection.write(`${message('GET /health')}GET /health HTTP/1.1\r\nHo`);
    expect((await connection.answer())?.status).toBe(200);
    expect((await connection.answer())?.status).toBe(408);
  });

  it('H-02 that sends its JSON body slowly is cut off after ten seconds', async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: [...EVERYTHING_BUT_TIMEOUTS] });
    try {
      const connection = await open();
      connection.write(withKey(`POST ${START}`, ['Content-Type: application/json', 'Content-Length: 100'], '{"a":'));
      await eventuallyReal(() => expect(jest.getTimerCount()).toBeGreaterThan(1));
      await jest.advanceTimersByTimeAsync(9_000);
      connection.write('1,');
      await new Promise((resolve) => setImmediate(resolve));
      expect(connection.pending).toHaveLength(0);
      await jest.advanceTimersByTimeAsync(1_100);
      jest.useRealTimers();
      const answer = await connection.answer();
      expect([answer?.status, JSON.parse(String(answer?.body))]).toMatchObject([400, { code: 'invalid-body' }]);
      await connection.closed();
    } finally {
      jest.useRealTimers();
    }
  });

  it('H-02 that sends the body of a flow slowly is cut off at the deadline of the flow', async () => {
    const { answer, hits, isClosed } = await attack(
      stack,
      withKey('POST /api/integration/flows/small', ['Content-Length: 100'], 'some'),
    );
    expect([answer.status, hits, isClosed]).toEqual([400, 0, true]);
  });

  it('H-02 that nobody knows does not get to send its body at all', async () => {
    const { answer, isClosed } = await attack(stack, message(`POST ${ECHO}`, ['Content-Length: 100'], 'some'));
    expect([answer.status, isClosed]).toEqual([401, true]);
  });

  it('H-03 that does not take its answer is cut off', async () => {
    const body = `{"id":"1","definitionId":"onboarding","status":"RUNNING","x":"${'x'.repeat(7 * 1024 * 1024)}"}`;
    const headers = { 'Content-Type': 'application/json' };
    stack.sandbox.control.answer({ upstream: 'workflow', status: 201, headers, body });
    const connection = await open();
    connection.stopReading();
    connection.write(post(START));
    await eventually(() => expect(requestLines(stack)).toMatchObject([{ msg: 'request aborted' }]), 5_000);
  });
});

describe('many connections', () => {
  it('H-04 that are idle beyond the limit are closed at once; the others are served', async () => {
    await withFlowgate({ ...TARGETS, http: { maxConnections: 20 } }, async (own) => {
      const kept: RawConnection[] = [];
      for (let at = 0; at < 20; at++) kept.push(await open(own.port));
      const further = [await open(own.port), await open(own.port)];
      await Promise.all(further.map((connection) => connection.closed()));
      for (const connection of [kept[0], kept[19]]) {
        connection?.write(message('GET /health'));
        expect((await connection?.answer())?.status).toBe(200);
      }
      expect(own.logLines.filter(({ msg }) => String(msg).startsWith('too many connections'))).toHaveLength(1);
    });
  });

  it('H-04 by the thousand do not keep others from being served', async () => {
    await withFlowgate(TARGETS, async (own) => {
      const idle = await Promise.all(Array.from({ length: 3_000 }, () => RawConnection.open(own.port)));
      expect((await own.get('/health')).status).toBe(200);
      expect((await own.get('/api/workflow/definitions')).status).toBe(200);
      expect(idle.filter(({ isClosed }) => isClosed)).toEqual([]);
      for (const connection of idle) connection.destroy();
    });
  });
});

describe('clients that leave', () => {
  it('H-07 at any moment leave nothing behind', async () => {
    await withFlowgate(TARGETS, async (own) => {
      own.sandbox.control.slow({ upstream: 'authorizationServer', ms: 100 });
      own.sandbox.control.slow({ upstream: 'workflow', ms: 50 });
      const requests = [
        withKey('GET /api/workflow/definitions'),
        post(START),
        withKey(`POST ${STREAM}`, ['Transfer-Encoding: chunked'], `100000\r\n${'x'.repeat(50_000)}`),
        post(STREAM, [], 'x'.repeat(500_000)),
        post(ECHO),
      ];
      const leave = async (at: number) => {
        const connection = await RawConnection.open(own.port);
        connection.write(requests[at % requests.length] ?? '');
        await pause((at * 7) % 200);
        connection.reset();
      };
      for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 50 }, (_, at) => leave(at)));
      await eventually(() => {
        const { openSockets } = own.sandbox.control.counters();
        // Each upstream may keep idle connections of ours for a while, and no more.
        expect(openSockets.workflow + openSockets.integration).toBeLessThanOrEqual(2 * 64);
      });
      await own.sandbox.control.reset();
      expect((await own.get('/api/workflow/definitions')).status).toBe(200);
      expect((await own.post(ECHO, '{}')).status).toBe(200);
      const codes = new Set(requestLines(own).map(({ code }) => code));
      expect([...codes].filter((code) => code !== undefined && code !== 'overloaded')).toEqual([]);
    });
  });
});

describe('HTTP/2', () => {
  it('H-10 is not spoken', async () => {
    const { answer, isClosed } = await attack(stack, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    expect([answer.status, isClosed]).toEqual([400, true]);
  });
});

describe('a log that nobody reads', () => {
  it('H-12 does not use up the memory: what is too much is lost', async () => {
    const script = `
      import { createLog } from ${JSON.stringify(new URL('../../src/telemetry/log.ts', import.meta.url).href)};
      const log = createLog('info');
      const text = 'x'.repeat(1000);
      for (let mb = 0; mb < 200; mb++) {
        for (let line = 0; line < 1000; line++) log.info({ text }, 'line');
        await new Promise((resolve) => setImmediate(resolve));
      }
      process.stderr.write(String(process.memoryUsage().rss));`;
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rss = '';
    child.stderr.on('data', (chunk: Buffer) => (rss += chunk.toString()));
    await once(child.stderr, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(Number(rss)).toBeGreaterThan(1024 * 1024);
    expect(Number(rss) / 1024 / 1024).toBeLessThan(150);
  });
});

describe('a fault of our own', () => {
  const fault = () => {
    throw new Error('canary of a fault\n    at canary (canary.ts:1:1)');
  };
  const rejection = () => Promise.reject(new Error('canary of a fault'));

  it.each([
    [
      'before anything is known',
      () => jest.spyOn(RequestRecord.prototype, 'writeWhenDone').mockImplementation(fault),
      0,
    ],
    ['when headers are set', () => jest.spyOn(WebOrigins.prototype, 'letRead').mockImplementation(fault), 1],
    [
      'when origins are checked',
      () => jest.spyOn(WebOrigins.prototype, 'refuseForeignWrite').mockImplementation(fault),
      1,
    ],
    [
      'when a preflight is looked for',
      () => jest.spyOn(WebOrigins.prototype, 'answerPreflight').mockImplementation(fault),
      1,
    ],
    [
      'when the caller is asked for',
      () => jest.spyOn(Callers.prototype, 'authenticate').mockImplementation(rejection),
      1,
    ],
    ['when the route is looked for', () => jest.spyOn(RouteTable.prototype, 'find').mockImplementation(fault), 1],
    ['when grants are checked', () => jest.spyOn(Grants.prototype, 'allowsRoute').mockImplementation(fault), 1],
    ['when places are taken', () => jest.spyOn(Concurrency.prototype, 'enter').mockImplementation(fault), 1],
    ['when the service is called', () => jest.spyOn(ServiceClient.prototype, 'call').mockImplementation(rejection), 1],
    ['when the request is sent', () => jest.spyOn(Transport.prototype, 'send').mockImplementation(fault), 1],
  ] as const)('H-14 %s is a 500 without its text, and the process lives', async (_name, sabotage, lines) => {
    const broken = sabotage();
    const connection = await open();
    connection.write(post(START));
    const answer = await connection.answer();
    expect(answer?.headers.get('content-type')).toEqual(['application/problem+json']);
    expect([answer?.status, JSON.parse(String(answer?.body))]).toMatchObject([500, { code: 'internal' }]);
    broken.mockRestore();
    await eventually(() => expect(requestLines(stack)).toHaveLength(lines));
    const text = JSON.stringify(stack.logLines) + String(answer?.body);
    expect(text).not.toContain('canary');
    expect((await stack.post(START, '{}')).status).toBe(201);
  });
});

describe('a long time', () => {
  it('H-16 in short: after thousands of requests nothing has grown', async () => {
    const connection = await open();
    const visit = async (times: number): Promise<number> => {
      for (let at = 0; at < times; at++) {
        connection.write(
          at % 4 === 0 ? message('GET /api/nowhere') : at % 2 === 0 ? post(ECHO) : withKey('GET /health'),
        );
        await connection.answer();
        stack.logLines.length = 0;
      }
      return liveMemory().heapUsed;
    };
    const before = await visit(1_500);
    const resources = process.getActiveResourcesInfo().length;
    const after = await visit(3_000);
    expect((after - before) / 1024 / 1024).toBeLessThan(3);
    expect(process.getActiveResourcesInfo().length - resources).toBeLessThan(10);
  });
});

/** Node's own timers stay real, and so does what measures time. */
const EVERYTHING_BUT_TIMEOUTS = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
] as const;

async function eventuallyReal(expectation: () => void): Promise<void> {
  for (let again = 0; again < 1_000; again++) {
    try {
      expectation();
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  expectation();
}
