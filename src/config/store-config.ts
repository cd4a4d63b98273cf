import type { Binding } from './binding.ts';
import { bad, good, type Checked, type Fault } from './checked.ts';
import { readVariable, type Environment } from './environment-variables.ts';
import type { Findings } from './findings.ts';
import type { RedisAddress } from './redis-address.ts';
import { readRedisCredentials } from './redis-binding.ts';
import { parseRedisUrl } from './redis-url.ts';
import { Secret } from './secret.ts';

/** The state that several instances share. */
export interface StoreConfig {
  /** For people: `REDIS_URL`, `binding my-redis`. */
  readonly source: string;
  readonly redis: RedisAddress;
  /** Seals what is stored: 32 bytes, base64. */
  readonly encryptionKey: Secret;
}

const REDIS_LABEL = 'redis-cache';
const KEY_BYTES = 32;
const KEY_CURE = 'Make one with "openssl rand -base64 32" and give all instances the same.';

/**
 * The Redis of `REDIS_URL`, or else the one that is bound; `undefined` where there is none, or after problems were noted.
 */
export function readStore(env: Environment, bindings: readonly Binding[], findings: Findings): StoreConfig | undefined {
  const found = addressFromUrl(env, bindings, findings) ?? addressFromBinding(bindings, findings);
  const encryptionKey = readEncryptionKey(env, found !== undefined, findings);
  if (found === undefined) noticeLonelyInstance(env, findings);
  if (found?.redis === undefined || encryptionKey === undefined) return undefined;
  return { source: found.source, redis: found.redis, encryptionKey };
}

interface FoundAddress {
  readonly source: string;
  /** `undefined`: it is there and wrong. */
  readonly redis: RedisAddress | undefined;
}

function addressFromUrl(env: Environment, bindings: readonly Binding[], findings: Findings): FoundAddress | undefined {
  const source = 'REDIS_URL';
  const url = readVariable(env, source);
  if (url === undefined) return undefined;
  for (const { name } of bindings.filter(isRedis)) findings.notice(`binding ${name} is not used: ${source} is set.`);
  return { source, redis: findings.take(source, parseRedisUrl(url)) };
}

/** With two of them there is no guess: instances that chose differently would share nothing. */
function addressFromBinding(bindings: readonly Binding[], findings: Findings): FoundAddress | undefined {
  const [binding, ...others] = bindings.filter(isRedis);
  if (binding === undefined) return undefined;
  const source = `binding ${binding.name}`;
  if (others.length > 0) {
    findings.problem(source, {
      problem: 'is not the only bound Redis',
      cure: 'Unbind the others, or name one with REDIS_URL.',
    });
    return { source, redis: undefined };
  }
  return { source, redis: findings.take(source, readRedisCredentials(binding.credentials)) };
}

function isRedis({ label }: Binding): boolean {
  return label === REDIS_LABEL;
}

function readEncryptionKey(env: Environment, isNeeded: boolean, findings: Findings): Secret | undefined {
  const name = 'FLOWGATE_ENCRYPTION_KEY';
  const text = readVariable(env, name);
  if (text !== undefined) return findings.take(name, parseEncryptionKey(text));
  if (isNeeded) findings.problem(name, MISSING_KEY);
  return undefined;
}

const MISSING_KEY: Fault = { problem: 'is not set, and shared state in Redis is sealed with it', cure: KEY_CURE };

function parseEncryptionKey(text: string): Checked<Secret> {
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  if (isBase64 && Buffer.from(text, 'base64').length === KEY_BYTES) return good(new Secret(text));
  return bad(`is not ${KEY_BYTES} bytes in base64`, KEY_CURE);
}

/** Cloud Foundry numbers the instances of an application from 0. */
function noticeLonelyInstance(env: Environment, findings: Findings): void {
  const index = readVariable(env, 'CF_INSTANCE_INDEX');
  if (index === undefined || index === '0') return;
  findings.notice(
    'There are several instances and no Redis: each knows the Idempotency-Keys and counts the rate limits of its own requests only. Bind a redis-cache or set REDIS_URL.',
  );
}
