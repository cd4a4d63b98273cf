import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { inFolder } from '../support/run-flowgate.ts';
import { TypedClient } from '../support/typed-client.ts';

const run = promisify(execFile);

const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('Skipped: the example for curl, because there is no curl.\n');

const flowgate = useFlowgate();

describe('the example for curl', () => {
  const withCurl = hasCurl ? it : it.skip;

  withCurl('starts a workflow, follows it and calls a flow', async () => {
    const { stdout } = await runScript({});
    expect(stdout).toMatch(/instance [0-9a-f-]{36}\n/);
    expect(stdout).toContain('status RUNNING');
    expect(stdout).toContain('"department":"Research"');
    expect(stdout).toContain('HT-2000');
    expect(stdout).toMatch(/accepted; it takes effect a little later\n$/);
  });

  withCurl('ends with what is wrong and what to do about it', async () => {
    const ended = await runScript({ DEFINITION: 'nowhere' }).catch((error: unknown) => error as RunResult);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('Compare the id with GET /api/workflow/definitions');
  });
});

describe('the example of a typed client', () => {
  it('fits the types of the document, and runs', async () => {
    const { json: document } = await flowgate.get('/openapi.json');
    await inFolder(async (folder) => {
      const client = new TypedClient(folder);
      await client.prepare(document);
      expect(await client.typeErrors()).toBe('');
      const printed = await client.start({ FLOWGATE: flowgate.url, KEY: API_KEY });
      expect(printed).toMatch(/^started [0-9a-f-]{36}: RUNNING\n\d+ instances, the newest .+\nproduct \{.*HT-2000/);
    });
  }, 60_000);
});

interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number;
}

function runScript(env: Readonly<Record<string, string>>): Promise<RunResult> {
  return run('sh', ['examples/curl.sh'], {
    env: { PATH: process.env['PATH'], FLOWGATE: flowgate.url, KEY: API_KEY, ...env },
  });
}
