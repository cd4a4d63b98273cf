import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { workflowKey } from '../support/config-sources.ts';

const FILE = `
services:
  workflow: { kind: sap-workflow, key: ./key.json }
callers:
  hr:
    apiKeys: [hr-key-0123456789abcdef]
    allow: ["GET /metrics", "POST /api/workflow/definition/onboarding/instances", "GET /api/workflow/**"]
`;

/** Runs a program of ours in a folder with that configuration and a service key, and waits for its end. */
function run(program: string, args: readonly string[], file: string) {
  const folder = mkdtempSync(join(tmpdir(), 'flowgate-'));
  writeFileSync(join(folder, 'flowgate.yaml'), file);
  writeFileSync(join(folder, 'key.json'), JSON.stringify(workflowKey));
  const result = spawnSync(process.execPath, [resolve(program), ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0' },
    encoding: 'utf8',
    timeout: 15_000,
  });
  rmSync(folder, { recursive: true });
  return result;
}

describe('a grant that matches no route', () => {
  it.each([
    ['the server', 'src/server.ts', []],
    ['flowgate check', 'src/cli/flowgate.ts', ['check']],
  ])('keeps %s from starting, with status 78, its name and the nearest route', (_, program, args) => {
    const { status, stderr } = run(program, args, FILE);
    expect(status).toBe(78);
    expect(stderr).toContain('callers.hr.allow[1]');
    expect(stderr).toContain('"POST /api/workflow/definitions/*/instances"');
    expect(stderr).not.toContain('allow[0]');
    expect(stderr).not.toContain('allow[2]');
  });

  it('is the only thing that flowgate check has against that file', () => {
    expect(run('src/cli/flowgate.ts', ['check'], FILE.replace('definition/', 'definitions/')).status).toBe(0);
  });
});
