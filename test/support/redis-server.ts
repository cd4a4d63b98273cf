import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { RedisAddress } from '../../src/config/redis-address.ts';
import { Secret } from '../../src/config/secret.ts';
import type { StoreConfig } from '../../src/config/store-config.ts';
import { freePort } from './free-port.ts';
import type { TestCertificate } from './test-certificate.ts';

export interface RedisServerOptions {
  readonly password?: string;
  readonly certificate?: TestCertificate;
  /** One node that has all slots. */
  readonly cluster?: boolean;
  /** The port of the master that this one watches as a sentinel, under the name `mymaster`. */
  readonly watches?: number;
}

/** A real `redis-server` on a free port of loopback, with nothing in it. It can be stopped and started again. */
export class RedisServer {
  readonly port: number;
  readonly encryptionKey = randomBytes(32).toString('base64');
  readonly #folder: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: RedisServerOptions) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'flowgate-redis-')), options);
    await server.start();
    if (options.cluster === true) await server.#takeAllSlots();
    return server;
  }

  /** `redis://127.0.0.1:<port>` with the password, if there is one. */
  get url(): string {
    const { password, certificate } = this.#options;
    return `${certificate ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${this.port}`;
  }

  /** The variables that connect Flowgate to it. */
  get env(): Record<string, string> {
    return { REDIS_URL: this.url, FLOWGATE_ENCRYPTION_KEY: this.encryptionKey };
  }

  storeConfig(changes: Partial<RedisAddress> = {}): StoreConfig {
    const { password, certificate, cluster } = this.#options;
    return {
      source: 'the test',
      encryptionKey: new Secret(this.encryptionKey),
      redis: {
        mode: cluster === true ? 'cluster' : 'single',
        nodes: [{ host: '127.0.0.1', port: this.port }],
        masterName: undefined,
        username: undefined,
        password: password === undefined ? undefined : new Secret(password),
        database: 0,
        tls: certificate && { ca: certificate.cert, serverName: undefined },
        ...changes,
      },
    };
  }

  async start(): Promise<void> {
    const { watches } = this.#options;
    const file = join(this.#folder, 'redis.conf');
    await writeFile(file, (await this.#settings()).join('\n'));
    this.#child = spawn('redis-server', watches === undefined ? [file] : [file, '--sentinel'], {
      cwd: this.#folder,
      stdio: 'ignore',
    });
    await untilListening(this.port);
  }

  /** Ends the process; what was in it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Leaves connections open and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #settings(): Promise<string[]> {
    const { password, certificate, cluster, watches } = this.#options;
    const lines = [`port ${certificate ? 0 : this.port}`, 'bind 127.0.0.1', 'daemonize no'];
    if (watches !== undefined) return [...lines, `sentinel monitor mymaster 127.0.0.1 ${watches} 1`];
    lines.push('save ""', 'appendonly no', 'maxmemory-policy noeviction');
    if (password !== undefined) lines.push(`requirepass ${password}`);
    if (cluster === true) {
      // A node that never met another does not know its own address.
      lines.push('cluster-enabled yes', 'cluster-config-file nodes.conf', 'cluster-announce-ip 127.0.0.1');
      if (certificate) lines.push('tls-cluster yes');
    }
    if (certificate) {
      const [cert, key] = [join(this.#folder, 'cert.pem'), join(this.#folder, 'key.pem')];
      await Promise.all([writeFile(cert, certificate.cert), writeFile(key, certificate.key)]);
      lines.push(`tls-port ${this.port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`);
      lines.push('tls-auth-clients no');
    }
    return lines;
  }

  async #takeAllSlots(): Promise<void> {
    const { password, certificate } = this.#options;
    const socket = certificate
      ? connectTls({ port: this.port, host: '127.0.0.1', ca: certificate.cert })
      : connect(this.port, '127.0.0.1');
    if (password !== undefined) socket.write(`AUTH ${password}\r\n`);
    socket.write('CLUSTER ADDSLOTSRANGE 0 16383\r\n');
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    // A fresh master takes no writes for two seconds.
    for (let attempt = 0; attempt < 100 && !said.includes('cluster_state:ok'); attempt++) {
      socket.write('CLUSTER INFO\r\n');
      await delay(50);
    }
    socket.destroy();
  }
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await delay(10);
  }
  throw new Error('redis-server did not come up');
}
