import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCommand, onCore, workFolder, LOAD_CORE } from './machine.ts';

const run = promisify(execFile);

export interface LoadRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 2xx, and connections that broke. */
  readonly errors: number;
}

/** Drives load with wrk where it is installed, else with autocannon; on the core that the proxy does not have. */
export async function drive(request: LoadRequest): Promise<LoadResult> {
  return hasCommand('wrk') ? driveWithWrk(request) : driveWithAutocannon(request);
}

async function driveWithWrk({ url, method, headers, body, connections, seconds }: LoadRequest): Promise<LoadResult> {
  const script = join(workFolder, `wrk-${process.hrtime.bigint()}.lua`);
  const lines = [
    `wrk.method = ${JSON.stringify(method)}`,
    ...(body === undefined ? [] : [`wrk.body = ${JSON.stringify(body)}`]),
    ...Object.entries(headers).map(
      ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    ),
    `done = function(summary, latency)
  io.write(string.format("RESULT %d %d %f %f %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end`,
  ];
  writeFileSync(script, lines.join('\n'));
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', script, url];
  const [command, ...rest] = onCore(LOAD_CORE, ['wrk', ...args]);
  const { stdout } = await run(command ?? 'wrk', rest);
  const [, requests = '0', micros = '1', p50 = '0', p99 = '0', errors = '0'] =
    /RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)/.exec(stdout) ?? [];
  return {
    requestsPerSecond: Number(requests) / (Number(micros) / 1e6),
    p50: Number(p50) / 1000,
    p99: Number(p99) / 1000,
    errors: Number(errors),
  };
}

async function driveWithAutocannon(request: LoadRequest): Promise<LoadResult> {
  const { url, method, headers, body, connections, seconds } = request;
  const args = [
    join(import.meta.dirname, 'node_modules/autocannon/autocannon.js'),
    '--json',
    '-c',
    String(connections),
    '-d',
    String(seconds),
    '-m',
    method,
    '-t',
    '20',
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]),
    ...(body === undefined ? [] : ['-b', body]),
    url,
  ];
  const [command, ...rest] = onCore(LOAD_CORE, [process.execPath, ...args]);
  const { stdout } = await run(command ?? process.execPath, rest, { maxBuffer: 1 << 26 });
  const result = JSON.parse(stdout) as {
    requests: { average: number };
    latency: { p50: number; p99: number };
    non2xx: number;
    errors: number;
  };
  return {
    requestsPerSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    errors: result.non2xx + result.errors,
  };
}
