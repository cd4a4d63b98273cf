import { afterEach, describe, expect, it } from '@jest/globals';
import type { StoreConfig } from '../../src/config/store-config.ts';
import { SharedStore, type StoreState } from '../../src/store/shared-store.ts';
import { StoreUnavailable } from '../../src/store/store-unavailable.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer, type RedisServerOptions } from '../support/redis-server.ts';
import { makeCertificate } from '../support/test-certificate.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function redis(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  closing.push(() => server.close());
  return server;
}

function connect(config: StoreConfig) {
  const changes: [StoreState, string | undefined][] = [];
  const store = new SharedStore(config, (state, code) => changes.push([state, code]));
  closing.push(() => store.close());
  return { store, changes };
}

const echo = "return {KEYS[1], ARGV[1], redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000)['ok']}";
const echoed = ['flowgate:a', 'b', 'OK'];

describe('the shared store', () => {
  it('runs a script on one key, whose name begins with ours', async () => {
    const { store } = connect((await redis()).storeConfig());
    expect(await store.script(echo, 'a', 'b')).toEqual(echoed);
  });

  it.each<[string, RedisServerOptions]>([
    ['with a password', { password: 'a-password' }],
    ['over TLS', { certificate: makeCertificate() }],
    ['in a cluster with a password, over TLS', { cluster: true, password: 'p', certificate: makeCertificate() }],
  ])('is reached %s', async (_name, options) => {
    const { store } = connect((await redis(options)).storeConfig());
    expect(await store.script(echo, 'a', 'b')).toEqual(echoed);
  });

  it('is found through a sentinel', async () => {
    const master = await redis();
    const sentinel = await redis({ watches: master.port });
    const { store } = connect(sentinel.storeConfig({ mode: 'sentinel', masterName: 'mymaster' }));
    expect(await store.script(echo, 'a', 'b')).toEqual(echoed);
  });

  it('is not reached with a certificate that nobody vouches for', async () => {
    const server = await redis({ certificate: makeCertificate() });
    const { store } = connect(server.storeConfig({ tls: { ca: makeCertificate().cert, serverName: undefined } }));
    await expect(store.script(echo, 'a', 'b')).rejects.toThrow(StoreUnavailable);
  });

  it('tells each change of its state once, and comes back by itself', async () => {
    const server = await redis();
    const { store, changes } = connect(server.storeConfig());
    await store.script(echo, 'a', 'b');
    await server.stop();
    await eventually(() => expect(store.state).toBe('down'));
    await expect(store.script(echo, 'a', 'b')).rejects.toThrow(StoreUnavailable);
    await expect(store.script(echo, 'a', 'b')).rejects.toThrow(StoreUnavailable);
    await server.start();
    await eventually(() => expect(store.state).toBe('up'));
    expect(await store.script(echo, 'a', 'b')).toEqual(echoed);
    expect(changes.map(([state]) => state)).toEqual(['up', 'down', 'up']);
  });

  it('that is away from the beginning fails at once and is found when it comes', async () => {
    const server = await redis();
    await server.stop();
    const { store } = connect(server.storeConfig());
    await expect(store.script(echo, 'a', 'b')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    await eventually(() => expect(store.state).toBe('up'));
  });

  it('that hangs is given up: one command waits, those after it fail at once', async () => {
    const server = await redis();
    const { store } = connect(server.storeConfig());
    await store.script(echo, 'a', 'b');
    server.freeze();
    await expect(store.script(echo, 'a', 'b')).rejects.toThrow(StoreUnavailable);
    const startMs = performance.now();
    for (let at = 0; at < 20; at++) await expect(store.script(echo, 'a', 'b')).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    server.thaw();
    await eventually(() => expect(store.state).toBe('up'), 6_000);
  });

  it('names the error of Redis by its first word, not by its text', async () => {
    const { store, changes } = connect((await redis({ password: 'right' })).storeConfig({ password: undefined }));
    await expect(store.script(echo, 'a', 'b')).rejects.toMatchObject({ code: expect.stringMatching(/^[A-Z]+$/) });
    expect(changes.at(-1)?.[0]).toBe('down');
  });
});
