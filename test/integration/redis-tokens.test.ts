import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { SharedStore } from '../../src/store/shared-store.ts';
import { TokenSharing } from '../../src/tokens/token-sharing.ts';
import type { TokenSource } from '../../src/tokens/token-source.ts';
import { tokenKey, TokenSources } from '../../src/tokens/token-sources.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import { tokenClient } from '../support/token-fixtures.ts';

let redis: RedisServer;
let server: FakeTokenServer;
const stores: SharedStore[] = [];

beforeEach(async () => {
  [redis, server] = await Promise.all([RedisServer.start(), FakeTokenServer.start()]);
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all([redis.close(), server.stop()]);
});

/** A further instance, with a store and a cache of its own. */
function instance(encryptionKey?: string): TokenSource {
  const config = redis.storeConfig();
  const store = new SharedStore(
    encryptionKey === undefined ? config : { ...config, encryptionKey: new Secret(encryptionKey) },
  );
  stores.push(store);
  return new TokenSources({ sharing: new TokenSharing(store) }).for(client());
}

async function stored(name: string): Promise<string | null> {
  const [store] = stores;
  return store === undefined ? null : store.run((redis) => redis.get(`flowgate:${name}`));
}

const client = () => tokenClient({ url: server.url });
const tokenName = () => `token:${tokenKey(client())}`;

describe('instances that share their tokens', () => {
  it('make one token request, however many ask at once', async () => {
    const values = await Promise.all(Array.from({ length: 10 }, async () => (await instance().get()).value));
    expect(new Set(values)).toEqual(new Set(['token-1']));
    expect(server.requests).toHaveLength(1);
  });

  it('take the token of one who had it before, with what is left of its life', async () => {
    server.lifeSeconds = 3;
    await instance().get();
    await delay(1_000);
    const later = instance();
    const token = await later.get();
    expect(token.value).toBe('token-1');
    expect(later.snapshot().expiresInSeconds).toBeLessThan(2);
    expect(later.snapshot().requests).toBe(0);
  });

  it('ask once more for all when the token is to be renewed', async () => {
    server.lifeSeconds = 2;
    const sources = Array.from({ length: 5 }, () => instance());
    await Promise.all(sources.map(async (source) => source.get()));
    await delay(1_850); // past the age from which callers wait
    const renewed = await Promise.all(sources.map(async (source) => (await source.get()).value));
    await eventually(() => expect(server.requests.length).toBe(2));
    await delay(100);
    const values = await Promise.all(sources.map(async (source) => (await source.get()).value));
    expect(new Set([...renewed, ...values])).toEqual(new Set(['token-2']));
    expect(server.requests).toHaveLength(2);
  });

  it('do not hand on a token that a service refuses', async () => {
    const [one, other] = [instance(), instance()];
    const refused = await one.get();
    await other.get();
    expect(one.refuse(refused, 401)).toBe(true);
    expect((await one.get()).value).toBe('token-2');
    expect(other.refuse(refused, 401)).toBe(true);
    expect((await other.get()).value).toBe('token-2');
    expect(server.requests).toHaveLength(2);
  });

  it('do not take a newer token away when an old one is refused late', async () => {
    const [one, other] = [instance(), instance()];
    const old = await one.get();
    await other.get();
    one.refuse(old, 401);
    await one.get();
    other.refuse(old, 401);
    await other.get();
    expect(await stored(tokenName())).not.toBeNull();
    expect((await instance().get()).value).toBe('token-2');
  });

  it('leave nothing in Redis by which a token could be read', async () => {
    server.respondOnceWithToken({ access_token: 'a-token-that-must-not-be-seen' });
    await instance().get();
    const text = (await stored(tokenName())) ?? '';
    expect(text.length).toBeGreaterThan(64);
    expect(text).not.toContain('a-token');
    expect(text).not.toContain(Buffer.from('a-token-that').toString('base64').slice(0, 12));
  });

  it('forget a token in Redis when its life is over', async () => {
    server.lifeSeconds = 1;
    await instance().get();
    await delay(1_100);
    expect(await stored(tokenName())).toBeNull();
  });

  it('with another key that seals ask for their own, and replace what they cannot read', async () => {
    await instance().get();
    const rekeyed = instance(Buffer.alloc(32, 1).toString('base64'));
    expect((await rekeyed.get()).value).toBe('token-2');
  });

  it('are not fooled by a token that somebody put there under another name', async () => {
    await instance().get();
    const other = { ...client(), params: { scope: 'more' } };
    const [store] = stores;
    const text = (await stored(tokenName())) ?? '';
    await store?.run((redis) => redis.set(`flowgate:token:${tokenKey(other)}`, text, 'PX', 60_000));
    const sharing = store && new TokenSharing(store);
    const token = await new TokenSources({ sharing }).for(other).get();
    expect(token.value).toBe('token-2');
  });

  it('do not wait for one that died while it asked', async () => {
    const first = instance();
    const [store] = stores;
    await store?.run((redis) => redis.set(`flowgate:lock:${tokenKey(client())}`, 'somebody', 'PX', 300, 'NX'));
    expect((await first.get()).value).toBe('token-1');
  });

  it('each ask for themselves when the one that asks fails', async () => {
    const [one, other] = [instance(), instance()];
    server.respondOnceWith(500, '');
    const answers = await Promise.allSettled([one.get(), other.get()]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(server.requests).toHaveLength(2);
  });

  it('each have their own tokens while Redis is away', async () => {
    await redis.stop();
    const [one, other] = [instance(), instance()];
    const values = await Promise.all([one.get(), other.get()].map(async (token) => (await token).value));
    expect(values.sort()).toEqual(['token-1', 'token-2']);
  });

  it('get a token though Redis hangs', async () => {
    const one = instance();
    await one.get();
    redis.freeze();
    const other = instance();
    expect((await other.get()).value).toBe('token-2');
    redis.thaw();
  });
});
