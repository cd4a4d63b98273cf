import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../src/problems/problem.ts';
import type { AccessToken } from '../../src/tokens/access-token.ts';
import { TokenCache } from '../../src/tokens/token-cache.ts';
import type { TokenEvent } from '../../src/tokens/token-events.ts';
import { TokenFailure } from '../../src/tokens/token-failure.ts';
import { TokenSource } from '../../src/tokens/token-source.ts';
import { accessToken, FakeClock, problemOf, tokenClient } from '../support/token-fixtures.ts';

const details = { detail: 'd', hint: 'h' };
const down = new Problem('token-unavailable', {
  ...details,
  cause: new TokenFailure('status', 'answer', 'HTTP_500', 500),
});
const passing = new Problem('token-unavailable', {
  ...details,
  cause: new TokenFailure('connection', 'connect', 'ECONNREFUSED'),
});
const refused = new Problem('credentials-rejected', details);

/** A source with a scripted token endpoint: numbered tokens, unless `fail` says otherwise. */
function setUp(lifeSeconds = 3600) {
  const clock = new FakeClock();
  const events: TokenEvent[] = [];
  const world = {
    clock,
    events,
    requests: 0,
    sleptMs: [] as number[],
    lifeSeconds,
    fail: undefined as unknown,
    /** Time that an answer takes, in seconds. */
    slowness: 0,
    hold: undefined as Promise<void> | undefined,
    token: undefined as AccessToken | undefined,
    source: undefined as unknown as TokenSource,
  };
  world.source = new TokenSource(tokenClient(), {
    cache: new TokenCache(),
    key: 't:test',
    clock,
    random: () => 1,
    onEvent: (event) => events.push(event),
    sleep: (ms) => {
      world.sleptMs.push(ms);
      clock.advanceSeconds(ms / 1000);
      return Promise.resolve();
    },
    request: async () => {
      world.requests += 1;
      const number = world.requests;
      const requestedAtMs = clock.wallMs();
      await world.hold;
      clock.advanceSeconds(world.slowness);
      if (world.fail !== undefined) throw world.fail as Error;
      return world.token ?? accessToken(`token-${number}`, { lifeSeconds: world.lifeSeconds, requestedAtMs });
    },
  });
  return world;
}

type World = ReturnType<typeof setUp>;

async function value(world: World): Promise<string> {
  return (await world.source.get()).value;
}

/** Lets everything that is ready happen. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('having a token', () => {
  it('gives a cached token at once, without a promise', async () => {
    const world = setUp();
    const first = await world.source.get();
    expect(world.source.get()).toBe(first);
  });

  it('asks once for a thousand cold callers', async () => {
    const world = setUp();
    const tokens = await Promise.all(Array.from({ length: 1000 }, async () => world.source.get()));
    expect([world.requests, new Set(tokens).size]).toEqual([1, 1]);
  });

  it('tells a failure to all who wait, after one request', async () => {
    const world = setUp();
    world.fail = down;
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, async () => world.source.get()));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(world.requests).toBe(1);
  });

  it('does not keep a token without a life, but gives it to those who wait', async () => {
    const world = setUp(0);
    expect(await Promise.all([value(world), value(world)])).toEqual(['token-1', 'token-1']);
    expect(await value(world)).toBe('token-2');
  });

  it('never gives out a token that had run out before it arrived', async () => {
    const world = setUp(2);
    world.slowness = 3;
    const problem = await problemOf(() => world.source.get());
    expect(problem.code).toBe('token-unavailable');
  });
});

describe('renewing', () => {
  it('renews in the background from 80 % less jitter on, while the old token serves', async () => {
    const world = setUp();
    await value(world);
    world.clock.advanceSeconds(2519);
    expect(world.source.get()).toMatchObject({ value: 'token-1' });
    expect(world.requests).toBe(1);
    world.clock.advanceSeconds(2);
    expect(world.source.get()).toMatchObject({ value: 'token-1' });
    expect(world.requests).toBe(2);
    await settled();
    expect(world.source.get()).toMatchObject({ value: 'token-2' });
  });

  it('makes one background request, however many ask', async () => {
    const world = setUp();
    await value(world);
    world.clock.advanceSeconds(3000);
    for (let i = 0; i < 100; i += 1) expect(world.source.get()).toMatchObject({ value: 'token-1' });
    expect(world.requests).toBe(2);
    await settled();
  });

  it('waits for a new token within min(60 s, 20 % of the life) before the end', async () => {
    const world = setUp();
    await value(world);
    world.clock.advanceSeconds(3540);
    expect(world.source.get()).toBeInstanceOf(Promise);
    expect(await value(world)).toBe('token-2');
  });

  it('never uses a token past its end', async () => {
    const world = setUp();
    await value(world);
    world.clock.advanceSeconds(3595);
    world.fail = down;
    expect((await problemOf(() => world.source.get())).code).toBe('token-unavailable');
  });

  it('asks anew when the machine was suspended beyond the life', async () => {
    const world = setUp();
    await value(world);
    world.clock.suspendSeconds(4000);
    expect(await value(world)).toBe('token-2');
  });

  it('is not fooled by a wall clock that was set back', async () => {
    const world = setUp();
    await value(world);
    world.clock.setWallBy(-7200);
    world.clock.advanceSeconds(3595);
    expect(await value(world)).toBe('token-2');
  });
});

describe('while the authorization server is down', () => {
  it('goes on with a token that is still valid, to its end', async () => {
    const world = setUp();
    await value(world);
    world.fail = down;
    world.clock.advanceSeconds(3000);
    expect(world.source.get()).toMatchObject({ value: 'token-1' });
    await settled();
    world.clock.advanceSeconds(590);
    expect(world.source.get()).toMatchObject({ value: 'token-1' });
    expect(world.source.snapshot()).toMatchObject({ state: 'refreshing', lastProblemCode: 'token-unavailable' });
    await settled();
    world.clock.advanceSeconds(5);
    expect((await problemOf(() => world.source.get())).code).toBe('token-unavailable');
  });

  it('falls back on the old token when the first try in the early time fails', async () => {
    const world = setUp();
    await value(world);
    world.fail = down;
    world.clock.advanceSeconds(3550);
    expect(await value(world)).toBe('token-1');
  });

  it('answers at once during the pause, with what is left of it, and asks again after it', async () => {
    const world = setUp();
    world.fail = new Problem('token-unavailable', { ...details, retryAfterSeconds: 7 });
    expect((await problemOf(() => world.source.get())).retryAfterSeconds).toBe(7);
    world.clock.advanceSeconds(2.5);
    expect((await problemOf(() => world.source.get())).retryAfterSeconds).toBe(5);
    expect(world.requests).toBe(1);
    world.clock.advanceSeconds(4.5);
    world.fail = undefined;
    expect(await value(world)).toBe('token-2');
  });

  it('doubles the pause with each failure and starts over after a success', async () => {
    const world = setUp(1);
    const pauses = () => world.events.map((event) => (event.type === 'failed' ? event.pauseMs : 0));
    world.fail = down;
    for (let i = 0; i < 8; i += 1) {
      await problemOf(() => world.source.get());
      world.clock.advanceSeconds(30);
    }
    expect(pauses()).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    world.fail = undefined;
    await value(world);
    world.clock.advanceSeconds(30);
    world.fail = down;
    await problemOf(() => world.source.get());
    expect(pauses().at(-1)).toBe(500);
  });

  it('leaves the server alone for 30 s after it refused the client, and gives no Retry-After', async () => {
    const world = setUp();
    world.fail = refused;
    expect(await problemOf(() => world.source.get())).toMatchObject({
      code: 'credentials-rejected',
      retryAfterSeconds: undefined,
    });
    world.clock.advanceSeconds(29.9);
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(1);
    world.clock.advanceSeconds(0.1);
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(2);
  });

  it('keeps background renewals to the same pauses', async () => {
    const world = setUp();
    await value(world);
    world.fail = refused;
    world.clock.advanceSeconds(3000);
    for (let i = 0; i < 50; i += 1) {
      await world.source.get();
      await settled();
    }
    expect(world.requests).toBe(2);
  });

  it('never gives up refreshing for good', async () => {
    const world = setUp();
    world.fail = new Problem('token-unavailable', {
      ...details,
      cause: new TokenFailure('answer', 'answer', 'not-json', 200),
    });
    for (let i = 0; i < 20; i += 1) {
      await problemOf(() => world.source.get());
      world.clock.advanceSeconds(30);
    }
    world.fail = undefined;
    expect(await value(world)).toBe('token-21');
  });

  it('turns a fault of our own into a problem without its text', async () => {
    const world = setUp();
    world.fail = new Error('canary');
    const problem = await problemOf(() => world.source.get());
    expect(problem.code).toBe('internal');
    expect(JSON.stringify(problem) + String(problem.stack)).not.toContain('canary');
  });
});

describe('attempts inside one fetch', () => {
  it('repeats once after 300 ms when the connection failed', async () => {
    const world = setUp();
    world.fail = passing;
    await problemOf(() => world.source.get());
    expect([world.requests, world.sleptMs]).toEqual([2, [300]]);
  });

  it.each([408, 502, 504])('repeats once after %i', async (status) => {
    const world = setUp();
    world.fail = new Problem('token-unavailable', {
      ...details,
      cause: new TokenFailure('status', 'answer', 'x', status),
    });
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(2);
  });

  it.each([401, 403, 429, 500, 503, 404])('does not repeat after %i', async (status) => {
    const world = setUp();
    world.fail = new Problem('token-unavailable', {
      ...details,
      cause: new TokenFailure('status', 'answer', 'x', status),
    });
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(1);
  });

  it('does not repeat when an answer or a trusted certificate is missing', async () => {
    for (const cause of [
      new TokenFailure('timeout', 'answer', 'ETIMEDOUT'),
      new TokenFailure('certificate', 'tls', 'CERT_HAS_EXPIRED'),
      new TokenFailure('answer', 'answer', 'not-json', 200),
    ]) {
      const world = setUp();
      world.fail = new Problem('token-unavailable', { ...details, cause });
      await problemOf(() => world.source.get());
      expect(world.requests).toBe(1);
    }
  });

  it('does not repeat when the 5 s are nearly over', async () => {
    const world = setUp();
    world.fail = passing;
    world.slowness = 4.6;
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(1);
  });
});

describe('a caller with a deadline of its own', () => {
  it('gives up alone: the fetch goes on for the others', async () => {
    const world = setUp();
    const gate = Promise.withResolvers<void>();
    world.hold = gate.promise;
    const patient = world.source.get();
    const problem = await problemOf(() => world.source.get(20));
    expect(problem).toMatchObject({ code: 'token-unavailable', retryable: true, retryAfterSeconds: 1 });
    gate.resolve();
    expect((await patient).value).toBe('token-1');
    expect(world.requests).toBe(1);
  });

  it('does not count as a failure of the authorization server', async () => {
    const world = setUp();
    const gate = Promise.withResolvers<void>();
    world.hold = gate.promise;
    await problemOf(() => world.source.get(1));
    expect(world.source.snapshot()).toMatchObject({ state: 'refreshing', failures: 0, lastProblemCode: undefined });
    gate.resolve();
    await settled();
  });

  it('gets the old token when that may still be used', async () => {
    const world = setUp();
    await value(world);
    world.clock.advanceSeconds(3550);
    const gate = Promise.withResolvers<void>();
    world.hold = gate.promise;
    expect((await world.source.get(1)).value).toBe('token-1');
    gate.resolve();
    await settled();
  });

  it('may be longer than any timer', async () => {
    const world = setUp();
    expect((await world.source.get(2 ** 40)).value).toBe('token-1');
  });
});

describe('a refused token', () => {
  it('is forgotten after a 401, and a fresh one may be fetched', async () => {
    const world = setUp();
    const token = await world.source.get();
    expect(world.source.refuse(token, 401)).toBe(true);
    expect(await value(world)).toBe('token-2');
  });

  it('causes one fetch, however many requests were refused with it', async () => {
    const world = setUp();
    const token = await world.source.get();
    const values = await Promise.all(
      Array.from({ length: 100 }, async () => {
        await settled();
        return world.source.refuse(token, 401) ? value(world) : 'no';
      }),
    );
    expect(new Set(values)).toEqual(new Set(['token-2']));
    expect(world.requests).toBe(2);
  });

  it('does not evict a newer one when its refusal comes late', async () => {
    const world = setUp();
    const old = await world.source.get();
    world.source.refuse(old, 401);
    await value(world);
    world.clock.advanceSeconds(60);
    expect(world.source.refuse(old, 401)).toBe(true);
    expect(world.source.get()).toMatchObject({ value: 'token-2' });
    expect(world.requests).toBe(2);
  });

  it('is refreshed by force at most once in 5 s', async () => {
    const world = setUp();
    const first = await world.source.get();
    world.source.refuse(first, 401);
    const second = await world.source.get();
    expect(world.source.refuse(second, 401)).toBe(false);
    expect(world.source.get()).toBe(second);
    world.clock.advanceSeconds(5);
    expect(world.source.refuse(second, 401)).toBe(true);
    expect(await value(world)).toBe('token-3');
  });

  it('does not serve on when no other can be had', async () => {
    const world = setUp();
    const token = await world.source.get();
    world.fail = down;
    expect(world.source.refuse(token, 401)).toBe(true);
    expect((await problemOf(() => world.source.get())).code).toBe('token-unavailable');
    expect(world.source.refuse(token, 401)).toBe(true);
    await problemOf(() => world.source.get());
    expect(world.requests).toBe(2);
  });

  it('that the server gives again is forgotten again, once in 5 s', async () => {
    const world = setUp();
    world.token = accessToken('same');
    const token = await world.source.get();
    world.source.refuse(token, 401);
    await value(world);
    expect(world.source.refuse(token, 401)).toBe(false);
    world.clock.advanceSeconds(5);
    expect(world.source.refuse(token, 401)).toBe(true);
    await value(world);
    expect(world.requests).toBe(3);
  });

  it('is refreshed after a 403 if it came from the cache', async () => {
    const world = setUp();
    const token = await world.source.get();
    expect(world.source.refuse(token, 403)).toBe(true);
    expect(await value(world)).toBe('token-2');
  });

  it('is kept after a 403 if it was fetched for this request', async () => {
    const world = setUp();
    const token = await world.source.get();
    expect(world.source.refuse(token, 403, true)).toBe(false);
    expect(world.source.get()).toBe(token);
  });

  it('is refreshed after a 403 at most once a minute', async () => {
    const world = setUp();
    world.source.refuse(await world.source.get(), 403);
    const second = await world.source.get();
    world.clock.advanceSeconds(59);
    expect(world.source.refuse(second, 403)).toBe(false);
    expect(world.source.get()).toBe(second);
    world.clock.advanceSeconds(1);
    expect(world.source.refuse(second, 403)).toBe(true);
  });

  it('is still refreshed after a 401 within that minute', async () => {
    const world = setUp();
    world.source.refuse(await world.source.get(), 403);
    const second = await world.source.get();
    world.clock.advanceSeconds(6);
    expect(world.source.refuse(second, 401)).toBe(true);
  });
});

describe('what the source tells', () => {
  it('knows nothing before anybody asked', () => {
    expect(setUp().source.snapshot()).toEqual({
      state: 'none',
      obtainedAtMs: undefined,
      lifeSeconds: undefined,
      expiresInSeconds: undefined,
      lastProblemCode: undefined,
      requests: 0,
      failures: 0,
    });
  });

  it('tells of a valid token without the token', async () => {
    const world = setUp();
    const obtainedAtMs = world.clock.wallMs();
    await value(world);
    world.clock.advanceSeconds(100);
    const snapshot = world.source.snapshot();
    expect(snapshot).toMatchObject({
      state: 'valid',
      obtainedAtMs,
      lifeSeconds: 3600,
      expiresInSeconds: 3495,
      requests: 1,
    });
    expect(JSON.stringify(snapshot)).not.toContain('token-1');
  });

  it('tells of a request under way', async () => {
    const world = setUp();
    const pending = world.source.get();
    expect(world.source.snapshot().state).toBe('refreshing');
    await pending;
  });

  it('tells of a failure', async () => {
    const world = setUp();
    world.fail = refused;
    await problemOf(() => world.source.get());
    expect(world.source.snapshot()).toMatchObject({
      state: 'failing',
      lastProblemCode: 'credentials-rejected',
      failures: 1,
    });
  });

  it('reports each event', async () => {
    const world = setUp();
    world.slowness = 0.25;
    const token = await world.source.get();
    world.source.refuse(token, 401);
    world.fail = down;
    await problemOf(() => world.source.get());
    expect(world.events).toEqual([
      { type: 'obtained', durationMs: 250, lifeSeconds: 3600 },
      { type: 'refused', status: 401 },
      { type: 'failed', durationMs: 250, code: 'token-unavailable', failure: down.cause, pauseMs: 500 },
    ]);
  });

  it('goes on when a listener throws', async () => {
    const source = new TokenSource(tokenClient(), {
      cache: new TokenCache(),
      key: 't:test',
      request: () => Promise.resolve(accessToken('a')),
      onEvent: () => {
        throw new Error('listener');
      },
    });
    expect((await source.get()).value).toBe('a');
  });
});
