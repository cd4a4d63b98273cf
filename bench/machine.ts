import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The measured process has a core of its own; load generator and upstream share the other. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

export const workFolder = mkdtempSync(join(tmpdir(), 'flowgate-bench-'));

const known = new Map<string, boolean>();

export function hasCommand(name: string): boolean {
  const found = known.get(name) ?? spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  known.set(name, found);
  return found;
}

/** The command, pinned to a core where `taskset` and two cores are there. */
export function onCore(core: number, command: readonly string[]): readonly string[] {
  const canPin = hasCommand('taskset') && availableParallelism() > 1;
  return canPin ? ['taskset', '-c', String(core), ...command] : command;
}

/** nginx started by root gives its workers to a user who cannot read our files; started by anybody else it warns. */
export const nginxUser = process.getuid?.() === 0 ? 'user root;' : '';

export interface Measured {
  /** Seconds of CPU, user and system, of the process and its children. */
  readonly cpuSeconds: number;
  /** Resident memory, megabytes. */
  readonly residentMegabytes: number;
}

const running = new Set<BenchProcess>();

// A bench that fails half-way must not leave processes behind that slow the next one down.
process.on('exit', () => {
  for (const { child } of running) child.kill('SIGTERM');
});

/** A process that was started for the measurement, and ends with it. */
export class BenchProcess {
  readonly child: ChildProcess;

  constructor(command: readonly string[], core: number, env: Readonly<Record<string, string>> = {}) {
    const [program = '', ...args] = onCore(core, command);
    running.add(this);
    const log = openSync(join(workFolder, `${process.hrtime.bigint()}.log`), 'a');
    this.child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', log, log] });
  }

  measure(): Measured {
    const pids = withChildren(this.child.pid ?? 0);
    const ticks = pids
      .map((pid) => statFields(pid))
      .reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
    const kilobytes = pids.map(residentKilobytes).reduce((sum, one) => sum + one, 0);
    return { cpuSeconds: ticks / TICKS_PER_SECOND, residentMegabytes: kilobytes / 1024 };
  }

  async stop(): Promise<void> {
    running.delete(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    await once(this.child, 'exit');
    clearTimeout(timer);
  }
}

function withChildren(pid: number): number[] {
  const listed = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  return [pid, ...listed.trim().split(/\s+/).filter(Boolean).map(Number)];
}

/** The fields of /proc/PID/stat after the name, which may hold blanks. */
function statFields(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function residentKilobytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until something answers over HTTP, whatever its status. */
export async function untilItAnswers(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const answer = await fetch(url, { headers }).catch(() => undefined);
    if (answer) {
      await answer.arrayBuffer();
      return;
    }
    await pause(5);
  }
  throw new Error(`nothing answers at ${url}; see the logs in ${workFolder}`);
}
