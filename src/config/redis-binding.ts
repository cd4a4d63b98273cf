import { bad, good, type Checked } from './checked.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { RedisAddress, RedisNode, RedisTls } from './redis-address.ts';
import { Secret } from './secret.ts';

const CURE = 'Bind the service again, or set REDIS_URL.';
const DEFAULT_MASTER = 'mymaster';

/**
 * The credentials of a `redis-cache` binding. Switches and lists may come as JSON in a text: `"true"`, `"[…]"`. `tls`
 * means TLS, whatever the scheme of `uri` says.
 */
export function readRedisCredentials(credentials: JsonObject): Checked<RedisAddress> {
  const uri = URL.parse(textOf(credentials['uri']) ?? '');
  const sentinels = listOf(plain(credentials['sentinel_nodes'])).flatMap((entry) =>
    isJsonObject(entry) ? (nodeOf(entry['hostname'], entry['port']) ?? []) : [],
  );
  const tls = readTls(credentials, uri);
  const own = nodeOf(
    tls?.host ?? textOf(credentials['hostname']) ?? uri?.hostname,
    tls?.port ?? credentials['port'] ?? uri?.port,
  );
  const nodes = sentinels.length > 0 ? sentinels : own === undefined ? [] : [own];
  if (nodes.length === 0) return bad('has no hostname and port', CURE);
  const isCluster = plain(credentials['cluster_mode']) === true;
  const password = textOf(credentials['password']);
  return good({
    mode: sentinels.length > 0 ? 'sentinel' : isCluster ? 'cluster' : 'single',
    nodes,
    masterName: sentinels.length > 0 ? uri?.hash.slice(1) || DEFAULT_MASTER : undefined,
    username: textOf(credentials['username']),
    password: password === undefined ? undefined : new Secret(password),
    database: 0,
    tls: tls && { ca: tls.ca, serverName: isCluster ? nodes[0]?.host : undefined },
  });
}

interface BoundTls extends Pick<RedisTls, 'ca'> {
  readonly host: string | undefined;
  readonly port: unknown;
}

function readTls(credentials: JsonObject, uri: URL | null): BoundTls | undefined {
  const tls = plain(credentials['tls']);
  const isOn = tls === undefined ? uri?.protocol === 'rediss:' : tls === true || isJsonObject(tls);
  if (!isOn) return undefined;
  const settings = isJsonObject(tls) ? tls : {};
  const encoded = textOf(credentials['ca_base64']);
  const authorities = [
    encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8'),
    ...['ca', 'server_ca', 'sslrootcert', 'sslcert'].map((name) => textOf(settings[name])),
  ].filter((pem) => pem !== undefined);
  return {
    ca: authorities.length === 0 ? undefined : authorities.join('\n'),
    host: textOf(settings['host']),
    port: settings['port'],
  };
}

function nodeOf(host: unknown, port: unknown): RedisNode | undefined {
  const name = textOf(host);
  const number = Number(port);
  return name !== undefined && Number.isInteger(number) && number > 0 && number < 65_536
    ? { host: name, port: number }
    : undefined;
}

/** A switch, list or object that was written as JSON in a text. */
function plain(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
