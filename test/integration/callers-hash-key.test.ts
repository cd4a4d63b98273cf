import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Callers } from '../../src/callers/callers.ts';
import { load, workflowKey } from '../support/config-sources.ts';

function hashKey(args: readonly string[], input = '') {
  return spawnSync(process.execPath, ['src/cli/flowgate.ts', 'hash-key', ...args], {
    env: { PATH: process.env['PATH'] },
    input,
    encoding: 'utf8',
    timeout: 15_000,
  });
}

/** Runs a command at a terminal of its own, and types what it is given when it is asked. */
const SCRIPT = '/usr/bin/script';
const itAtTerminal = existsSync(SCRIPT) ? it : it.skip;

async function atTerminal(typed: string): Promise<string> {
  const command = `"${process.execPath}" src/cli/flowgate.ts hash-key`;
  const child = spawn(SCRIPT, ['--quiet', '--return', '--command', command, '/dev/null'], { timeout: 15_000 });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const wasAsked = shown.includes('Key: ');
    shown += chunk.toString();
    if (!wasAsked && shown.includes('Key: ')) child.stdin.write(typed);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  expect([status, shown]).toEqual([0, expect.any(String)]);
  return shown;
}

describe('flowgate hash-key', () => {
  itAtTerminal('reads a key from the terminal without showing it', async () => {
    const key = 'a-key-of-my-own-0123456789';
    const shown = await atTerminal(`${key}\r`);
    expect(shown).toContain(`sha256:${createHash('sha256').update(key).digest('hex')}`);
    expect(shown).not.toContain(key.slice(0, 5));
  });

  it('prints the SHA-256 of the key that it reads, and not the key', () => {
    const key = 'a-key-of-my-own-0123456789';
    const { status, stdout, stderr } = hashKey([], `${key}\n`);
    expect(status).toBe(0);
    expect(stdout.trim()).toBe(`sha256:${createHash('sha256').update(key).digest('hex')}`);
    expect(stdout + stderr).not.toContain(key);
  });

  it('refuses a key of 15 characters, as the configuration does', () => {
    const { status, stdout, stderr } = hashKey([], '0123456789abcde');
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('16');
    expect(stderr).not.toContain('0123456789abcde');
  });

  it('makes a key whose hash lets its holder in', async () => {
    const { status, stdout } = hashKey(['--new']);
    expect(status).toBe(0);
    const key = /key:\s+(\S+)/.exec(stdout)?.[1] ?? '';
    const hash = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
    const env = { WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey), API_KEYS: `new=${hash}` };
    const callers = new Callers(load({ env }));
    expect((await callers.authenticate({ 'x-api-key': key }, '192.0.2.1')).name).toBe('new');
  });

  it('never makes the same key twice, and none that could be guessed', () => {
    const keys = [hashKey(['--new']), hashKey(['--new'])].map(({ stdout }) => /key:\s+(\S+)/.exec(stdout)?.[1] ?? '');
    expect(keys[0]).not.toBe(keys[1]);
    for (const key of keys) expect(Buffer.from(key, 'base64url').length).toBeGreaterThanOrEqual(32);
  });
});
