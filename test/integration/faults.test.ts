/**
 * The fault matrix: what goes wrong × where × whether the caller stays. Whatever happens, a start arrives at most once,
 * the caller is told the truth, no socket stays behind, there is one log line, and the process lives.
 */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { freePort } from '../support/free-port.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import {
  answer,
  answerWithRawBytes,
  neverAnswer,
  RawUpstream,
  resetAfterRequest,
  resetBeforeHead,
  shortContentLength,
  type Behaviour,
} from '../support/raw-upstream.ts';
import { makeCertificate } from '../support/test-certificate.ts';

/** A server with a fault. */
interface Faulty {
  readonly origin: string;
  readonly hits: () => number;
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
}

/** Status, code and how many requests arrived at most; `broken`: the answer had begun, and its connection is reset. */
type Expected = readonly [status: number | 'broken', code: string | undefined, hits: number];

interface Fault {
  readonly name: string;
  readonly make: () => Promise<Faulty>;
  readonly start: Expected;
  readonly flow: Expected;
}

const NOT_HELD: Expected = [502, 'upstream-unreachable', 0];
const UNKNOWN: Expected = [502, 'outcome-unknown', 1];
const UNKNOWN_LATE: Expected = [504, 'outcome-unknown', 1];
const BROKEN: Expected = ['broken', undefined, 1];

const faults: readonly Fault[] = [
  { name: 'refuses connections', make: refusing, start: NOT_HELD, flow: NOT_HELD },
  { name: 'takes connections and says nothing (TLS)', make: blackHole, start: NOT_HELD, flow: NOT_HELD },
  { name: 'has a certificate that is not to be trusted', make: untrusted, start: NOT_HELD, flow: NOT_HELD },
  { name: 'resets when it has the head', make: scripted(resetBeforeHead()), start: UNKNOWN, flow: UNKNOWN },
  { name: 'resets when it has the request', make: scripted(resetAfterRequest()), start: UNKNOWN, flow: UNKNOWN },
  { name: 'never answers', make: scripted(neverAnswer()), start: UNKNOWN_LATE, flow: UNKNOWN_LATE },
  { name: 'stalls in its answer', make: scripted(stallInBody()), start: UNKNOWN_LATE, flow: BROKEN },
  {
    name: 'sends less than it says',
    make: scripted(shortContentLength(100, '{"id":')),
    start: UNKNOWN,
    flow: BROKEN,
  },
  {
    name: 'fails',
    make: scripted(answer(500, { 'content-type': 'text/plain' }, 'java.lang.Error')),
    start: [502, 'upstream-failed', 1],
    flow: [502, 'flow-failed', 1],
  },
  {
    name: 'answers with a web page',
    make: scripted(answer(200, { 'content-type': 'text/html' }, '<html>Log on</html>')),
    start: [502, 'upstream-protocol-error', 1],
    flow: [200, undefined, 1],
  },
  {
    name: 'redirects',
    make: scripted(answer(302, { location: 'http://127.0.0.1:9/elsewhere' })),
    start: [502, 'upstream-redirected', 1],
    flow: [502, 'upstream-redirected', 1],
  },
];

type Target = 'token' | 'start' | 'flow';

interface Row {
  readonly name: string;
  readonly service: string;
  readonly target: Target;
  readonly stays: boolean;
  readonly expected: Expected;
  readonly faulty: Faulty;
  /** The service behind, where the fault is before it. */
  readonly behind: RawUpstream | undefined;
}

const TARGETS: readonly Target[] = ['token', 'start', 'flow'];
const rows: Row[] = [];
const answers = new Map<string, PlainAnswer | 'broken'>();
let tokens: FakeTokenServer;
let bare: BareFlowgate;

beforeAll(async () => {
  tokens = await FakeTokenServer.start();
  for (const fault of faults)
    for (const target of TARGETS) for (const stays of [true, false]) await addRow(fault, target, stays);
  bare = await BareFlowgate.start({
    file: `services:\n${rows.map(serviceEntry).join('\n')}\nlimits: { perService: 4 }\n`,
  });
  await Promise.all(rows.map(run));
}, 30_000);

afterAll(async () => {
  await bare.stop();
  await tokens.stop();
  for (const { faulty, behind } of rows) {
    await faulty.close();
    await behind?.close();
  }
});

async function addRow(fault: Fault, target: Target, stays: boolean): Promise<void> {
  const faulty = await fault.make();
  const behind =
    target === 'token'
      ? await RawUpstream.start(answer(201, { 'content-type': 'application/json' }, '{"id":"1"}'))
      : undefined;
  const where = { token: 'the authorization server', start: 'a workflow start', flow: 'a streamed flow' }[target];
  const expected: Expected = target === 'token' ? [503, 'token-unavailable', 0] : fault[target];
  const name = `${where}: ${fault.name}, and the caller ${stays ? 'stays' : 'leaves'}`;
  rows.push({ name, service: `s${rows.length}`, target, stays, expected, faulty, behind });
}

function serviceEntry({ service, target, faulty, behind }: Row): string {
  const url = behind?.origin ?? faulty.origin;
  const tokenUrl = target === 'token' ? `${faulty.origin}/oauth/token` : tokens.url;
  const token = `token: { url: '${tokenUrl}', clientId: ${service}, clientSecret: a-secret-of-${service}-0123 }`;
  return target === 'flow'
    ? `  ${service}: { kind: sap-integration, url: '${url}', ${token}, flows: { flow: { address: /http/flow, csrf: off } } }`
    : `  ${service}: { kind: sap-workflow, url: '${url}', ${token} }`;
}

async function run(row: Row): Promise<void> {
  const path = row.target === 'flow' ? 'flows/flow' : 'definitions/onboarding/instances';
  const url = `${bare.url}/api/${row.service}/${path}`;
  const headers = { 'x-api-key': BARE_KEY, 'content-type': 'application/json', prefer: 'wait=1' };
  if (row.stays)
    answers.set(row.service, await plainRequest(url, 'POST', headers, '{}').catch(() => 'broken' as const));
  else await leave(url, headers);
}

/** Sends the whole request, and is gone before there can be an answer. */
async function leave(url: string, headers: Record<string, string>): Promise<void> {
  const request = httpRequest(url, { method: 'POST', headers });
  request.on('error', () => {});
  const closed = new Promise((resolve) => request.once('close', resolve));
  await new Promise<void>((resolve) => request.end('{}', () => resolve()));
  await delay(2);
  request.destroy();
  await closed;
}

const table = faults.flatMap((fault) =>
  TARGETS.flatMap((target) =>
    [true, false].map((stays) => {
      const where = { token: 'the authorization server', start: 'a workflow start', flow: 'a streamed flow' }[target];
      return `${where}: ${fault.name}, and the caller ${stays ? 'stays' : 'leaves'}`;
    }),
  ),
);

describe.each(table)('%s', (name) => {
  const rowOf = (): Row => {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw new Error('no such row');
    return row;
  };

  it('tells the truth, and once', () => {
    const { service, stays, expected } = rowOf();
    if (!stays) return;
    const [status, code] = expected;
    const got = answers.get(service);
    if (status === 'broken') {
      expect(got).toBe('broken');
      return;
    }
    const json = typeof got === 'object' ? got.json : undefined;
    expect(got).toMatchObject({ status });
    if (code !== undefined) expect(json).toMatchObject({ code, service });
    if (code === 'outcome-unknown') expect(json).toMatchObject({ retryable: false });
  });

  it('lets the service see it once at most, and leaves no connection behind', async () => {
    const { expected, faulty, behind, stays } = rowOf();
    const [, , most] = expected;
    const hits = behind?.requests.length ?? faulty.hits();
    if (stays) expect(hits).toBe(most);
    else expect(hits).toBeLessThanOrEqual(most);
    // A connection that is in order may be used again for four seconds.
    await eventually(() => expect(faulty.openSockets()).toBeLessThanOrEqual(1));
  });

  it('writes one log line, which says how far it came where nobody knows the outcome', async () => {
    const { service, stays, expected } = rowOf();
    await eventually(() => {
      const lines = bare.logLines.filter((line) => line['service'] === service && line['method'] === 'POST');
      expect(lines).toHaveLength(1);
      if (!stays || expected[1] !== 'outcome-unknown') return;
      expect(lines[0]?.['err']).toMatchObject({ name: 'TransportFailure', phase: expect.stringMatching(/^answer-/) });
    });
  });
});

describe('after all of it', () => {
  it('the process lives, and no caller hangs', async () => {
    expect((await plainRequest(`${bare.url}/health`, 'GET')).status).toBe(200);
    await eventually(() => expect(bare.openSockets).toBe(0));
  });

  it('no text of an upstream has reached anybody', () => {
    const texts = [...answers.values()].map((one) => (one === 'broken' ? '' : one.text));
    expect(texts.join('\n')).not.toContain('java.lang');
    expect(JSON.stringify(bare.logLines)).not.toContain('java.lang');
  });

  it('Flowgate has closed every connection when it is closed, token requests within their five seconds', async () => {
    await bare.flowgate.close();
    await eventually(() => {
      const open = rows.reduce((sum, { faulty, behind }) => sum + faulty.openSockets() + (behind?.openSockets ?? 0), 0);
      expect(open).toBe(0);
    }, 6_000);
  });
});

function scripted(behaviour: Behaviour): () => Promise<Faulty> {
  return async () => faultyOf(await RawUpstream.start(behaviour));
}

function faultyOf(upstream: RawUpstream): Faulty {
  return {
    origin: upstream.origin,
    hits: () => upstream.requests.length,
    openSockets: () => upstream.openSockets,
    close: () => upstream.close(),
  };
}

async function untrusted(): Promise<Faulty> {
  return faultyOf(await RawUpstream.startTls(makeCertificate()));
}

async function refusing(): Promise<Faulty> {
  const port = await freePort();
  return { origin: `http://127.0.0.1:${port}`, hits: () => 0, openSockets: () => 0, close: () => Promise.resolve() };
}

/** Takes connections, and never says a word: a TLS handshake with it has no end. */
async function blackHole(): Promise<Faulty> {
  const sockets = new Set<Socket>();
  const server: NetServer = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `https://127.0.0.1:${port}`,
    hits: () => 0,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function stallInBody(): Behaviour {
  return answerWithRawBytes('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id":', {
    keepOpen: true,
  });
}
