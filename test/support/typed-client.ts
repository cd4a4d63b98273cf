import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The example of a typed client in a folder of its own, as its reader would have it after `npm install`: with the types
 * of this document.
 */
export class TypedClient {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(document: unknown): Promise<void> {
    await cp('examples/typed-client', this.#folder, { recursive: true });
    await symlink(join(process.cwd(), 'node_modules'), join(this.#folder, 'node_modules'));
    await writeFile(join(this.#folder, 'openapi.json'), JSON.stringify(document));
    const hook = new URL('typescript-api-hook.js', import.meta.url).href;
    const generator = 'node_modules/openapi-typescript/bin/cli.js';
    await this.#node(['--import', hook, generator, 'openapi.json', '-o', 'flowgate.d.ts']);
  }

  /** What the compiler finds wrong. */
  async typeErrors(): Promise<string> {
    return this.#node([join(process.cwd(), 'node_modules/typescript/bin/tsc')]);
  }

  /** What the client prints. */
  start(env: Readonly<Record<string, string>>): Promise<string> {
    return this.#node(['client.ts'], env);
  }

  /** Serves its page on that port. */
  async serve(port: number): Promise<ChildProcess> {
    const server = spawn(process.execPath, ['--no-warnings', 'serve.js', String(port)], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
    return server;
  }

  async #node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const ended = run(process.execPath, args, { cwd: this.#folder, env: { PATH: process.env['PATH'], ...env } });
    const { stdout, stderr } = await ended.catch((error: unknown) => error as { stdout: string; stderr: string });
    return stdout + stderr;
  }
}
