import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenSources } from '../../src/tokens/token-sources.ts';
import type { TokenEvent } from '../../src/tokens/token-events.ts';
import type { TokenSource } from '../../src/tokens/token-source.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { FakeClock, problemOf, tokenClient } from '../support/token-fixtures.ts';

let server: FakeTokenServer;
let clock: FakeClock;
let source: TokenSource;
beforeEach(async () => {
  server = await FakeTokenServer.start();
  clock = new FakeClock();
  source = new TokenSources({ clock }).for(tokenClient({ url: server.url }));
});
afterEach(() => server.stop());

/** Waits, for two seconds at most, until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  expect(condition()).toBe(true);
}

describe('a token source and its authorization server', () => {
  it('meet once for a thousand cold callers', async () => {
    const tokens = await Promise.all(Array.from({ length: 1000 }, async () => (await source.get()).value));
    expect([new Set(tokens), server.requests.length]).toEqual([new Set(['token-1']), 1]);
  });

  it('meet once for equal clients of two services', async () => {
    const sources = new TokenSources();
    const [one, two] = [sources.for(tokenClient({ url: server.url })), sources.for(tokenClient({ url: server.url }))];
    await Promise.all([one.get(), two.get()]);
    expect(server.requests).toHaveLength(1);
  });

  it('meet in the background while the old token serves', async () => {
    await source.get();
    clock.advanceSeconds(3000);
    const release = server.holdOnce();
    expect(source.get()).toMatchObject({ value: 'token-1' });
    await until(() => server.requests.length === 2);
    expect(source.get()).toMatchObject({ value: 'token-1' });
    release();
    await until(() => source.snapshot().state === 'valid');
    expect(source.get()).toMatchObject({ value: 'token-2' });
  });

  it('meet twice when the first connection breaks: one repeat is enough', async () => {
    server.resetOnce();
    expect(await source.get()).toMatchObject({ value: 'token-1' });
    expect(server.requests).toHaveLength(2);
  });

  it('meet no third time', async () => {
    server.resetOnce().resetOnce();
    expect((await problemOf(() => source.get())).code).toBe('token-unavailable');
    expect(server.requests).toHaveLength(2);
  });

  it('meet once when it limits us, and not again until its Retry-After is over', async () => {
    server.respondOnceWithHtml(429, { 'retry-after': '20' });
    expect(await problemOf(() => source.get())).toMatchObject({ code: 'token-unavailable', retryAfterSeconds: 20 });
    clock.advanceSeconds(19);
    expect(await problemOf(() => source.get())).toMatchObject({ retryAfterSeconds: 1 });
    expect(server.requests).toHaveLength(1);
    clock.advanceSeconds(1);
    expect(await source.get()).toMatchObject({ value: 'token-1' });
  });

  it('meet not again until its quota of tokens begins anew', async () => {
    server.respondOnceWithJson(
      429,
      { error: 'too_many_requests' },
      { 'auth0-client-quota-limit': 'b=per_hour;q=100;r=0;t=300' },
    );
    expect(await problemOf(() => source.get())).toMatchObject({ code: 'token-unavailable', retryAfterSeconds: 60 });
    clock.advanceSeconds(299);
    expect(await problemOf(() => source.get())).toMatchObject({ retryAfterSeconds: 1 });
    expect(server.requests).toHaveLength(1);
    clock.advanceSeconds(1);
    expect(await source.get()).toMatchObject({ value: 'token-1' });
  });

  it('tell of quotas, whether a token comes or not', async () => {
    const told: TokenEvent[] = [];
    const observed = new TokenSources({ clock, onEvent: (event) => told.push(event) });
    const quota = (remaining: number) => ({ 'auth0-client-quota-limit': `b=per_day;q=9;r=${remaining};t=5` });
    const body = { access_token: 'a', token_type: 'Bearer', expires_in: 10 };
    server.respondOnceWithJson(200, body, quota(1)).respondOnceWithJson(429, {}, quota(0));
    const one = observed.for(tokenClient({ url: server.url }));
    await one.get();
    clock.advanceSeconds(60);
    await problemOf(() => one.get());
    const quotas = told.flatMap((event) => (event.type === 'quota' ? event.quotas : []));
    expect(quotas).toEqual([
      { of: 'client', period: 'per_day', limit: 9, remaining: 1, resetSeconds: 5 },
      { of: 'client', period: 'per_day', limit: 9, remaining: 0, resetSeconds: 5 },
    ]);
  });

  it('meet again after a garbage answer', async () => {
    server.respondOnceWithHtml(200);
    const problem = await problemOf(() => source.get());
    expect(problem.details.detail).toBe('The authorization server answered 200 without a token (text/html).');
    clock.advanceSeconds(30);
    expect(await source.get()).toMatchObject({ value: 'token-1' });
  });

  it('meet once after a hundred refusals of the same token', async () => {
    const token = await source.get();
    const fresh = await Promise.all(
      Array.from({ length: 100 }, async () => (source.refuse(token, 401) ? (await source.get()).value : '')),
    );
    expect([new Set(fresh), server.requests.length]).toEqual([new Set(['token-2']), 2]);
  });

  it('part without harm when callers give up', async () => {
    const release = server.holdOnce();
    const problems = await Promise.all(Array.from({ length: 50 }, () => problemOf(() => source.get(30))));
    expect(problems.every(({ code }) => code === 'token-unavailable')).toBe(true);
    const patient = source.get();
    release();
    expect(await patient).toMatchObject({ value: 'token-1' });
    expect(server.requests).toHaveLength(1);
  });
});
