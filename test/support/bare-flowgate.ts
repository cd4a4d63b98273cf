import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createFlowgate, type Flowgate, type FlowgateOptions } from '../../src/app/app.ts';
import { Connections } from '../../src/app/drain.ts';
import { createHttpServer } from '../../src/app/http-server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLog } from '../../src/telemetry/log.ts';

export const BARE_KEY = 'bare-key-0123456789abcdef';

export interface BareOptions extends FlowgateOptions {
  /** The text of `flowgate.yaml`. */
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that it names, by their paths from where it lies. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Flowgate in front of upstreams of a test's own, without the sandbox. */
export class BareFlowgate {
  readonly flowgate: Flowgate;
  readonly logLines: Record<string, unknown>[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly connections: Connections;
  #port = 0;

  private constructor({ file, env = {}, files = {}, ...options }: BareOptions) {
    const texts = new Map(
      Object.entries({ 'flowgate.yaml': file, ...files }).map(([path, text]) => [`/bare/${path}`, text]),
    );
    const config = loadConfig({
      cwd: '/bare',
      env: { API_KEYS: `tester=${BARE_KEY}`, ...env },
      readFile: (path) => texts.get(path) ?? noFile(path),
    });
    const log = createLog('debug', { write: (line: string) => this.logLines.push(JSON.parse(line) as never) });
    this.flowgate = createFlowgate(config, log, options);
    this.#server = createHttpServer(this.flowgate.app, log);
    this.connections = new Connections(this.#server);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: BareOptions): Promise<BareFlowgate> {
    const bare = new BareFlowgate(options);
    bare.#server.listen(0, '127.0.0.1');
    await once(bare.#server, 'listening');
    bare.#port = (bare.#server.address() as AddressInfo).port;
    return bare;
  }

  get server(): Server {
    return this.#server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections of callers that are open. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.flowgate.close();
  }
}

function noFile(path: string): never {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
}
