import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configurations } from './configurations.ts';
import { FLOOD_FACTOR, measureFlood } from './flood.ts';
import { Issuer } from './issuer.ts';
import { measureTokenPath, type TokenPath } from './token-path.ts';
import { nodePeers, startFlowgate, startNginx, startNodePeer, type Proxy } from './proxies.ts';
import { chart, markdown, type Report, type Row } from './report.ts';
import {
  medianSample,
  measure,
  sendEvenly,
  type Latencies,
  median,
  stream,
  type LoadScenario,
  type Sample,
} from './scenarios.ts';
import { hasCommand } from './machine.ts';
import { TokenServer } from './token-server.ts';
import { startSink, startUpstream } from './upstream.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  process.stdout.write(
    'npm run bench [-- --quick] [--only start|list|flow-10mb|stream|rate|copies|callers|flood|tokens]\n',
  );
  process.exit(0);
}

const ROUNDS = options.quick ? 1 : 3;
const SECONDS = options.quick ? 2 : 4;
/** A larger program takes longer until it is compiled as far as it will be. */
const WARM_UP_SECONDS = options.quick ? 3 : 6;
const folder = import.meta.dirname;

prepare();
const upstream = await startUpstream();
const tokens = await TokenServer.start();
const report: Report = { upstream: upstream.kind, node: process.version, tables: [], streams: [], notes: [] };
try {
  if (wanted('start'))
    report.tables.push({
      title: 'Start of an instance, 0.5 KB in, 0.25 KB out, 64 connections',
      rows: await compare('start', allProxies),
    });
  if (wanted('list'))
    report.tables.push({ title: 'List of 100 KB, 64 connections', rows: await compare('list', fastProxies) });
  if (wanted('flow-10mb'))
    report.tables.push({
      title: 'Flow that answers 10 MB, 4 connections',
      rows: await compare('flow-10mb', fastProxies),
    });
  if (wanted('stream')) await compareStreams();
  if (wanted('rate')) await addedLatency();
  if (wanted('copies')) await costOfCopies();
  if (wanted('callers')) await costOfCallers();
  if (wanted('flood')) await flood();
  if (wanted('tokens')) describeTokens(await measureTokenPath(upstream));
  if (wanted('start')) await startUp();
} finally {
  await upstream.stop();
  tokens.stop();
}
mkdirSync(join(folder, 'results'), { recursive: true });
const text = markdown(report);
if (options.only === undefined && !options.quick) {
  writeFileSync(join(folder, 'results/results.md'), `${text}\n\n${configurations()}\n`);
  writeFileSync(join(folder, 'results/chart.svg'), chart(report));
}
process.stdout.write(`\n${text}\n`);
process.exit(0);

function wanted(name: string): boolean {
  return options.only === undefined || options.only === name;
}

/** Builds Flowgate and installs the peers, where that has not been done. */
function prepare(): void {
  must(['npm', 'run', '--silent', 'build'], join(folder, '..'));
  if (!existsSync(join(folder, 'node_modules'))) must(['npm', 'ci', '--no-audit', '--no-fund'], folder);
}

function must([command = '', ...args]: string[], cwd: string): void {
  progress(`${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

async function allProxies(): Promise<Proxy[]> {
  const peers: Proxy[] = [await flowgate()];
  for (const name of nodePeers) peers.push(await startNodePeer(name, upstream.url));
  const nginx = await startNginx(upstream.url);
  return nginx ? [...peers, nginx] : peers;
}

async function fastProxies(): Promise<Proxy[]> {
  const peers = [await flowgate()];
  for (const name of ['bare-undici', 'http-proxy-middleware', 'fastify-http-proxy'] as const)
    peers.push(await startNodePeer(name, upstream.url));
  const nginx = await startNginx(upstream.url);
  return nginx ? [...peers, nginx] : peers;
}

function flowgate(): Promise<Proxy> {
  return startFlowgate({ target: upstream.url, tokenUrl: tokens.url });
}

/** In turns, A B C A B C …, so that a machine whose speed drifts drifts for all; medians over the rounds. */
async function compare(scenario: LoadScenario, start: () => Promise<Proxy[]>): Promise<Row[]> {
  const proxies = await start();
  const samples = new Map<string, Sample[]>(proxies.map(({ name }) => [name, []]));
  try {
    for (const proxy of proxies) await warmUp(proxy, scenario);
    for (let round = 1; round <= ROUNDS; round++)
      for (const proxy of proxies) {
        progress(`${scenario}, round ${round} of ${ROUNDS}: ${proxy.name}`);
        samples.get(proxy.name)?.push(await measure(proxy, scenario, scenario === 'start' ? SECONDS : SECONDS - 1));
      }
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.process.stop()));
  }
  const rows = [...samples].map(([name, taken]) => ({ name, sample: medianSample(taken) }));
  const broken = rows.filter(({ sample }) => sample.errors > 0).map(({ name }) => name);
  if (broken.length > 0) report.notes.push(`Errors in "${scenario}" with ${broken.join(', ')}: do not quote its rows.`);
  return rows;
}

async function warmUp(proxy: Proxy, scenario: LoadScenario): Promise<void> {
  progress(`${scenario}, warming up: ${proxy.name}`);
  await measure(proxy, scenario, scenario === 'start' ? WARM_UP_SECONDS : WARM_UP_SECONDS / 2);
}

async function compareStreams(): Promise<void> {
  if (!hasCommand('curl')) return;
  await compareStream('down', upstream.url);
  const sink = await startSink();
  await compareStream('up', sink.url);
  await sink.stop();
}

async function compareStream(direction: 'up' | 'down', target: string): Promise<void> {
  const own = await startFlowgate({ target, tokenUrl: tokens.url });
  const proxies = [own, await startNginx(target)].filter((proxy) => proxy !== undefined);
  const speeds = new Map<string, { speed: number; gained: number }[]>(proxies.map(({ name }) => [name, []]));
  for (let round = 1; round <= ROUNDS; round++)
    for (const proxy of proxies) {
      progress(`1 GB ${direction}, round ${round} of ${ROUNDS}: ${proxy.name}`);
      speeds.get(proxy.name)?.push(await stream(proxy, direction));
    }
  for (const [name, taken] of speeds)
    report.streams.push({
      name,
      direction,
      speed: median(taken.map((one) => one.speed)),
      gained: Math.max(...taken.map((one) => one.gained)),
    });
  await Promise.all(proxies.map((proxy) => proxy.process.stop()));
}

/** The latency at half of what Flowgate can do, beside that of calling the upstream directly at the same rate. */
async function addedLatency(): Promise<void> {
  const proxy = await flowgate();
  await warmUp(proxy, 'start');
  const full = await measure(proxy, 'start', SECONDS);
  const rate = full.requestsPerSecond / 2;
  progress('half load, through Flowgate and directly');
  const through: Latencies[] = [];
  const direct: Latencies[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    through.push(await sendEvenly(proxy, { rate, seconds: SECONDS }));
    direct.push(await sendEvenly(directly(proxy), { rate, seconds: SECONDS }));
  }
  await proxy.process.stop();
  const figures = (taken: Latencies[]): string =>
    `p50 ${median(taken.map(({ p50 }) => p50)).toFixed(1)} ms and p99 ${median(taken.map(({ p99 }) => p99)).toFixed(1)} ms`;
  report.notes.push(
    `At half load (${Math.round(rate)} requests/s): ${figures(through)} through Flowgate, ${figures(direct)} directly.`,
  );
}

function directly(proxy: Proxy): Proxy {
  return {
    ...proxy,
    name: 'directly',
    url: upstream.url,
    headers: {},
    paths: { ...proxy.paths, start: '/rest/v1/workflow-instances' },
  };
}

async function costOfCopies(): Promise<void> {
  const one = await flowgate();
  const many = await startFlowgate({ target: upstream.url, tokenUrl: tokens.url, copies: 200 });
  report.notes.push(await ratioNote('With 200 services and callers instead of 1', many, one));
}

async function costOfCallers(): Promise<void> {
  const common = { target: upstream.url, tokenUrl: tokens.url, rateLimit: false };
  const issuer = await Issuer.start();
  const jwt = { issuer: issuer.url, token: issuer.token };
  for (const [what, credential] of [
    ['an API key', 'api-key'],
    ['a JWT', jwt],
  ] as const) {
    const known = await startFlowgate({ ...common, credential });
    const anonymous = await startFlowgate({ ...common, credential: 'anonymous' });
    report.notes.push(await ratioNote(`With ${what} and grants instead of anonymous callers`, known, anonymous));
  }
  issuer.stop();
}

async function flood(): Promise<void> {
  const proxy = await flowgate();
  progress('one caller floods, another one is measured');
  const { aloneP99, floodedP99, ratio, failed } = await measureFlood(proxy, directly(proxy), {
    rounds: ROUNDS,
    seconds: SECONDS,
  });
  await proxy.process.stop();
  report.notes.push(
    `While one caller sends ${FLOOD_FACTOR} times its rate limit, another's p99 is ${ratio.toFixed(2)} times what it is while the same flood goes past Flowgate to the upstream (${aloneP99.toFixed(1)} ms, then ${floodedP99.toFixed(1)} ms), ${failed} of its requests failed.`,
  );
}

async function ratioNote(what: string, a: Proxy, b: Proxy): Promise<string> {
  await warmUp(a, 'start');
  await warmUp(b, 'start');
  const ratios: number[] = [];
  for (let round = 1; round <= 2 * ROUNDS; round++) {
    progress(`${what}, round ${round} of ${2 * ROUNDS}`);
    const first = await measure(a, 'start', SECONDS / 2);
    const second = await measure(b, 'start', SECONDS / 2);
    ratios.push(first.requestsPerSecond / second.requestsPerSecond);
  }
  await Promise.all([a.process.stop(), b.process.stop()]);
  return `${what}: ${median(ratios).toFixed(2)} of the requests per second.`;
}

/** From the start of the process to its first answer, and the memory of a process that has nothing to do. */
async function startUp(): Promise<void> {
  const times: number[] = [];
  const resident: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    const proxy = await startFlowgate({ target: upstream.url, tokenUrl: tokens.url });
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    resident.push(proxy.process.measure().residentMegabytes);
    await proxy.process.stop();
  }
  report.notes.push(
    `Start to first answer, token included: ${Math.round(median(times))} ms. Idle: ${Math.round(median(resident))} MB resident.`,
  );
}

function describeTokens(path: TokenPath): void {
  report.notes.push(
    `Cold burst: ${path.burst.callers} callers at once made ${path.burst.tokenRequests} token request(s), ${path.burst.failed} failed.`,
    `Renewal under load: of the requests during a renewal the slowest takes ${path.renewal.slowestMs.toFixed(1)} ms, in as long a time without one ${path.renewal.slowestWithoutMs.toFixed(1)} ms, the median request ${path.renewal.medianMs.toFixed(1)} ms (${path.renewal.renewals} renewals, ${path.renewal.failed} requests failed).`,
    `Revoked token: ${path.revoked.failed} of ${path.revoked.requests} requests failed, ${path.revoked.tokenRequests} token request(s).`,
  );
}

function progress(what: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${what}` : `${what}\n`);
}
