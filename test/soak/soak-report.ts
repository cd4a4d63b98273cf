import { countOf, wrongOf, type Tally } from './soak-requests.ts';

/** The server at one moment. */
export interface Sample {
  /** Since the start. */
  readonly minute: number;
  /** So far. */
  readonly requests: number;
  /** Of them, so far, those that did not end as they should. */
  readonly wrong: number;
  readonly residentMb: number;
  readonly heapMb: number;
  /** Open files, and the sockets among them. */
  readonly files: number;
  readonly sockets: number;
  /** Of the requests since the sample before. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface SoakResult {
  readonly minutes: number;
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  readonly tokens: { readonly requests: number; readonly lifeSeconds: number };
  /** What the server logged, from `warn` on. */
  readonly log: string;
}

/** Memory settles in the first part of a run. */
const WARM_UP_SHARE = 0.4;
/** In a shorter run memory has not settled, and is not judged. */
const JUDGED_FROM_MINUTES = 10;
/** What memory may differ by between the two halves of the settled part. */
const LEVEL = 0.1;
/** At half load half of the requests are answered sooner, unless the machine has something else to do. */
const LONGEST_P50_MS = 1_000;
/** Connections come and go. */
const MORE_FILES = 10;

const COLUMNS = ['minute', 'requests', 'wrong', 'resident', 'heap in use', 'open files', 'sockets', 'p50', 'p99'];

export function lineOf(sample: Sample): string {
  return `| ${cellsOf(sample).join(' | ')} |`;
}

/** Prints what happened, as Markdown. @returns whether everything was as it should be */
export function printReport({ minutes, tally, samples, tokens, log }: SoakResult): boolean {
  const requests = countOf(tally);
  const faults = faultsOf(minutes, tally, samples, log);
  const lines = [
    '',
    `| ${COLUMNS.join(' | ')} |`,
    `|${' --: |'.repeat(COLUMNS.length)}`,
    ...samples.map(lineOf),
    '',
    '| request: how it ended | times |',
    '| --- | --: |',
    ...[...tally].sort().map(([name, times]) => `| ${name} | ${times} |`),
    '',
    `After the warm-up resident memory changes by ${slopePerHour(settledOf(samples)).toFixed(1)} MB per hour, by the line that fits it best.`,
    '',
    `${requests} requests in ${minutes} minutes, ${Math.round(requests / minutes / 60)} per second; ${tokens.requests} token requests of two clients, whose tokens live for ${tokens.lifeSeconds} s.`,
    '',
    faults.length === 0 ? 'Verdict: passed.' : `Verdict: FAILED. ${faults.join(' ')}`,
    ...(minutes < JUDGED_FROM_MINUTES ? [`Memory is judged in runs of ${JUDGED_FROM_MINUTES} minutes or more.`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return faults.length === 0;
}

function cellsOf(sample: Sample): string[] {
  return [
    sample.minute.toFixed(1),
    String(sample.requests),
    String(sample.wrong),
    `${sample.residentMb.toFixed(0)} MB`,
    `${sample.heapMb.toFixed(0)} MB`,
    String(sample.files),
    String(sample.sockets),
    `${sample.p50Ms.toFixed(1)} ms`,
    `${sample.p99Ms.toFixed(1)} ms`,
  ];
}

function faultsOf(minutes: number, tally: Tally, samples: readonly Sample[], log: string): string[] {
  const settled = settledOf(samples);
  const [early, late] = [settled.slice(0, settled.length / 2), settled.slice(settled.length / 2)];
  const mean = (of: readonly Sample[], figure: 'residentMb' | 'heapMb'): number =>
    of.reduce((sum, sample) => sum + sample[figure], 0) / of.length;
  const grows = (figure: 'residentMb' | 'heapMb'): boolean => mean(late, figure) > mean(early, figure) * (1 + LEVEL);
  const moreFiles = (settled.at(-1)?.files ?? 0) - (settled[0]?.files ?? 0);
  const isJudged = minutes >= JUDGED_FROM_MINUTES;
  return [
    ...wrongOf(tally).map(([name, times]) => `${name}, ${times} times.`),
    ...(log === '' ? [] : [`The server logged: ${log.slice(0, 2_000)}`]),
    ...(samples.some(({ p50Ms }) => p50Ms > LONGEST_P50_MS)
      ? ['Requests waited for their turn: this was not half load, or the machine was busy with something else.']
      : []),
    ...(moreFiles > MORE_FILES ? [`${moreFiles} more files are open.`] : []),
    ...(isJudged && grows('residentMb') ? ['Resident memory grows.'] : []),
    ...(isJudged && grows('heapMb') ? ['The heap grows.'] : []),
  ];
}

function settledOf(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
}

/** Of the resident memory, by least squares, megabytes. */
function slopePerHour(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const meanMinute = mean(samples.map(({ minute }) => minute));
  const meanMb = mean(samples.map(({ residentMb }) => residentMb));
  const covariance = mean(samples.map((one) => (one.minute - meanMinute) * (one.residentMb - meanMb)));
  const variance = mean(samples.map(({ minute }) => (minute - meanMinute) ** 2));
  return variance === 0 ? 0 : (covariance / variance) * 60;
}
