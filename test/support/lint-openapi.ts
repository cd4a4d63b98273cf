import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REDOCLY = createRequire(import.meta.url).resolve('@redocly/cli/bin/cli.js');

/** What the linter finds in an OpenAPI document: errors and warnings of its recommended rules, each as one line. */
export async function lintOpenApi(document: unknown): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'flowgate-openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const { stdout } = await run(process.execPath, [REDOCLY, 'lint', file, '--format', 'json'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      maxBuffer: 16 * 1024 * 1024,
    }).catch((error: unknown) => error as { stdout: string });
    const { problems } = JSON.parse(stdout) as LintResult;
    return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer ?? ''})`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface LintResult {
  readonly problems: readonly {
    readonly ruleId: string;
    readonly message: string;
    readonly location: readonly { readonly pointer?: string }[];
  }[];
}
