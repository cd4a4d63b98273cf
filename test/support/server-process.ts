import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** The server as an operator starts it: a process of its own, with its environment and nothing else. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly port: number;
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits until `/health` answers or the process has ended; the bound is for a process that does neither. */
  async ready(): Promise<this> {
    for (let attempt = 0; attempt < 2_000; attempt++) {
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`the server ended with ${exitCode ?? signalCode}: ${this.stderr}`);
      const answer = await fetch(`${this.url}/health`).catch(() => undefined);
      if (answer?.ok === true) return this;
      await pause(50);
    }
    throw new Error(`the server did not come up: ${this.stderr}`);
  }

  /** The exit status, when it has ended. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }

  /** Resident memory, megabytes. */
  async residentMegabytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid ?? 0}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Time on a processor so far, in Linux's ticks of 10 ms. */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid ?? 0}/stat`, 'utf8');
    const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
    return ((user ?? 0) + (system ?? 0)) / 100;
  }

  /** What it has open: files of every sort, and the sockets among them. */
  async openFiles(): Promise<{ readonly files: number; readonly sockets: number }> {
    const folder = `/proc/${this.child.pid ?? 0}/fd`;
    const names = await readdir(folder);
    const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
    return { files: names.length, sockets: targets.filter((target) => target.startsWith('socket:')).length };
  }
}

export interface ServerProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The program, relative to `cwd`. Default: the sources. */
  readonly entry?: string;
  /** For Node itself. */
  readonly nodeOptions?: readonly string[];
  readonly cwd?: string;
  /** Its log. Default: kept in `stdout`. */
  readonly stdout?: 'pipe' | 'ignore';
}

/** Starts the server on a free port of loopback. */
export async function startServer({
  env,
  entry = 'src/server.ts',
  nodeOptions = [],
  cwd = process.cwd(),
  stdout = 'pipe',
}: ServerProcessOptions): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [...nodeOptions, entry], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: String(port), ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  return new ServerProcess(child, port);
}
