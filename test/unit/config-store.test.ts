import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  faultySettings,
  load,
  ONE_CALLER,
  problemWith,
  vcapBinding,
  vcapServices,
  workflowKey,
} from '../support/config-sources.ts';

const FLOWGATE_ENCRYPTION_KEY = randomBytes(32).toString('base64');
const workflow = vcapBinding('my-workflow', 'workflow', 'standard', workflowKey);

function withUrl(REDIS_URL: string, env: Record<string, string> = {}) {
  const VCAP_SERVICES = vcapServices(workflow);
  return { env: { ...ONE_CALLER, VCAP_SERVICES, REDIS_URL, FLOWGATE_ENCRYPTION_KEY, ...env } };
}

function bound(...credentials: object[]) {
  const bindings = credentials.map((one, at) => vcapBinding(`my-redis-${at}`, 'redis-cache', 'standard', one));
  return { env: { ...ONE_CALLER, VCAP_SERVICES: vcapServices(workflow, ...bindings), FLOWGATE_ENCRYPTION_KEY } };
}

function redisOf(given: Parameters<typeof load>[0]) {
  return load(given).store?.redis;
}

describe('REDIS_URL', () => {
  it('without a Redis leaves each instance to itself', () => {
    expect(load({ env: { ...ONE_CALLER, VCAP_SERVICES: vcapServices(workflow) } }).store).toBeUndefined();
  });

  it('names host, port, user, password and database', () => {
    const redis = redisOf(withUrl('redis://flow:p%40ss@redis.example.com:6380/3'));
    expect(redis).toMatchObject({ mode: 'single', username: 'flow', database: 3, tls: undefined });
    expect(redis?.nodes).toEqual([{ host: 'redis.example.com', port: 6380 }]);
    expect(redis?.password?.reveal()).toBe('p@ss');
  });

  it('has the usual port, no password and database 0 where it says nothing', () => {
    const redis = redisOf(withUrl('redis://redis.example.com'));
    expect(redis).toMatchObject({ username: undefined, password: undefined, database: 0 });
    expect(redis?.nodes).toEqual([{ host: 'redis.example.com', port: 6379 }]);
  });

  it('rediss:// is TLS', () => {
    expect(redisOf(withUrl('rediss://redis.example.com'))?.tls).toEqual({ ca: undefined, serverName: undefined });
  });

  it.each([
    ['another scheme', 'https://redis.example.com'],
    ['no address at all', 'redis.example.com:6379'],
    ['a path that is no database', 'redis://redis.example.com/cache'],
    ['a query', 'redis://redis.example.com?tls=true'],
    ['a broken password', 'redis://:%zz@redis.example.com'],
  ])('is a problem with %s', (_name, url) => {
    expect(faultySettings(withUrl(url))).toEqual(['REDIS_URL']);
  });

  it('goes before a bound Redis, which is told of', () => {
    const given = bound({ hostname: 'bound.example.com', port: 6379 });
    const config = load({ env: { ...given.env, REDIS_URL: 'redis://own.example.com' } });
    expect(config.store?.redis.nodes[0]?.host).toBe('own.example.com');
    expect(config.notices).toContain('binding my-redis-0 is not used: REDIS_URL is set.');
  });
});

describe('FLOWGATE_ENCRYPTION_KEY', () => {
  it('is required with Redis, and the problem says how to make one', () => {
    const given = withUrl('redis://redis.example.com', { FLOWGATE_ENCRYPTION_KEY: '' });
    expect(problemWith('FLOWGATE_ENCRYPTION_KEY', given)).toContain('openssl rand -base64 32');
  });

  it.each([
    ['too short', randomBytes(16).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['not base64', '*'.repeat(44)],
  ])('is a problem when it is %s', (_name, key) => {
    expect(faultySettings(withUrl('redis://redis.example.com', { FLOWGATE_ENCRYPTION_KEY: key }))).toEqual([
      'FLOWGATE_ENCRYPTION_KEY',
    ]);
  });

  it('without Redis does nothing', () => {
    const env = { ...ONE_CALLER, VCAP_SERVICES: vcapServices(workflow), FLOWGATE_ENCRYPTION_KEY };
    expect(load({ env }).store).toBeUndefined();
  });
});

describe('a bound redis-cache', () => {
  it('gives host, port, password and TLS', () => {
    const given = bound({
      cluster_mode: false,
      hostname: 'master.example.com',
      port: '6380',
      password: 'p',
      tls: true,
      uri: 'rediss://:p@master.example.com:6380',
    });
    expect(load(given).store?.source).toBe('binding my-redis-0');
    const redis = redisOf(given);
    expect(redis).toMatchObject({ mode: 'single', nodes: [{ host: 'master.example.com', port: 6380 }] });
    expect(redis?.password?.reveal()).toBe('p');
    expect(redis?.tls).toBeDefined();
  });

  it('with tls is TLS, whatever its uri says', () => {
    expect(redisOf(bound({ hostname: 'h', port: 1, tls: 'true', uri: 'redis://h:1' }))?.tls).toBeDefined();
    expect(redisOf(bound({ hostname: 'h', port: 1, tls: 'false', uri: 'rediss://h:1' }))?.tls).toBeUndefined();
  });

  it('may have an object for tls, with certificates and another host and port', () => {
    const redis = redisOf(
      bound({ hostname: 'h', port: 1, tls: { server_ca: 'CA-PEM', host: 'tls.example.com', port: 6381 } }),
    );
    expect(redis?.nodes).toEqual([{ host: 'tls.example.com', port: 6381 }]);
    expect(redis?.tls?.ca).toBe('CA-PEM');
  });

  it('may bring its authority in base64', () => {
    const ca_base64 = Buffer.from('CA-PEM').toString('base64');
    expect(redisOf(bound({ hostname: 'h', port: 1, tls: true, ca_base64 }))?.tls?.ca).toBe('CA-PEM');
  });

  it('with cluster_mode is a cluster, also when the switch is a text', () => {
    expect(redisOf(bound({ hostname: 'h', port: 1, cluster_mode: 'true' }))?.mode).toBe('cluster');
    expect(redisOf(bound({ hostname: 'h', port: 1, cluster_mode: true }))?.mode).toBe('cluster');
    expect(redisOf(bound({ hostname: 'h', port: 1, cluster_mode: 'false' }))?.mode).toBe('single');
  });

  it('with sentinel_nodes asks them for the master that its uri names', () => {
    const sentinel_nodes = [
      { hostname: 's1', port: 26379 },
      { hostname: 's2', port: '26379' },
    ];
    const nodes = [
      { host: 's1', port: 26379 },
      { host: 's2', port: 26379 },
    ];
    const uri = 'redis://:p@s1:26379#cache-master';
    expect(redisOf(bound({ sentinel_nodes, uri }))).toMatchObject({
      mode: 'sentinel',
      nodes,
      masterName: 'cache-master',
    });
    const asText = JSON.stringify(sentinel_nodes);
    expect(redisOf(bound({ sentinel_nodes: asText }))).toMatchObject({
      mode: 'sentinel',
      nodes,
      masterName: 'mymaster',
    });
  });

  it('takes the host from its uri where nothing else names it', () => {
    expect(redisOf(bound({ uri: 'rediss://:p@h.example.com:6380' }))?.nodes).toEqual([
      { host: 'h.example.com', port: 6380 },
    ]);
  });

  it('without a host is a problem', () => {
    expect(faultySettings(bound({ password: 'p' }))).toEqual(['binding my-redis-0']);
  });

  it('beside another one is a problem: instances that chose differently would share nothing', () => {
    expect(problemWith('binding my-redis-0', bound({ hostname: 'a', port: 1 }, { hostname: 'b', port: 1 }))).toContain(
      'not the only',
    );
  });
});

describe('an instance that is not the only one', () => {
  const VCAP_SERVICES = vcapServices(workflow);

  it('is told of what it does not share, without Redis', () => {
    const notices = load({ env: { ...ONE_CALLER, VCAP_SERVICES, CF_INSTANCE_INDEX: '1' } }).notices.join('\n');
    expect(notices).toContain('several instances and no Redis');
  });

  it('is not told of it when it is the first one, or has Redis', () => {
    const first = load({ env: { ...ONE_CALLER, VCAP_SERVICES, CF_INSTANCE_INDEX: '0' } });
    const shared = load(withUrl('redis://redis.example.com', { CF_INSTANCE_INDEX: '1' }));
    expect([...first.notices, ...shared.notices].join('\n')).not.toContain('several instances');
  });
});
