import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The points in the life of a record at which a process may die. */
export const POINTS = [
  'before it is reserved',
  'when it is reserved',
  'before it is marked as sent',
  'when it is marked as sent',
  'when the service gets it',
  'when the service has done it',
  'before its answer is recorded',
  'when its answer is recorded',
] as const;

export type Point = (typeof POINTS)[number];

export interface LedgerChildOptions {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly killAt: Point;
  readonly slackMs: number;
}

/** A Flowgate that will die. */
export interface LedgerChild {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves when it is dead. */
  readonly dead: Promise<unknown>;
}

export async function startLedgerChild(options: LedgerChildOptions): Promise<LedgerChild> {
  const path = new URL('ledger-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [path, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const dead = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  if (!(port > 0)) throw new Error('the child did not come up');
  return { url: `http://127.0.0.1:${port}`, process: child, dead };
}
