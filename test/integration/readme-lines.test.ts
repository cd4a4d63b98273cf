import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { outsideQuotes, windowsArguments } from '../support/windows-command-line.ts';

const run = promisify(execFile);

const readme = readFileSync('README.md', 'utf8');
const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('Skipped: the lines of the README, because there is no curl.\n');
const withCurl = hasCurl ? it : it.skip;

const flowgate = useFlowgate();

/** The line of a code block of that language that calls curl, meant for this server. */
function curlLineOf(language: string): string {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))];
  const lines = blocks.flatMap(([, text = '']) => text.replaceAll('\\\n', '').split('\n'));
  const [line = '', ...others] = lines.filter((one) => /\bcurl(?:\.exe)? /.test(one));
  expect(others).toEqual([]);
  return line.replace('http://localhost:3000', flowgate.url);
}

function expectStarted(stdout: string): void {
  expect(JSON.parse(stdout)).toMatchObject({ definitionId: 'onboarding', status: 'RUNNING' });
  const context = flowgate.sandbox.control.lastRequest('workflow')?.rawBody.toString();
  expect(context).toBe('{"definitionId":"onboarding","context":{"product":"Camera","price":100}}');
}

describe('the curl lines of the README', () => {
  withCurl('start a workflow from a POSIX shell', async () => {
    const env = { PATH: process.env['PATH'], API_KEYS: `hr-portal=${API_KEY}` };
    expectStarted((await run('sh', ['-c', `${curlLineOf('sh')} -sS`], { env })).stdout);
  });

  withCurl('start a workflow from cmd.exe, by its rules of quoting', async () => {
    const line = curlLineOf('bat').replaceAll('%KEY%', API_KEY);
    expect(outsideQuotes(line)).not.toMatch(/[&|<>^%]/);
    const [program = '', ...args] = windowsArguments(line);
    expectStarted((await run(program, [...args, '-sS'])).stdout);
  });

  // learn.microsoft.com, "about_Quoting_Rules": between single quotes all is literal; between double quotes variables are not.
  withCurl('start a workflow from PowerShell, by its rules of quoting', async () => {
    const [, body = '', command = ''] = /^'([^']*)' \| curl\.exe (.*)$/.exec(curlLineOf('powershell')) ?? [];
    const words = [...command.matchAll(/"([^"`]*)"|([^\s"'`@$|;&(){}]+)/g)];
    expect(words.map(([word]) => word).join(' ')).toBe(command);
    const args = words.map(([, quoted, plain = '']) => (quoted ?? plain).replace('$env:KEY', API_KEY));
    expect(args.join(' ')).not.toMatch(/["$]/);
    const curl = run('curl', [...args, '-sS']);
    curl.child.stdin?.end(`${body}\r\n`);
    expectStarted((await curl).stdout);
  });
});
