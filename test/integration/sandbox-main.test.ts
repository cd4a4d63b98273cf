import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../../sandbox/command-line.ts';
import { firstRunAuthorities, firstRunSteps, firstRunText, withheldAuthority } from '../../sandbox/first-run.ts';
import { expectation, findProblem, problemList, sandboxProblems } from '../../sandbox/problems.ts';
import { allAuthorities } from '../../sandbox/workflow/authorities.ts';

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
  }
});

interface Run {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once stdout holds `text`. */
  says(text: string): Promise<void>;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, ['sandbox/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const says = async (text: string): Promise<void> => {
    for (let attempt = 0; attempt < 200 && !stdout.includes(text) && child.exitCode === null; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(`${stdout}${stderr}`).toContain(text);
  };
  return { child, stdout: () => stdout, stderr: () => stderr, says };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
}

describe('npm run sandbox -- --only-upstreams', () => {
  it('prints the keys as environment lines, works, says nothing else, and ends with 0 on Ctrl-C', async () => {
    const sandbox = run('--only-upstreams');
    await sandbox.says('SANDBOX_CONTROL_URL');
    const lines = sandbox.stdout().trim().split('\n');
    expect(lines.every((line) => line.startsWith('# ') || /^[A-Z_]+='[^']*'$/.test(line))).toBe(true);
    const variables = Object.fromEntries(
      lines.filter((line) => !line.startsWith('#')).map((line) => [line.split('=')[0], line.replace(/^.*?='|'$/g, '')]),
    ) as Record<string, string>;
    const { uaa } = JSON.parse(variables['WORKFLOW_SERVICE_KEY'] ?? '') as { uaa: Record<string, string> };
    const { clientid = '', clientsecret = '', url = '' } = uaa;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientid,
      client_secret: clientsecret,
    });
    expect((await fetch(`${url}/oauth/token`, { method: 'POST', body })).status).toBe(200);
    expect((await fetch(`${variables['SANDBOX_CONTROL_URL']}/control/counters`)).status).toBe(200);
    expect(variables).toHaveProperty('INTEGRATION_SERVICE_KEY');
    expect(variables['INTEGRATION_FLOWS']).toBe('product-details=/http/products,orders=/http/orders');
    sandbox.child.kill('SIGINT');
    expect(await exitCode(sandbox.child)).toBe(0);
    expect(sandbox.stderr()).toBe('');
  });
});

describe('npm run sandbox', () => {
  // The lines are for people with curl; a slim container has none.
  const withCurl = spawnSync('curl', ['--version']).status === 0 ? it : it.skip;

  withCurl('prints lines that work, each by itself, and ends with 0 on Ctrl-C', async () => {
    const sandbox = run('--port', '0');
    await sandbox.says('Ctrl-C ends it.');
    expect(sandbox.stdout()).toMatch(/^\nFlowgate /);
    const lines = sandbox.stdout().match(/^curl .*$/gm) ?? [];
    expect(lines).toHaveLength(9);
    const shell = spawnSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' });
    const [started, instance, list, product, order, process, request, item, refusal] = shell.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(shell.stderr).toBe('');
    expect(started).toMatchObject({ definitionId: 'onboarding', status: 'RUNNING' });
    expect(instance).toMatchObject({ definitionId: 'onboarding', status: 'RUNNING' });
    expect(list).toEqual(expect.arrayContaining([started, instance]));
    expect(product).toMatchObject({ productIdentifier: 'HT-2000' });
    expect(order).toMatchObject({ status: 'accepted' });
    expect(process).toMatchObject({ definitionId: 'TestScheme', status: 'Idled' });
    expect(request).toMatchObject({ id: expect.any(String), definitionId: 'SIMPLE_REQUEST' });
    expect(item).toMatchObject({ id: 'HT-2000' });
    expect(refusal).toMatchObject({
      code: 'authority-missing',
      detail: expect.stringContaining(withheldAuthority),
      hint: expect.stringContaining('cf update-service'),
    });
    await sandbox.says('authority-missing');
    const [, listed = ''] = sandbox.stdout().split('Ctrl-C ends it.\n');
    expect(listed.trim().split('\n')).toHaveLength(lines.length);
    sandbox.child.kill('SIGINT');
    expect(await exitCode(sandbox.child)).toBe(0);
    expect(sandbox.stderr()).toBe('');
  });
});

describe('npm run sandbox -- --problem', () => {
  it('list names every problem, with what people see and what Flowgate answers', () => {
    const list = problemList();
    for (const [name, problem] of Object.entries(sandboxProblems)) {
      expect(list).toContain(`  ${name} `);
      expect(list).toContain(problem.symptom);
      expect(list).toContain(expectation(problem));
    }
  });

  it('makes one thing go wrong, prints a line that a shell reads, and ends with 0 on Ctrl-C', async () => {
    const sandbox = run('--problem', 'authority-missing', '--port', '0');
    await sandbox.says('Ctrl-C ends it.');
    expect(sandbox.stdout()).toMatch(/^\nProblem /);
    expect(sandbox.stdout()).toContain('502 authority-missing');
    const line = /^curl .*$/m.exec(sandbox.stdout())?.[0] ?? 'no line';
    expect(spawnSync('sh', ['-n', '-c', line]).status).toBe(0);
    const url = / '?(http:[^' ]+)'?$/.exec(line)?.[1] ?? '';
    const key = /x-api-key: ([^']+)'/.exec(line)?.[1] ?? '';
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const refused = await fetch(url, { method: 'POST', headers, body: '{}' });
    expect(await refused.json()).toMatchObject({ status: 502, code: 'authority-missing' });
    sandbox.child.kill('SIGINT');
    expect(await exitCode(sandbox.child)).toBe(0);
    expect(sandbox.stderr()).toBe('');
  });

  it("prints Flowgate's report and ends with 78 where the configuration is the problem", async () => {
    const sandbox = run('--problem', 'key-of-plan-api', '--port', '0');
    expect(await exitCode(sandbox.child)).toBe(78);
    expect(sandbox.stdout()).toContain('Flowgate cannot start: the configuration has 1 problem.');
    expect(sandbox.stdout()).toContain('INTEGRATION_SERVICE_KEY');
  });

  it.each(['unknown', '', 'toString'])('%j is refused in words', (name) => {
    expect(() => findProblem(name)).toThrow('`--problem list` shows them all.');
  });
});

describe('the options', () => {
  it('--help explains them', async () => {
    const help = run('--help');
    expect(await exitCode(help.child)).toBe(0);
    for (const option of ['--only-upstreams', '--port', '--problem', '--help']) {
      expect(help.stdout()).toContain(option);
    }
  });

  it('that are unknown are refused in words', async () => {
    const refused = run('--unknown');
    expect(await exitCode(refused.child)).toBe(1);
    expect(refused.stdout()).toBe('');
    expect(refused.stderr()).toContain('--unknown');
    expect(refused.stderr()).not.toContain('    at ');
  });

  it.each(['many', '70000', '-1', ''])('--port %j is refused', (port) => {
    expect(() => parseCommandLine([`--port=${port}`])).toThrow('--port must be a number from 0 to 65535.');
  });

  it('are read', () => {
    expect(parseCommandLine([])).toEqual({ help: false, onlyUpstreams: false, port: undefined });
    expect(parseCommandLine(['--only-upstreams', '--port', '4000'])).toEqual({
      help: false,
      onlyUpstreams: true,
      port: 4000,
    });
  });
});

describe('the text of the first run', () => {
  const steps = firstRunSteps('http://127.0.0.1:3000', 'a-key-of-24-characters-x', '4711', 'posix');

  it('leads through start, get, list, flow, protected flow, the other engines, an API and a refusal', () => {
    const paths = steps.map(({ command }) => /127\.0\.0\.1:3000(\/[^\s"')]*)/.exec(command)?.[1]);
    expect(paths).toEqual([
      '/api/workflow/definitions/onboarding/instances',
      '/api/workflow/instances/4711',
      '/api/workflow/instances?definitionId=onboarding&top=5',
      '/api/integration/flows/product-details',
      '/api/integration/flows/orders',
      '/api/approvals/definitions/TestScheme/instances',
      '/api/requests/definitions/SIMPLE_REQUEST/instances',
      '/api/catalogue/products/HT-2000',
      '/api/workflow/instances/4711/execution-logs',
    ]);
  });

  it('ends with a refusal because the client lacks the one authority', () => {
    expect(allAuthorities).toEqual(expect.arrayContaining([...firstRunAuthorities, withheldAuthority]));
    expect(firstRunAuthorities).not.toContain(withheldAuthority);
  });

  it('holds the address, the key, the page to try it in, and each line', () => {
    const upstreams = { Workflow: 'http://127.0.0.1:4' };
    const text = firstRunText('http://127.0.0.1:3000', 'a-key-of-24-characters-x', steps, upstreams, 'posix');
    expect(text).toContain('a-key-of-24-characters-x');
    expect(text).toContain('http://127.0.0.1:4');
    expect(text).toContain('http://127.0.0.1:3000/docs');
    for (const { command } of steps) {
      expect(text).toContain(`\n${command}\n`);
    }
  });

  it.each(steps.map(({ title, command }) => [title, command]))(
    '%s: the line is one a POSIX shell reads',
    async (_title, line) => {
      const shell = spawn('sh', ['-n', '-c', line], { stdio: 'ignore' });
      expect(await exitCode(shell)).toBe(0);
    },
  );
});
