import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { prepareProblem, send, type FlowgateAddress } from '../../sandbox/prepare-problem.ts';
import type { ProblemRequest, RequestProblem } from '../../sandbox/problems/sandbox-problem.ts';
import { sourcesOf } from '../../sandbox/run-problem.ts';
import type { FlowgateSources } from '../../sandbox/start-flowgate.ts';
import { startSandbox, type Sandbox } from '../../sandbox/start-sandbox.ts';
import { createFlowgate } from '../../src/app/app.ts';
import { createHttpServer } from '../../src/app/http-server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { Answer } from './flowgate-stack.ts';
import { PlantedSecrets } from './planted-secrets.ts';

export const PROBLEM_KEY = 'problem-key-0123456789abcdef';

/** Flowgate under one configuration, ready to be called. */
export interface ProblemFlowgate extends FlowgateAddress {
  readonly server: Server;
  ask(request: ProblemRequest): Promise<Answer>;
}

/** One sandbox, and a fresh Flowgate for each problem: none remembers the tokens and refusals of another. */
export class ProblemStack {
  readonly secrets = new PlantedSecrets();
  #sandbox: Sandbox | undefined;

  get sandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('the stack is not started');
    return this.#sandbox;
  }

  async start(): Promise<void> {
    const sandbox = await startSandbox();
    this.#sandbox = sandbox;
    this.secrets.plant('API key', PROBLEM_KEY);
    this.secrets.plantAllOf('service keys', sandbox.serviceKeys);
    this.secrets.plantAllOf('WorkflowServer', sandbox.workflowServer);
    this.secrets.plantAllOf('WorkflowGen', sandbox.workflowgen);
  }

  async stop(): Promise<void> {
    await this.#sandbox?.close();
  }

  /** Runs a problem of the sandbox up to Flowgate's answer. */
  show(problem: RequestProblem): Promise<Answer> {
    const sources = sourcesOf(problem, this.sandbox, { port: 0, apiKey: PROBLEM_KEY });
    return this.withFlowgate(sources, async (flowgate) =>
      flowgate.ask(await prepareProblem(problem, flowgate, this.sandbox)),
    );
  }

  /** The environment and the file that put Flowgate in front of the sandbox, with something added. */
  sources(settings: Partial<FlowgateSources> = {}): FlowgateSources {
    const problem = { kind: 'request', symptom: '', request: { path: '' }, expect: { status: 0 } } as const;
    return sourcesOf({ ...problem, settings: () => settings }, this.sandbox, { port: 0, apiKey: PROBLEM_KEY });
  }

  /** Starts Flowgate for as long as `use` lasts. All that it says is looked through for secrets. */
  async withFlowgate<T>({ env, file }: FlowgateSources, use: (flowgate: ProblemFlowgate) => Promise<T>): Promise<T> {
    const config = loadConfig({ env, cwd: '/', readFile: (path) => (path === '/flowgate.yaml' ? file : noFile()) });
    const log = createLog('debug', { write: (line: string) => this.secrets.look('the log', line) });
    const flowgate = createFlowgate(config, log);
    const server = createHttpServer(flowgate.app, log);
    this.secrets.watch(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const address = { url, apiKey: PROBLEM_KEY };
    try {
      return await use({ ...address, server, ask: async (request) => answerOf(await send(request, address)) });
    } finally {
      server.close();
      server.closeAllConnections();
      await flowgate.close();
    }
  }
}

/** A stack for the tests of one file; after each test the sandbox forgets its faults, and nothing may have leaked. */
export function useProblems(): ProblemStack {
  const stack = new ProblemStack();
  beforeAll(() => stack.start());
  afterEach(async () => {
    await stack.sandbox.control.reset();
    expect(stack.secrets.takeLeaks()).toEqual([]);
  });
  afterAll(() => stack.stop());
  return stack;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noFile(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}
