import type { StoreConfig } from '../config/store-config.ts';
import { COMMAND_TIMEOUT_MS, connectRedis, type RedisClient } from './redis-client.ts';
import { Sealer } from './sealer.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** `connecting`: it has not been reached yet. */
export type StoreState = 'connecting' | 'up' | 'down';

/** The first command may wait so long for the first connection; later ones wait for none. */
const FIRST_CONNECTION_MS = 2_000;

/** Names of all keys begin so, for operators who look into a Redis that others use too. */
const KEY_PREFIX = 'flowgate:';

/** The Redis that several instances share: its connection, its state, and the seal of what lies in it. */
export class SharedStore {
  /** For libraries that speak to Redis themselves. Its commands fail at once while there is no connection. */
  readonly client: RedisClient;
  readonly sealer: Sealer;
  readonly #onChange: (state: StoreState, code: string | undefined) => void;
  readonly #firstConnection: Promise<void>;
  #state: StoreState = 'connecting';
  /** Why the connection broke, or did not come about. */
  #lastCode: string | undefined;
  #closing = false;

  /** @param onChange called once per change, with the code of what went wrong */
  constructor(config: StoreConfig, onChange: (state: StoreState, code: string | undefined) => void = () => undefined) {
    this.#onChange = onChange;
    this.sealer = new Sealer(config.encryptionKey);
    this.client = connectRedis(config.redis);
    this.#firstConnection = this.#listen();
  }

  get state(): StoreState {
    return this.#state;
  }

  /** The name of a key in Redis. */
  keyName(name: string): string {
    return `${KEY_PREFIX}${name}`;
  }

  /**
   * Runs commands on Redis.
   *
   * @throws {StoreUnavailable} when they failed or took too long; they may have been carried out all the same
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#state === 'connecting') await this.#firstConnection;
    try {
      const result = await withinLimit(command(this.client));
      this.#note('up');
      return result;
    } catch (error) {
      const code = codeOf(error) ?? this.#lastCode ?? 'NOT_CONNECTED';
      this.#note('down', code);
      throw new StoreUnavailable(code);
    }
  }

  /** Runs a Lua script on one key, all of it or nothing of it. */
  script(lua: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    return this.run((client) => client.eval(lua, 1, this.keyName(key), ...args));
  }

  async close(): Promise<void> {
    this.#closing = true;
    try {
      if (this.client.status === 'ready') await withinLimit(this.client.quit());
    } catch {
      // It is closed below all the same.
    }
    this.client.disconnect();
  }

  #listen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FIRST_CONNECTION_MS);
    timer.unref();
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    this.client.on('ready', () => {
      this.#lastCode = undefined;
      this.#note('up');
      settle();
    });
    this.client.on('error', (error: unknown) => {
      this.#lastCode = codeOf(error);
    });
    this.client.on('close', () => {
      this.#note('down', this.#lastCode);
      settle();
    });
    return promise;
  }

  #note(state: 'up' | 'down', code?: string): void {
    if (this.#closing || this.#state === state) return;
    this.#state = state;
    this.#onChange(state, code);
  }
}

/** Beside the client's own limit on a command, which a cluster that is being searched for does not know. */
async function withinLimit<T>(command: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new StoreUnavailable('TIMEOUT')), COMMAND_TIMEOUT_MS + 100);
  try {
    return await Promise.race([command, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The system's code, or the word that Redis begins its errors with. Never a message, which may hold arguments. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  return typeof message === 'string' ? /^[A-Z]{3,20}(?= )/.exec(message)?.[0] : undefined;
}
