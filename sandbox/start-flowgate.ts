import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createFlowgate } from '../src/app/app.ts';
import { createHttpServer } from '../src/app/http-server.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { createLog } from '../src/telemetry/log.ts';

/** Of requests that the sandbox sends itself, to make ready what people try: they are not printed. */
export const ownCorrelationId = 'sandbox-itself';

/** A Flowgate that runs in this process. */
export interface RunningFlowgate {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  close(): Promise<void>;
}

/** All that Flowgate is to know. */
export interface FlowgateSources {
  /** The variables of the public contract, as `flowgateEnvironment` makes them. */
  readonly env: Readonly<Record<string, string>>;
  /** The text of `flowgate.yaml`. */
  readonly file: string;
}

/**
 * Starts Flowgate with nothing but `sources` as its configuration: no file, no variables of this process.
 *
 * @param print gets one line for people per request
 */
export async function startFlowgate(
  { env, file }: FlowgateSources,
  print: (line: string) => void,
): Promise<RunningFlowgate> {
  const config = loadConfig({ env, cwd: '/', readFile: (path) => (path === '/flowgate.yaml' ? file : noFile(path)) });
  const log = createLog('info', { write: (line: string) => printRequest(line, print) });
  const flowgate = createFlowgate(config, log);
  const server = createHttpServer(flowgate.app, log);
  server.listen(config.listen.port, config.listen.host);
  await once(server, 'listening');
  return {
    url: `http://${config.listen.host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await flowgate.close();
    },
  };
}

/** `201 POST /api/workflow/definitions/:id/instances (12 ms)`, and the problem's code where there is one. */
function printRequest(line: string, print: (line: string) => void): void {
  const entry = JSON.parse(line) as Record<string, unknown>;
  if (typeof entry['status'] !== 'number' || entry['correlationId'] === ownCorrelationId) return;
  const { status, method, route, durationMs, code, reason } = entry as Record<string, string | number | undefined>;
  if (method === undefined) {
    print(`${status} (no request: ${reason})`);
    return;
  }
  print(`${status} ${method} ${route ?? '(no route)'} (${durationMs} ms)${code === undefined ? '' : `  ${code}`}`);
}

function noFile(path: string): never {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
}
