import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drive, type LoadResult } from './load-generator.ts';
import { LOAD_CORE, onCore, workFolder } from './machine.ts';
import type { Proxy } from './proxies.ts';
import { CONTEXT } from './upstream.ts';

const run = promisify(execFile);

/** One measurement of one proxy. */
export interface Sample extends LoadResult {
  /** CPU of the proxy per request, microseconds. */
  readonly cpuMicros: number;
  readonly residentMegabytes: number;
}

export type LoadScenario = 'start' | 'list' | 'flow-10mb';

const CONNECTIONS: Readonly<Record<LoadScenario, number>> = { start: 64, list: 64, 'flow-10mb': 4 };

/** Puts load on a proxy for some seconds, and accounts for its CPU and memory. */
export async function measure(proxy: Proxy, scenario: LoadScenario, seconds: number): Promise<Sample> {
  const before = proxy.process.measure();
  const result = await drive({
    ...requestOf(proxy, scenario),
    connections: CONNECTIONS[scenario],
    seconds,
  });
  const after = proxy.process.measure();
  const requests = Math.max(1, result.requestsPerSecond * seconds);
  return {
    ...result,
    cpuMicros: ((after.cpuSeconds - before.cpuSeconds) / requests) * 1e6,
    residentMegabytes: after.residentMegabytes,
  };
}

function requestOf({ url, paths, headers }: Pick<Proxy, 'url' | 'paths' | 'headers'>, scenario: LoadScenario) {
  switch (scenario) {
    case 'start':
      return {
        url: `${url}${paths.start}`,
        method: 'POST' as const,
        headers: { ...headers, 'content-type': 'application/json' },
        body: CONTEXT,
      };
    case 'list':
      return { url: `${url}${paths.list}`, method: 'GET' as const, headers };
    case 'flow-10mb':
      return { url: `${url}${paths.download('10mb')}`, method: 'GET' as const, headers };
  }
}

/** Megabytes per second of one gigabyte through a proxy, with curl; and how much memory the proxy gained meanwhile. */
export async function stream(proxy: Proxy, direction: 'up' | 'down'): Promise<{ speed: number; gained: number }> {
  const before = proxy.process.measure().residentMegabytes;
  const headers = Object.entries(proxy.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const upload = [
    '-X',
    'POST',
    '-H',
    'Expect:',
    '-H',
    'content-type: application/octet-stream',
    '-T',
    sparseGigabyte(),
  ];
  const target =
    direction === 'up'
      ? [...upload, `${proxy.url}${proxy.paths.upload}`]
      : [`${proxy.url}${proxy.paths.download('1gb')}`];
  const args = ['-sS', '-f', '-o', '/dev/null', '-w', '%{speed_upload} %{speed_download}', ...headers, ...target];
  const [command = 'curl', ...rest] = onCore(LOAD_CORE, ['curl', ...args]);
  const { stdout } = await run(command, rest);
  const [up = '0', down = '0'] = stdout.split(' ');
  return {
    speed: Number(direction === 'up' ? up : down) / 1e6,
    gained: proxy.process.measure().residentMegabytes - before,
  };
}

function sparseGigabyte(): string {
  const path = join(workFolder, 'upload');
  writeFileSync(path, '');
  truncateSync(path, 1024 * 1024 * 1024);
  return path;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of each figure over the rounds. */
export function medianSample(samples: readonly Sample[]): Sample {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  return {
    requestsPerSecond: of((sample) => sample.requestsPerSecond),
    p50: of((sample) => sample.p50),
    p99: of((sample) => sample.p99),
    errors: Math.max(...samples.map((sample) => sample.errors)),
    cpuMicros: of((sample) => sample.cpuMicros),
    residentMegabytes: of((sample) => sample.residentMegabytes),
  };
}

export interface Latencies {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests that did not end with 201. */
  readonly failed: number;
  /** Of each request: when it was sent, since the epoch, and how long it took, both in milliseconds. */
  readonly taken: readonly (readonly [number, number])[];
}

/** Starts at an even rate, from a process of its own, so that two loads do not wait for each other. */
export async function sendEvenly(
  { url, paths, headers }: Proxy,
  { key = headers['x-api-key'] ?? '', rate, seconds }: { key?: string; rate: number; seconds: number },
): Promise<Latencies> {
  const program = [process.execPath, join(import.meta.dirname, 'even-load.ts')];
  const args = [`${url}${paths.start}`, key, String(rate), String(seconds)];
  const [command = '', ...rest] = onCore(LOAD_CORE, [...program, ...args]);
  const { stdout } = await run(command, rest, { maxBuffer: 1 << 26 });
  const { taken, failed } = JSON.parse(stdout) as Pick<Latencies, 'taken' | 'failed'>;
  const sorted = taken.map(([, ms]) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), failed, taken };
}
