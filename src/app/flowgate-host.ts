import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config/config.ts';
import type { StoreConfig } from '../config/store-config.ts';
import type { Log } from '../telemetry/log.ts';
import type { ProcessUsage } from '../telemetry/process-metrics.ts';
import { createFlowgate, type Flowgate } from './app.ts';
import { closeSharedParts, createSharedParts, type SharedParts } from './shared-parts.ts';

/**
 * Serves with the Flowgate of the current configuration. A new one takes its place beside what runs: requests that are
 * under way end with the old one, the next ones begin with the new one, and what was started stays remembered.
 */
export class FlowgateHost {
  readonly #log: Log;
  readonly #usage: (() => ProcessUsage) | undefined;
  #config: Config;
  #shared: SharedParts;
  #current: Flowgate;
  #isDraining = false;
  #requests = 0;
  /** Old ones that still have something to do. */
  readonly #retiring = new Set<Promise<void>>();

  constructor(config: Config, log: Log, usage?: () => ProcessUsage) {
    this.#log = log;
    this.#usage = usage;
    this.#config = config;
    this.#shared = createSharedParts(config, log);
    this.#current = this.#create(config);
  }

  /** For the HTTP server. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#requests++;
    this.#current.app(request, response);
  };

  /** How many requests have come so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Takes a new configuration. @throws what `createFlowgate` throws; then the old one stays */
  reconfigure(wanted: Config): void {
    const config = this.#withStoreOfSameKind(wanted);
    const oldShared = this.#shared;
    const isSameStore = identify(config.store) === identify(this.#config.store);
    if (!isSameStore) this.#shared = createSharedParts(config, this.#log);
    const old = this.#current;
    try {
      this.#current = this.#create(config);
    } catch (error) {
      if (!isSameStore) void closeSharedParts(this.#shared);
      this.#shared = oldShared;
      throw error;
    }
    this.#config = config;
    if (this.#isDraining) this.#current.beginDraining();
    this.#retire(old.close().then(() => (isSameStore ? undefined : closeSharedParts(oldShared))));
  }

  beginDraining(): void {
    this.#isDraining = true;
    this.#current.beginDraining();
  }

  /** Waits until nothing runs any more, then closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#current.close(), ...this.#retiring]);
    await closeSharedParts(this.#shared);
  }

  #create(config: Config): Flowgate {
    return createFlowgate(config, this.#log, { usage: this.#usage, shared: this.#shared });
  }

  #retire(closing: Promise<void>): void {
    const retiring = closing
      .catch((error: unknown) => this.#log.error({ err: error }, 'an old configuration could not be closed'))
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  /** The records of one instance cannot move into Redis, nor back: without them something could be started twice. */
  #withStoreOfSameKind(config: Config): Config {
    if ((config.store === undefined) === (this.#config.store === undefined)) return config;
    this.#log.warn('Redis was added to the configuration or taken out of it: that takes effect with the next start');
    return { ...config, store: this.#config.store };
  }
}

/** Equal for the same Redis, its password and the key that seals. */
function identify(store: StoreConfig | undefined): string {
  return JSON.stringify([store?.redis, store?.redis.password?.digest(), store?.encryptionKey.digest()]);
}
