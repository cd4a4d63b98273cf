import { bad, good, type Checked } from './checked.ts';
import type { RedisAddress } from './redis-address.ts';
import { Secret } from './secret.ts';

const CURE = 'Write it as rediss://user:password@host:6379/0, or redis:// without TLS.';
const DEFAULT_PORT = 6379;

/** `REDIS_URL`: `redis://` or, with TLS, `rediss://`; name, password, port and number of the database may be left out. */
export function parseRedisUrl(text: string): Checked<RedisAddress> {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:')) {
    return bad('is not the address of a Redis', CURE);
  }
  if (url.hostname === '') return bad('has no host', CURE);
  if (url.search !== '' || url.hash !== '') return bad('has a query or a fragment', CURE);
  const database = /^\/?$/.test(url.pathname) ? 0 : Number(/^\/(\d{1,3})$/.exec(url.pathname)?.[1]);
  if (Number.isNaN(database)) return bad('has a path that is not the number of a database', CURE);
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) {
    return bad('has a broken percent-encoding', 'Encode name and password as UTF-8, a percent sign as %25.');
  }
  return good({
    mode: 'single',
    nodes: [
      { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? DEFAULT_PORT : Number(url.port) },
    ],
    masterName: undefined,
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : new Secret(password),
    database,
    tls: url.protocol === 'rediss:' ? { ca: undefined, serverName: undefined } : undefined,
  });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
