import { isFine, type Tally } from './soak-requests.ts';

export interface Sample {
  readonly seconds: number;
  /** So far. */
  readonly requests: number;
  readonly residentMb: number;
  readonly openFiles: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface SoakResult {
  readonly minutes: number;
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  readonly tokenRequests: number;
  readonly tokenLifeSeconds: number;
}

/** Memory settles in the first part of a run. */
const WARM_UP_SHARE = 0.4;

/** Prints what happened. @returns whether every request ended as it should and no file stayed open */
export function printReport(result: SoakResult): boolean {
  const { minutes, tally, samples, tokenRequests, tokenLifeSeconds } = result;
  const requests = [...tally.values()].reduce((sum, one) => sum + one, 0);
  const wrong = [...tally].filter(([name]) => !isFineEntry(name));
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const [first = samples[0], last] = [settled[0], settled.at(-1)];
  const growth = (last?.openFiles ?? 0) - (first?.openFiles ?? 0);
  const lines = [
    `minutes                ${minutes}`,
    `requests               ${requests} (${Math.round(requests / minutes / 60)}/s)`,
    ...[...tally].sort().map(([name, times]) => `  ${name.padEnd(20)} ${times}`),
    `latency, last sample   p50 ${last?.p50Ms.toFixed(1)} ms, p99 ${last?.p99Ms.toFixed(1)} ms`,
    `resident memory        ${first?.residentMb.toFixed(0)} MB after warm-up, ${last?.residentMb.toFixed(0)} MB at the end, slope ${slopePerHour(settled).toFixed(1)} MB/h`,
    `open files             ${first?.openFiles} after warm-up, ${last?.openFiles} at the end`,
    `token requests         ${tokenRequests} (a token lives ${tokenLifeSeconds} s, two clients)`,
    wrong.length === 0
      ? 'every request ended as it should'
      : `WRONG: ${wrong.map(([name, n]) => `${name} ${n}`).join('; ')}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return wrong.length === 0 && growth <= 10;
}

function isFineEntry(entry: string): boolean {
  const [name = '', end = ''] = entry.split(': ', 2);
  return isFine(name, end);
}

/** Of the line that fits the samples best, megabytes per hour. */
function slopePerHour(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const meanSeconds = mean(samples.map(({ seconds }) => seconds));
  const meanMb = mean(samples.map(({ residentMb }) => residentMb));
  const covariance = samples.reduce((sum, one) => sum + (one.seconds - meanSeconds) * (one.residentMb - meanMb), 0);
  const variance = samples.reduce((sum, one) => sum + (one.seconds - meanSeconds) ** 2, 0);
  return variance === 0 ? 0 : (covariance / variance) * 3600;
}
