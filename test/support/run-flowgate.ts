import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/cli/flowgate.ts', import.meta.url));

/** Longer than any command may take. */
const LIMIT_MS = 60_000;

/** How a command ended, and what it printed. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface CommandSituation {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs `flowgate` from the sources as a process of its own, with this environment and nothing else. */
export async function runFlowgate(args: readonly string[], situation: CommandSituation = {}): Promise<CommandResult> {
  const { env = {}, cwd = tmpdir() } = situation;
  const startMs = performance.now();
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { status: child.exitCode, stdout, stderr, durationMs: performance.now() - startMs };
}

/** Calls `use` with a fresh folder, and takes it away afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'flowgate-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
