/**
 * A long run at half load: Flowgate as a process of its own, in front of a sandbox whose tokens live for 30 seconds.
 * Looks for what grows. `npm run soak` runs for twenty minutes; `npm run soak -- --minutes 2` for two.
 */
import { readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { upstreamEnvironment } from '../../sandbox/flowgate-environment.ts';
import { startSandbox } from '../../sandbox/start-sandbox.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { sendOne, type Tally } from './soak-requests.ts';
import { printReport, type Sample } from './soak-report.ts';

const KEY = 'soak-key-0123456789abcdef';
const TOKEN_LIFE_S = 30;
const CLIENTS = 32;
/** As an instance of 256 MB would have it; with more, V8 lets garbage lie. */
const HEAP_MB = 128;
const CALIBRATION_MS = 10_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    redis: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);

const sandbox = await startSandbox({ tokenLifeSeconds: TOKEN_LIFE_S });
const redis = values.redis ? await RedisServer.start() : undefined;
const server = await (
  await startServer({
    env: {
      ...upstreamEnvironment(sandbox),
      ...redis?.env,
      API_KEYS: `soak=${KEY}`,
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
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
  sandbox.control.counters();
  const { tally, samples } = await load(capacity / 2);
  const ok = printReport({ minutes, tally, samples, tokenRequests: tokenRequests(), tokenLifeSeconds: TOKEN_LIFE_S });
  process.exitCode = ok ? 0 : 1;
} finally {
  agent.destroy();
  await server.stop();
  await sandbox.close();
  await redis?.close();
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
  return count(tally) / (CALIBRATION_MS / 1000);
}

/** Sends so many requests per second, whether the ones before are answered or not. */
async function load(perSecond: number): Promise<{ tally: Tally; samples: Sample[] }> {
  const tally: Tally = new Map();
  const samples: Sample[] = [];
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  const sampleEveryMs = Math.max(2_000, (minutes * 60_000) / 60);
  let sent = 0;
  let nextSampleMs = startMs + sampleEveryMs;
  while (performance.now() < endMs) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (; sent < due; sent++) void sendOne(target, tally).then((ms) => latencies.push(ms));
    if (performance.now() >= nextSampleMs) {
      nextSampleMs += sampleEveryMs;
      samples.push(await sample(startMs, count(tally), latencies.splice(0)));
    }
    await delay(5);
  }
  await delay(2_000);
  return { tally, samples };
}

async function sample(startMs: number, requests: number, latencies: number[]): Promise<Sample> {
  latencies.sort((one, other) => one - other);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    seconds: (performance.now() - startMs) / 1000,
    requests,
    residentMb: await server.residentMegabytes(),
    openFiles: await openFiles(server),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

async function openFiles({ child }: ServerProcess): Promise<number> {
  return (await readdir(`/proc/${child.pid ?? 0}/fd`)).length;
}

function tokenRequests(): number {
  const counts = Object.values(sandbox.control.counters().requests.authorizationServer);
  return counts.reduce((sum, one) => sum + one, 0);
}

function count(tally: Tally): number {
  return [...tally.values()].reduce((sum, one) => sum + one, 0);
}
