import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { createFlowgate, type Flowgate } from '../../src/app/app.ts';
import { createHttpServer, type HttpLimits } from '../../src/app/http-server.ts';
import { closeSharedParts, createSharedParts } from '../../src/app/shared-parts.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { TokenCache } from '../../src/tokens/token-cache.ts';
import { DocumentedProblems } from './documented-problems.ts';
import { PlantedSecrets } from './planted-secrets.ts';

export const API_KEY = 'test-key-0123456789abcdef';

export interface StackOptions {
  /** Beside the services of the sandbox and one caller. */
  readonly env?: Readonly<Record<string, string>>;
  /** The text of `flowgate.yaml`, made when the sandbox's addresses are known. */
  readonly file?: (sandbox: Sandbox) => string;
  /** Further files in the folder of that file, by their paths below it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly sandbox?: Parameters<typeof startSandbox>[0];
  /** Limits of the HTTP server, where a test cannot wait for the usual ones. */
  readonly http?: Partial<HttpLimits>;
  /** Where to listen, for tests that must know the origin beforehand; any free port if not given. */
  readonly port?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or `undefined`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
  readonly json: any;
}

/** Flowgate in front of a sandbox, on real sockets, under the planted-secret scanner. */
export class FlowgateStack {
  readonly secrets = new PlantedSecrets();
  readonly problems = new DocumentedProblems();
  readonly logLines: Record<string, unknown>[] = [];
  #sandbox: Sandbox | undefined;
  #flowgate: Flowgate | undefined;
  #server: Server | undefined;
  #create: (() => Flowgate) | undefined;
  #closeShared: (() => Promise<void>) | undefined;

  async start(options: StackOptions): Promise<void> {
    const sandbox = await startSandbox(options.sandbox);
    this.#sandbox = sandbox;
    this.secrets.plant('API key', API_KEY);
    this.secrets.plantAllOf('service keys', sandbox.serviceKeys);
    this.secrets.plantAllOf('WorkflowServer', sandbox.workflowServer);
    this.secrets.plant('the static token', sandbox.workflowServer.accessToken);
    const config = loadConfig(stackSources(sandbox, options));
    this.problems.announce(config);
    const log = createLog('debug', { write: (line: string) => this.#readLogLine(line) });
    const shared = createSharedParts(config, log);
    this.#create = () => createFlowgate(config, log, { shared: { ...shared, tokens: new TokenCache() } });
    this.#closeShared = () => closeSharedParts(shared);
    this.#flowgate = this.#create();
    this.#server = createHttpServer((request, response) => this.#flowgate?.app(request, response), log, options.http);
    this.secrets.watch(this.#server);
    this.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server?.close();
    this.#server?.closeAllConnections();
    await this.#flowgate?.close();
    await this.#closeShared?.();
    await this.#sandbox?.close();
  }

  /**
   * Puts a new Flowgate in the place of the old one, which may be leaving a service alone that failed too often. It
   * remembers what was started, and no tokens.
   */
  async renew(): Promise<void> {
    const old = this.#flowgate;
    this.#flowgate = this.#create?.();
    await old?.close();
  }

  get sandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('the stack is not started');
    return this.#sandbox;
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | undefined;
    if (!address) throw new Error('the stack is not started');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections of clients that are open. */
  openConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server?.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** Sends a request with the API key, a JSON body where one is given. */
  async send(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'x-api-key': API_KEY,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  #readLogLine(line: string): void {
    this.secrets.look('the log', line);
    const entry = JSON.parse(line) as Record<string, unknown>;
    this.problems.look(entry);
    this.logLines.push(entry);
  }
}

/**
 * Starts a stack for the tests of one file. After each test the sandbox forgets its faults; nothing may have leaked, and
 * no problem may have come that the API description does not announce.
 */
export function useFlowgate(options: StackOptions = {}): FlowgateStack {
  const stack = new FlowgateStack();
  beforeAll(() => stack.start(options));
  afterEach(async () => {
    await stack.sandbox.control.reset();
    stack.logLines.length = 0;
    expect(stack.secrets.takeLeaks()).toEqual([]);
    expect(stack.problems.takeSurprises()).toEqual([]);
  });
  afterAll(() => stack.stop());
  return stack;
}

/** Starts a stack for one test, for what would harm the others of its file. */
export async function withFlowgate(options: StackOptions, run: (stack: FlowgateStack) => Promise<void>): Promise<void> {
  const stack = new FlowgateStack();
  try {
    await stack.start(options);
    await run(stack);
    expect(stack.secrets.takeLeaks()).toEqual([]);
  } finally {
    await stack.stop();
  }
}

function stackSources(
  sandbox: Sandbox,
  { env = {}, file, files = {} }: StackOptions,
): Parameters<typeof loadConfig>[0] {
  const text = file?.(sandbox);
  return {
    cwd: '/stack',
    env: {
      WORKFLOW_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.workflow),
      INTEGRATION_SERVICE_KEY: JSON.stringify(sandbox.serviceKeys.integration),
      INTEGRATION_FLOWS: 'product-details=/http/products,orders=/http/orders,failing=/http/failing',
      API_KEYS: `tester=${API_KEY}`,
      ...env,
    },
    readFile(path) {
      const found = path === '/stack/flowgate.yaml' ? text : files[path.replace('/stack/', '')];
      if (found !== undefined) return found;
      throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
