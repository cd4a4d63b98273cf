import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { helpText, parseCommandLine } from './command-line.ts';
import { usualShell } from './curl-line.ts';
import { addressLines, firstRunAuthorities, firstRunSteps, firstRunText, startFirstInstance } from './first-run.ts';
import { environmentLines, flowgateEnvironment, flowgateFile, upstreamEnvironment } from './flowgate-environment.ts';
import { findProblem, problemList } from './problems.ts';
import { runProblem } from './run-problem.ts';
import { startFlowgate } from './start-flowgate.ts';
import { startSandbox } from './start-sandbox.ts';
import type { Sandbox } from './start-sandbox.ts';

const usualPort = 3000;

type Close = () => Promise<void>;

/** The edge of the process: options, output for people, Ctrl-C. */
async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(helpText);
    return;
  }
  if (options.problem !== undefined) {
    await showProblem(options.problem, options.port);
    return;
  }
  await (options.onlyUpstreams ? runUpstreams(options.port) : runWithFlowgate(options.port));
}

/** Ends with code 0 on Ctrl-C. To be called before anything is printed: whoever reads it may answer with a signal. */
function closeOnSignal(close: Close): void {
  const stop = (): void => {
    void close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** Everything printed is a valid `.env` file, so that it can be written to one. */
async function runUpstreams(firstPort: number | undefined): Promise<void> {
  const sandbox = await startSandbox(firstPort === undefined || firstPort === 0 ? {} : { ports: inARow(firstPort) });
  closeOnSignal(() => sandbox.close());
  const comments = addressLines(addresses(sandbox)).replaceAll(/^/gm, '# ');
  const lines = environmentLines({ ...upstreamEnvironment(sandbox), SANDBOX_CONTROL_URL: sandbox.controlUrl });
  process.stdout.write(`${comments}\n${lines}\n`);
}

async function runWithFlowgate(port: number | undefined): Promise<void> {
  const sandbox = await startSandbox({ authorities: firstRunAuthorities });
  const apiKey = randomBytes(24).toString('base64url');
  const env = flowgateEnvironment(sandbox, { port: port ?? (await freePort(usualPort)), apiKey });
  const flowgate = await startFlowgate({ env, file: flowgateFile }, (line) => process.stdout.write(`${line}\n`));
  closeOnSignal(async () => {
    await flowgate.close();
    await sandbox.close();
  });
  const instanceId = await startFirstInstance(flowgate.url, apiKey);
  const shell = usualShell(process.platform);
  const steps = firstRunSteps(flowgate.url, apiKey, instanceId, shell);
  process.stdout.write(firstRunText(flowgate.url, apiKey, steps, addresses(sandbox), shell));
}

/** Ends with 78, as Flowgate itself does, where the configuration is the problem. */
async function showProblem(name: string, port: number | undefined): Promise<void> {
  if (name === 'list') {
    process.stdout.write(problemList());
    return;
  }
  const problem = findProblem(name);
  const sandbox = await startSandbox();
  const apiKey = randomBytes(24).toString('base64url');
  const settings = { port: port ?? (await freePort(usualPort)), apiKey, shell: usualShell(process.platform) };
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  const { flowgate, text } = await runProblem(name, problem, sandbox, settings, print);
  if (flowgate === undefined) process.exitCode = 78;
  else
    closeOnSignal(async () => {
      await flowgate.close();
      await sandbox.close();
    });
  process.stdout.write(text);
  if (flowgate === undefined) await sandbox.close();
}

function addresses(sandbox: Sandbox): Record<string, string> {
  return {
    'OAuth server': sandbox.authorizationServer.url,
    Workflow: sandbox.workflow.url,
    Integration: sandbox.integration.url,
    WorkflowServer: sandbox.workflowServer.url,
    WorkflowGen: sandbox.workflowgen.graphqlUrl,
    'HTTP API': sandbox.httpApi.url,
    Control: `${sandbox.controlUrl}/control (see sandbox/README.md)`,
  };
}

function inARow(first: number) {
  return {
    authorizationServer: first,
    workflow: first + 1,
    integration: first + 2,
    control: first + 3,
    workflowServer: first + 4,
  };
}

/** `wanted`, or any free port if something listens there already. */
async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  for (const candidate of [wanted, 0]) {
    try {
      probe.listen(candidate, '127.0.0.1');
      await once(probe, 'listening');
      break;
    } catch {
      // Taken: the next candidate is any free one.
    }
  }
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
