import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const NEWMAN = createRequire(import.meta.url).resolve('newman/bin/newman.js');

/** What came of one request of a collection. */
export interface NewmanExecution {
  readonly name: string;
  /** `undefined` when no answer came. */
  readonly status: number | undefined;
  /** Names of the tests that passed, and messages of those that did not. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** Runs a whole collection with an environment, as its command line does. */
export async function runNewman(collection: unknown, environment: unknown): Promise<NewmanExecution[]> {
  const folder = await mkdtemp(join(tmpdir(), 'flowgate-newman-'));
  try {
    await writeFile(join(folder, 'collection.json'), JSON.stringify(collection));
    await writeFile(join(folder, 'environment.json'), JSON.stringify(environment));
    const args = ['run', 'collection.json', '-e', 'environment.json'];
    const report = ['--reporters', 'json', '--reporter-json-export', 'report.json'];
    // A failed test is told by the exit status, too; the report says which it was.
    const ended = await run(process.execPath, [NEWMAN, ...args, ...report], { cwd: folder, timeout: 60_000 }).catch(
      (error: unknown) => error as { stderr: string },
    );
    const text = await readFile(join(folder, 'report.json'), 'utf8').catch(() => {
      throw new Error(`newman made no report: ${ended.stderr}`);
    });
    const { run: whole } = JSON.parse(text) as NewmanReport;
    return whole.executions.map(({ item, response, assertions = [] }) => ({
      name: item.name,
      status: response?.code,
      passed: assertions.filter(({ error }) => error === undefined).map(({ assertion }) => assertion),
      failed: assertions.flatMap(({ error }) => (error === undefined ? [] : [error.message])),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface NewmanReport {
  readonly run: {
    readonly executions: readonly {
      readonly item: { readonly name: string };
      readonly response?: { readonly code: number };
      readonly assertions?: readonly { readonly assertion: string; readonly error?: { readonly message: string } }[];
    }[];
  };
}
