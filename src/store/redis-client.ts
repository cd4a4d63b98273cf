import { createRequire } from 'node:module';
import type * as IoRedis from 'ioredis';
import type { RedisAddress } from '../config/redis-address.ts';

export type RedisClient = IoRedis.Redis | IoRedis.Cluster;

/** How long a connection, and a command on it, may take: nothing that is kept here is worth a longer wait. */
export const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const DISCONNECT_TIMEOUT_MS = 200;
const FIRST_RECONNECT_MS = 50;
const LAST_RECONNECT_MS = 2_000;

/**
 * A client that fails at once while there is no connection, and comes back by itself. It repeats no command: whether
 * one was carried out before its connection broke is for the caller to think about.
 */
export function connectRedis(address: RedisAddress): RedisClient {
  const ioredis = createRequire(import.meta.url)('ioredis') as typeof IoRedis; // only where there is a Redis
  const { mode, nodes, masterName, database } = address;
  const options = commonOptions(address);
  if (mode === 'cluster') {
    return new ioredis.Cluster([...nodes], {
      redisOptions: options,
      enableOfflineQueue: false,
      clusterRetryStrategy: pauseBefore,
      // The certificates of a cluster are for names, not for the addresses behind them.
      dnsLookup: (name, found) => found(null, name),
      slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    });
  }
  const reconnecting = { ...options, db: database, enableOfflineQueue: false, retryStrategy: pauseBefore };
  if (mode === 'sentinel') {
    return new ioredis.Redis({
      ...reconnecting,
      sentinels: nodes.map(({ host, port }) => ({ host, port })),
      ...(masterName === undefined ? {} : { name: masterName }),
      sentinelRetryStrategy: pauseBefore,
      sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
      ...(options.tls && { enableTLSForSentinelMode: true, sentinelTLS: options.tls }),
    });
  }
  return new ioredis.Redis({ ...reconnecting, ...nodes[0] });
}

function commonOptions({ username, password, tls }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls && {
      tls: {
        rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      },
    }),
    protocol: 2, // older servers do not know HELLO, and nothing here needs it
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: COMMAND_TIMEOUT_MS, // a server that hangs is given up, so that the next command fails at once
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // After a failover the old master is a replica: the name may lead to the new one by now.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    disableClientInfo: true,
  } satisfies IoRedis.RedisOptions;
}

/** Doubling, with jitter, so that the instances do not all come back in the same moment. */
function pauseBefore(attempt: number): number {
  const ceiling = Math.min(LAST_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
