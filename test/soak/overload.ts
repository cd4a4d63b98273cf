/**
 * Load at three times capacity: what Flowgate still gets done, and how soon it is itself again. Starts the production
 * build with its default limits in front of an upstream that takes 20 ms. `npm run overload` overloads it for thirty
 * seconds; `npm run overload -- --seconds 5` for five. Ends with status 1 when the goodput, the answers with 201 per
 * second, falls below 80 % of its peak, or is not back within five seconds.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { Counting, goodput, secondsUntil, type Phase } from './counting.ts';
import { LoadClient, NO_ANSWER } from './load-client.ts';

const KEY = 'overload-key-0123456789abcdef';
/** Closed loop: so many clients, each of which sends its next request when it has its answer. */
const CLIENTS = [32, 48, 64];
const PEAK_SECONDS = 4;
const OVERLOAD = 3;
/** After the overload, as a share of the peak. */
const NORMAL = 0.5;
const NORMAL_SECONDS = 10;
/** Goodput is back when so much of what is sent is answered with 201. */
const BACK = 0.95;
/** Fewer than the server takes (`maxConnections`). */
const MAX_CONNECTIONS = 3_000;
const TICK_MS = 4;
/** Idle connections to the upstream are closed after four seconds. */
const SETTLE_MS = 6_000;

const LEAST_RATIO = 0.8;
const LONGEST_RETURN_S = 5;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
const seconds = Number(values.seconds);
if (!(seconds >= 1)) throw new Error('--seconds takes a number from 1 on');

const upstream = fork(new URL('slow-upstream.ts', import.meta.url));
const [upstreamPort] = (await once(upstream, 'message')) as [number];
const server = await (
  await startServer({
    nodeOptions: ['--max-semi-space-size=16'], // as npm start has it
    entry: 'dist/server.js',
    stdout: 'ignore', // its log is written as always, and read by nobody here
    env: { WORKFLOW_SERVICE_KEY: serviceKey(upstreamPort), API_KEYS: `load=${KEY}`, NODE_ENV: 'production' },
  })
).ready();
try {
  process.exitCode = (await run(server)) ? 0 : 1;
} finally {
  await server.stop();
  upstream.disconnect();
}

/** @returns whether Flowgate stood it */
async function run(server: ServerProcess): Promise<boolean> {
  const peak = await peakGoodput();
  await delay(SETTLE_MS);
  const before = await usage(server);
  const cpuBefore = await server.cpuSeconds();
  const [overload, during] = await Promise.all([
    openLoop(peak * OVERLOAD, seconds),
    delay(seconds * 500).then(() => usage(server)),
  ]);
  const cores = ((await server.cpuSeconds()) - cpuBefore) / seconds;
  const normal = await openLoop(peak * NORMAL, NORMAL_SECONDS);
  await delay(SETTLE_MS);
  const after = await usage(server);

  const ratio = goodput(overload) / peak;
  const backAfterS = secondsUntil(normal, peak * NORMAL * BACK);
  const isGood = ratio >= LEAST_RATIO && backAfterS <= LONGEST_RETURN_S;
  print([
    ['peak goodput, closed loop', `${peak.toFixed(0)}/s`],
    ['offered in the overload', `${(peak * OVERLOAD).toFixed(0)}/s for ${seconds} s`],
    ['answers in the overload', answersOf(overload)],
    [`not sent, all ${MAX_CONNECTIONS} connections being busy`, String(overload.unsent)],
    ['goodput in the overload', `${goodput(overload).toFixed(0)}/s, ${(ratio * 100).toFixed(0)} % of the peak`],
    [
      `goodput back, at ${NORMAL * 100} % of the peak`,
      Number.isFinite(backAfterS) ? `after ${backAfterS} s` : 'not at all',
    ],
    ['processor time in the overload', `${(cores * 100).toFixed(0)} % of a core`],
    ['resident memory before, in, after', `${before.residentMb} MB, ${during.residentMb} MB, ${after.residentMb} MB`],
    ['open sockets before, in, after', `${before.sockets}, ${during.sockets}, ${after.sockets}`],
    ['verdict', isGood ? 'passed' : 'FAILED'],
  ]);
  return isGood;
}

/** How often each status came. */
function answersOf({ statuses }: Phase): string {
  const sorted = [...statuses].sort(([one], [other]) => one - other);
  return sorted.map(([status, times]) => `${status === NO_ANSWER ? 'none' : status}: ${times}`).join(', ');
}

/** The best that any number of clients gets, per second, when the code is warm. */
async function peakGoodput(): Promise<number> {
  await closedLoop(CLIENTS[0] ?? 1, PEAK_SECONDS);
  let best = 0;
  for (const clients of CLIENTS) best = Math.max(best, goodput(await closedLoop(clients, PEAK_SECONDS)));
  return best;
}

async function closedLoop(clients: number, seconds: number): Promise<Phase> {
  const counting = new Counting(seconds);
  const client = newClient();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (!counting.isOver) await counting.note(client.send());
    }),
  );
  client.close();
  return counting.phase();
}

/** Sends so many requests per second, whether the ones before are answered or not. */
async function openLoop(perSecond: number, seconds: number): Promise<Phase> {
  const counting = new Counting(seconds);
  const client = newClient();
  for (let sent = 0; !counting.isOver; await delay(TICK_MS)) {
    const due = Math.floor((counting.elapsedMs / 1000) * perSecond);
    for (; sent < due; sent++) void counting.note(client.send());
  }
  const phase = counting.phase();
  client.close();
  return phase;
}

function newClient(): LoadClient {
  const body = JSON.stringify({ employee: 'Ada', note: 'x'.repeat(470) });
  const head = [
    'POST /api/workflow/definitions/onboarding/instances HTTP/1.1',
    `host: 127.0.0.1:${server.port}`,
    `x-api-key: ${KEY}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  const request = `${head.join('\r\n')}\r\n\r\n${body}`;
  return new LoadClient({ port: server.port, request, maxConnections: MAX_CONNECTIONS });
}

async function usage(server: ServerProcess): Promise<{ residentMb: string; sockets: number }> {
  const { sockets } = await server.openFiles();
  return { residentMb: (await server.residentMegabytes()).toFixed(0), sockets };
}

function serviceKey(port: number): string {
  const origin = `http://127.0.0.1:${port}`;
  const uaa = { url: origin, clientid: 'load', clientsecret: 'a-secret-0123456789' };
  return JSON.stringify({ endpoints: { workflow_rest_url: `${origin}/v1` }, uaa });
}

/** As a table in Markdown. */
function print(rows: readonly (readonly [string, string])[]): void {
  const lines = [['what', 'figure'], ['---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
