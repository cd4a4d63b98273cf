/**
 * Kills a Flowgate with SIGKILL at each point in the life of a keyed start, and sends the same start again, to another
 * instance, until it is answered: whatever the point, the service sees it once at most. `CRASH_RUNS=200` (npm run
 * test:crash) does it two hundred times per point, and prints what came of it as a table.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSharedParts } from '../../src/app/shared-parts.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { RedisRecords } from '../../src/ledger/redis-records.ts';
import { SharedStore } from '../../src/store/shared-store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { BARE_KEY, BareFlowgate } from '../support/bare-flowgate.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { POINTS, startLedgerChild, type LedgerChild, type Point } from '../support/ledger-crash.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';
import { RawUpstream, type Behaviour } from '../support/raw-upstream.ts';
import { RedisServer } from '../support/redis-server.ts';

const RUNS = Number(process.env['CRASH_RUNS'] ?? 2);
/** Beside the deadline of one second: how long a dead process holds its key. */
const SLACK_MS = 100;
const AT_ONCE = 4;
/** A process that is not dead by then has missed its point, and is killed all the same. */
const DEAD_WITHIN_MS = 10_000;
const IS_LONG = process.env['CRASH_RUNS'] !== undefined;

/** What the start is told in the end: its first answer, or that nobody knows. */
const ends: Readonly<Record<Point, 'started' | 'unknown' | 'replayed'>> = {
  'before it is reserved': 'started',
  'when it is reserved': 'started',
  'before it is marked as sent': 'started',
  'when it is marked as sent': 'unknown',
  'when the service gets it': 'unknown',
  'when the service has done it': 'unknown',
  'before its answer is recorded': 'unknown',
  'when its answer is recorded': 'replayed',
};

interface Outcome {
  readonly point: Point;
  /** How often the service saw the start. */
  readonly starts: number;
  readonly end: string;
}

let redis: RedisServer;
let store: SharedStore;
let tokens: FakeTokenServer;
let upstream: RawUpstream;
let survivor: BareFlowgate;
const children = new Map<string, LedgerChild>();
const starts = new Map<string, number>();
const outcomes: Outcome[] = [];

beforeAll(
  async () => {
    [redis, tokens] = await Promise.all([RedisServer.start(), FakeTokenServer.start()]);
    upstream = await RawUpstream.start(serve());
    store = new SharedStore(redis.storeConfig());
    const ledger = new Ledger(new RedisRecords(store), { slackMs: SLACK_MS });
    const parts = createSharedParts({ store: undefined }, createLog('silent'));
    survivor = await BareFlowgate.start({ file: file(), env: redis.env, shared: { ...parts, store, ledger } });
    const queue = POINTS.flatMap((point) => Array.from({ length: RUNS }, () => point));
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue)));
  },
  60_000 + RUNS * 30_000,
);

afterAll(async () => {
  if (IS_LONG) process.stdout.write(tableOf(outcomes));
  await survivor.stop();
  await store.close();
  await Promise.all([redis.close(), tokens.stop(), upstream.close()]);
});

function file(): string {
  return `services: { workflow: { kind: sap-workflow, url: '${upstream.origin}', token: { url: '${tokens.url}', clientId: id, clientSecret: a-secret-0123456789 } } }`;
}

async function work(queue: Point[]): Promise<void> {
  for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
    const failed = { point, starts: 0, end: 'the run itself failed' };
    outcomes.push(await crash(point).catch(() => failed));
    if (IS_LONG && outcomes.length % 100 === 0) process.stdout.write(`${outcomes.length} crashes\n`);
  }
}

/** How often the service saw the start, and what its sender was told in the end. */
function tableOf(all: readonly Outcome[]): string {
  const rows = POINTS.map((point) => {
    const runs = all.filter((outcome) => outcome.point === point);
    const seen = (times: number) => runs.filter(({ starts }) => starts === times).length;
    const told = [...new Set(runs.map(({ end }) => end))].map(
      (end) => `${end} ${runs.filter((run) => run.end === end).length}`,
    );
    return `| ${[point, runs.length, seen(0), seen(1), runs.length - seen(0) - seen(1), told.join(', ')].join(' | ')} |`;
  });
  return `${['| the process dies | runs | never seen | seen once | seen twice or more | the sender is told |', '| --- | --: | --: | --: | --: | --- |', ...rows].join('\n')}\n`;
}

async function crash(point: Point): Promise<Outcome> {
  const run = randomUUID();
  const env = { API_KEYS: `tester=${BARE_KEY}`, ...redis.env };
  const child = await startLedgerChild({ file: file(), env, killAt: point, slackMs: SLACK_MS });
  children.set(run, child);
  await start(child.url, run, point).catch(() => undefined);
  const kill = setTimeout(() => child.process.kill('SIGKILL'), DEAD_WITHIN_MS);
  await child.dead;
  clearTimeout(kill);
  children.delete(run);
  let last = await start(survivor.url, run, point);
  for (let attempt = 0; attempt < 100 && last.status === 409; attempt++) {
    await delay(50);
    last = await start(survivor.url, run, point);
  }
  const again = await start(survivor.url, run, point);
  const end = again.text === last.text ? endOf(last) : 'told two things';
  return { point, starts: starts.get(run) ?? 0, end };
}

function start(url: string, run: string, point: Point): Promise<PlainAnswer> {
  const headers = {
    'x-api-key': BARE_KEY,
    'content-type': 'application/json',
    'idempotency-key': run,
    prefer: 'wait=1',
  };
  const body = JSON.stringify({ run, point });
  return plainRequest(`${url}/api/workflow/definitions/onboarding/instances`, 'POST', headers, body);
}

function endOf({ status, headers, json }: PlainAnswer): string {
  if (status === 201) return headers['idempotent-replayed'] === undefined ? 'started' : 'replayed';
  return (json as { code?: string }).code === 'outcome-unknown' ? 'unknown' : `${status}`;
}

/** Counts starts by their run, and kills who sent one where the point is here. */
function serve(): Behaviour {
  return async ({ response, received, readBody }) => {
    await readBody();
    const { context } = JSON.parse(received.body.toString()) as { context: { run: string; point: Point } };
    const { run, point } = context;
    const kill = () => children.get(run)?.process.kill('SIGKILL');
    starts.set(run, (starts.get(run) ?? 0) + 1);
    if (point === 'when the service gets it') kill();
    await delay(5);
    if (point === 'when the service has done it') kill();
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id: run }));
  };
}

describe.each(POINTS)('a process that dies %s', (point) => {
  const runs = () => outcomes.filter((outcome) => outcome.point === point);

  it('never makes the service see a start twice', () => {
    expect(runs()).toHaveLength(RUNS);
    for (const { starts } of runs()) expect(starts).toBeLessThanOrEqual(1);
  });

  it(`leaves a key whose start is ${ends[point]}, and stays so`, () => {
    expect(new Set(runs().map(({ end }) => end))).toEqual(new Set([ends[point]]));
  });
});
