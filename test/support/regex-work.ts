import { spawn } from 'node:child_process';
import * as fc from 'fast-check';

/** How long the strings are that expressions are tried on. */
const ATTACK_LENGTH = 50_000;

export interface Expression {
  /** Where it stands. */
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

export interface Work extends Expression {
  /** The most processor time that one string has cost, milliseconds. */
  readonly ms: number;
  /** What that string was made of. */
  readonly attack: string;
}

/** A beginning that the expression takes, what is repeated after it, and an end that it does not take. */
interface Attack {
  readonly head: string;
  readonly pump: string;
}

/** What is repeated whatever the expression is. */
const PUMPS = [
  'a',
  'A',
  '0',
  ' ',
  '\t',
  '\n',
  '-',
  '_',
  '.',
  '/',
  '\\',
  '"',
  '%',
  '=',
  ',',
  ':',
  ';',
  '{',
  '<',
  'é',
  ' ,',
  'a.',
  'a-',
  '""',
];

/**
 * Tries each expression on long strings that are nearly what it looks for, in a process of its own: an expression that
 * never ends is found by that process not ending.
 *
 * @param limitMs one that has worked for longer is not tried any further
 * @throws when all of it takes longer than `patienceMs`; names the expression
 */
export async function measureWork(
  expressions: readonly Expression[],
  limitMs: number,
  patienceMs: number,
): Promise<Work[]> {
  const tasks = expressions.map((expression) => ({ ...expression, attacks: attacksOn(expression) }));
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', WORKER], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.end(JSON.stringify({ tasks, length: ATTACK_LENGTH, enough: limitMs }));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const done = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { ms: number; attack: string });
  const stuck = expressions[done.length];
  if (stuck) throw new Error(`no end after ${patienceMs} ms: /${stuck.source}/${stuck.flags} in ${stuck.place}`);
  return expressions.map((expression, at) => ({ ...expression, ...(done[at] ?? { ms: 0, attack: '' }) }));
}

/** Beginnings of what the expression takes, each followed by its own characters and by the usual suspects. */
function attacksOn({ source, flags }: Expression): Attack[] {
  const heads = new Set(['']);
  const pumps = new Set(PUMPS);
  for (const match of matchesOf(source, flags)) {
    for (const length of [1, 2, Math.ceil(match.length / 2), match.length]) heads.add(match.slice(0, length));
    for (const character of match.slice(0, 6)) pumps.add(character);
    if (match.length > 0 && match.length <= 20) pumps.add(match);
  }
  return [...heads].flatMap((head) => [...pumps].map((pump) => ({ head, pump })));
}

/** Some strings that the expression matches, always the same ones; none where the generator cannot read it. */
function matchesOf(source: string, flags: string): string[] {
  try {
    const readable = flags.replaceAll(/[^dgimsuy]/g, '').replaceAll(/[gimy]/g, '');
    return fc
      .sample(fc.stringMatching(new RegExp(source, readable)), { numRuns: 2, seed: 1 })
      .map((text) => text.slice(0, 400));
  } catch {
    return [];
  }
}

/** Measures processor time, so that a busy machine does not count. */
const WORKER = `
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { tasks, length, enough } = JSON.parse(Buffer.concat(chunks).toString());
  for (const { source, flags, attacks } of tasks) {
    const expression = new RegExp(source, flags);
    let worst = { ms: 0, attack: '' };
    for (const { head, pump } of attacks) {
      if (worst.ms > enough) break;
      const text = (head + pump.repeat(Math.ceil(length / pump.length))).slice(0, length) + '\\u0000';
      const start = process.cpuUsage();
      expression.lastIndex = 0;
      expression.test(text);
      const { user, system } = process.cpuUsage(start);
      const ms = (user + system) / 1000;
      if (ms > worst.ms) worst = { ms, attack: head.slice(0, 40) + ' + ' + pump.slice(0, 40) + ' …' };
    }
    process.stdout.write(JSON.stringify(worst) + '\\n');
  }`;
