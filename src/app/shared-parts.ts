import type { Config } from '../config/config.ts';
import { Ledger } from '../ledger/ledger.ts';
import { MemoryRecords } from '../ledger/memory-records.ts';
import { RedisRecords } from '../ledger/redis-records.ts';
import { SharedStore } from '../store/shared-store.ts';
import type { Log } from '../telemetry/log.ts';
import { TokenCache } from '../tokens/token-cache.ts';

/** What outlives a change of the configuration: what was started, and tokens that are still good. */
export interface SharedParts {
  /** `undefined`: this instance has its state for itself. */
  readonly store: SharedStore | undefined;
  readonly ledger: Ledger;
  readonly tokens: TokenCache;
}

export function createSharedParts({ store: config }: Pick<Config, 'store'>, log: Log): SharedParts {
  const store = config && openStore(config, log);
  const records = store === undefined ? new MemoryRecords() : new RedisRecords(store);
  return { store, ledger: new Ledger(records), tokens: new TokenCache() };
}

export async function closeSharedParts({ store, tokens }: SharedParts): Promise<void> {
  tokens.close();
  await store?.close();
}

/** Each change of state is told once, however many requests meet it. */
function openStore(config: NonNullable<Config['store']>, log: Log): SharedStore {
  return new SharedStore(config, (state, reason) => {
    if (state === 'up') log.info({ store: state }, 'shared store');
    else log.warn({ store: state, reason }, 'shared store');
  });
}
