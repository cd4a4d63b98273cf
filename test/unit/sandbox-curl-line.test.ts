import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { curlLine, usualShell } from '../../sandbox/curl-line.ts';
import { firstRunSteps } from '../../sandbox/first-run.ts';
import { curlArguments, sandboxProblems } from '../../sandbox/problems.ts';
import type { SandboxProblem } from '../../sandbox/problems/sandbox-problem.ts';
import { outsideQuotes, windowsArguments } from '../support/windows-command-line.ts';

const URL = 'http://127.0.0.1:3000';
const KEY = 'a-key-of-24-characters-x';
const problems: Readonly<Record<string, SandboxProblem>> = sandboxProblems;

const requests = Object.entries(problems).flatMap(([name, problem]) =>
  problem.kind === 'request' ? [[name, curlArguments(URL, problem.request, KEY)] as const] : [],
);
const steps = firstRunSteps(URL, KEY, '4711', 'cmd').map(({ title, command }) => [title, command] as const);

describe('a line for curl', () => {
  it('is for cmd.exe on Windows, and for a POSIX shell elsewhere', () => {
    expect([usualShell('win32'), usualShell('linux'), usualShell('darwin')]).toEqual(['cmd', 'posix', 'posix']);
  });

  it.each(requests)('for %s is taken apart by a POSIX shell into the same arguments', (_name, args) => {
    const shell = spawnSync('sh', ['-c', curlLine(args, 'posix').replace(/^curl/, String.raw`printf '%s\0'`)]);
    expect(shell.stdout.toString().split('\0').slice(0, -1)).toEqual(args);
  });

  it.each(requests)('for %s is taken apart on Windows into the same arguments', (_name, args) => {
    const line = curlLine(args, 'cmd');
    expect(outsideQuotes(line)).not.toMatch(/[&|<>^]/);
    expect(line).not.toMatch(/%\w+%/);
    expect(windowsArguments(line)).toEqual(['curl', ...args]);
  });

  it.each(steps)('"%s" of the first run is taken apart on Windows with its JSON whole', (_title, line) => {
    expect(outsideQuotes(line)).not.toMatch(/[&|<>^]/);
    const args = windowsArguments(line);
    expect(args.at(-1)).toMatch(/^http:\/\/127\.0\.0\.1:3000\/api\//);
    const body = args[args.indexOf('-d') + 1] ?? '';
    if (args.includes('-d')) expect(JSON.parse(body)).toEqual(expect.any(Object));
  });
});
