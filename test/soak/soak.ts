/**
 * A long run at half load: the production build as a process of its own, in front of a sandbox whose tokens live for 30
 * seconds. Looks for what grows. `npm run soak` runs for twenty minutes; `npm run soak -- --minutes 2` for two; with
 * `--redis` there is a Redis. Prints a line of figures per minute, then all of them as a table in Markdown, and ends with
 * status 1 when something was not as it should be.
 */
import { Agent } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { upstreamEnvironment } from '../../sandbox/flowgate-environment.ts';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import { writeConfigFile } from '../support/config-folder.ts';
import { plainRequest } from '../support/plain-request.ts';
import { PrometheusText } from '../support/prometheus-text.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startServer } from '../support/server-process.ts';
import { countOf, sendOne, wrongOf, type Tally } from './soak-requests.ts';
import { lineOf, printReport, type Sample } from './soak-report.ts';

const KEY = 'soak-key-0123456789abcdef';
const TOKEN_LIFE_S = 30;
const CLIENTS = 32;
/** As an instance of 256 MB would have it; with more, V8 lets garbage lie. */
const HEAP_MB = 128;
const CALIBRATION_MS = 10_000;
/** Requests that are under way at the end get so long to end, and idle connections to be closed. */
const SETTLE_MS = 6_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    redis: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes takes a number');

const sandbox = await startSandbox({ tokenLifeSeconds: TOKEN_LIFE_S });
const redis = values.redis ? await RedisServer.start() : undefined;
const config = await writeConfigFile(
  `callers: { soak: { apiKeys: [${KEY}], allow: ["* /api/**", "GET /metrics"] } }\n`,
);
const server = await (
  await startServer({
    nodeOptions: [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=16'], // the second as npm start has it
    entry: 'dist/server.js',
    env: {
      ...upstreamEnvironment(sandbox),
      ...redis?.env,
      FLOWGATE_CONFIG: config.path,
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    },
  })
).ready();

const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
const target = { url: server.url, apiKey: KEY, agent };
try {
  const capacity = await calibrate();
  process.stdout.write(
    `${availableParallelism()} cores; ${Math.round(capacity)} requests/s at most, half of it from now on\n`,
  );
  const tokensBefore = tokenRequests();
  const { tally, samples } = await load(capacity / 2);
  const tokens = { requests: tokenRequests() - tokensBefore, lifeSeconds: TOKEN_LIFE_S };
  process.exitCode = printReport({ minutes, tally, samples, tokens, log: server.stdout }) ? 0 : 1;
} finally {
  agent.destroy();
  await server.stop();
  await sandbox.close();
  await redis?.close();
  await config.remove();
}

/** What all clients get done when each sends its next request at once, per second. */
async function calibrate(): Promise<number> {
  const tally: Tally = new Map();
  const endMs = performance.now() + CALIBRATION_MS;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() < endMs) await sendOne(target, tally);
    }),
  );
  return countOf(tally) / (CALIBRATION_MS / 1000);
}

/** Sends so many requests per second, whether the ones before are answered or not. */
async function load(perSecond: number): Promise<{ tally: Tally; samples: Sample[] }> {
  const tally: Tally = new Map();
  const samples: Sample[] = [];
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  // One a minute; of a shorter run enough to see something.
  const sampleEveryMs = Math.min(60_000, (minutes * 60_000) / 10);
  let sent = 0;
  let nextSampleMs = startMs + sampleEveryMs;
  const takeSample = async (): Promise<void> => {
    const taken = await sample(startMs, tally, latencies.splice(0));
    samples.push(taken);
    process.stdout.write(`${lineOf(taken)}\n`);
  };
  while (performance.now() < endMs) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (; sent < due; sent++) void sendOne(target, tally).then((ms) => latencies.push(ms));
    if (performance.now() >= nextSampleMs) {
      nextSampleMs += sampleEveryMs;
      await takeSample();
    }
    await delay(5);
  }
  await takeSample();
  await delay(SETTLE_MS);
  return { tally, samples };
}

async function sample(startMs: number, tally: Tally, latencies: number[]): Promise<Sample> {
  latencies.sort((one, other) => one - other);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  const { files, sockets } = await server.openFiles();
  return {
    minute: (performance.now() - startMs) / 60_000,
    requests: countOf(tally),
    wrong: wrongOf(tally).reduce((sum, [, times]) => sum + times, 0),
    residentMb: await server.residentMegabytes(),
    heapMb: await heapMegabytes(),
    files,
    sockets,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

async function heapMegabytes(): Promise<number> {
  const { text } = await plainRequest(`${server.url}/metrics`, 'GET', { 'x-api-key': KEY });
  return (new PrometheusText(text).value('nodejs_heap_size_used_bytes') ?? NaN) / (1024 * 1024);
}

function tokenRequests(): number {
  const counts = Object.values(sandbox.control.counters().requests.authorizationServer);
  return counts.reduce((sum, one) => sum + one, 0);
}
