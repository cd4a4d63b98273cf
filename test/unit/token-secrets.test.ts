import { describe, expect, it } from '@jest/globals';
import type { TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { Problem } from '../../src/problems/problem.ts';
import { TokenCache } from '../../src/tokens/token-cache.ts';
import type { TokenEvent } from '../../src/tokens/token-events.ts';
import { TokenFailure } from '../../src/tokens/token-failure.ts';
import { explainRefusal } from '../../src/tokens/token-refusals.ts';
import { TokenSource } from '../../src/tokens/token-source.ts';
import { accessToken, FakeClock, problemOf, tokenClient } from '../support/token-fixtures.ts';

function refusal(status: number, error: string, client: TokenClient): Problem {
  const headers = { 'content-type': 'application/json' };
  return explainRefusal({ status, headers, text: JSON.stringify({ error }) }, client, 0);
}

const down = new Problem('token-unavailable', {
  detail: 'd',
  hint: 'h',
  cause: new TokenFailure('status', 'answer', 'HTTP_500', 500),
});

/** A client with the secrets `old` and `new`, and a server that takes what `accepted` holds. */
function setUp(changes: Partial<TokenClient> = {}) {
  const clock = new FakeClock();
  const client = tokenClient({ clientSecret: new Secret('old'), nextClientSecret: new Secret('new'), ...changes });
  const world = {
    clock,
    accepted: ['old'],
    refuse: (asked: TokenClient): Problem => refusal(401, 'invalid_client', asked),
    sent: [] as string[],
    timeoutsMs: [] as number[],
    slowness: 0,
    events: [] as TokenEvent[],
    source: undefined as unknown as TokenSource,
    changes: () => world.events.filter(({ type }) => type === 'secret-changed'),
  };
  world.source = new TokenSource(client, {
    cache: new TokenCache(),
    key: 't:test',
    clock,
    random: () => 1,
    sleep: () => Promise.resolve(),
    onEvent: (event) => world.events.push(event),
    request: (asked, options) => {
      const secret = asked.clientSecret?.reveal() ?? '';
      world.sent.push(secret);
      world.timeoutsMs.push(options?.timeoutMs ?? 0);
      clock.advanceSeconds(world.slowness);
      if (!world.accepted.includes(secret)) return Promise.reject(world.refuse(asked));
      return Promise.resolve(accessToken(`by-${secret}-${world.sent.length}`));
    },
  });
  return world;
}

type World = ReturnType<typeof setUp>;

/** A token that is fetched now: the one that is there has run out. */
async function fetchToken(world: World): Promise<string> {
  world.clock.advanceSeconds(10_000);
  return (await world.source.get()).value;
}

describe('a second secret', () => {
  it('is not sent while the first is taken', async () => {
    const world = setUp();
    await fetchToken(world);
    await fetchToken(world);
    expect(world.sent).toEqual(['old', 'old']);
  });

  it.each([
    [401, 'invalid_client'],
    [400, 'invalid_client'],
    [401, 'unauthorized'],
    [401, 'unauthorized_client'],
    [401, 'access_denied'],
    [403, 'access_denied'],
  ])('is sent once when the first is refused with %i %s, and brings the token', async (status, error) => {
    const world = setUp();
    world.accepted = ['new'];
    world.refuse = (client) => refusal(status, error, client);
    expect(await fetchToken(world)).toBe('by-new-2');
    expect(world.sent).toEqual(['old', 'new']);
    expect(world.source.snapshot()).toMatchObject({ state: 'valid', requests: 2, failures: 0 });
  });

  it.each([
    [400, 'invalid_scope'],
    [400, 'invalid_request'],
    [400, 'invalid_target'],
    [400, 'unsupported_grant_type'],
    [429, 'invalid_client'],
    [500, 'invalid_client'],
  ])('is not sent when the first fails with %i %s: that is not about the secret', async (status, error) => {
    const world = setUp();
    world.accepted = [];
    world.refuse = (client) => refusal(status, error, client);
    await problemOf(() => fetchToken(world));
    expect(world.sent).toEqual(['old']);
  });

  it('is sent first from then on, and told once', async () => {
    const world = setUp();
    world.accepted = ['new'];
    await fetchToken(world);
    await fetchToken(world);
    expect(world.sent).toEqual(['old', 'new', 'new']);
    expect(world.changes()).toEqual([{ type: 'secret-changed', inUse: 'nextClientSecret' }]);
  });

  it('gives way to the first again when the server goes back', async () => {
    const world = setUp();
    world.accepted = ['new'];
    await fetchToken(world);
    world.accepted = ['old'];
    expect(await fetchToken(world)).toBe('by-old-4');
    expect(world.changes().at(-1)).toEqual({ type: 'secret-changed', inUse: 'clientSecret' });
  });

  it('is not remembered before it brought a token', async () => {
    const world = setUp();
    world.accepted = [];
    world.refuse = (client) =>
      client.clientSecret?.reveal() === 'new' ? down : refusal(401, 'invalid_client', client);
    expect((await problemOf(() => fetchToken(world))).code).toBe('token-unavailable');
    world.accepted = ['new'];
    await fetchToken(world);
    expect(world.sent).toEqual(['old', 'new', 'old', 'new']);
  });

  it('has only the time that the first has left of the five seconds', async () => {
    const world = setUp();
    world.accepted = ['new'];
    world.slowness = 1.5;
    await fetchToken(world);
    expect(world.timeoutsMs).toEqual([5000, 3500]);
  });

  it('is one request more for all who wait, not one each', async () => {
    const world = setUp();
    world.accepted = ['new'];
    await Promise.all(Array.from({ length: 100 }, async () => world.source.get()));
    expect(world.sent).toEqual(['old', 'new']);
  });
});

describe('both secrets refused', () => {
  it('are credentials-rejected, which says so and does not advise what is there', async () => {
    const world = setUp();
    world.accepted = [];
    const problem = await problemOf(() => fetchToken(world));
    expect(problem).toMatchObject({ code: 'credentials-rejected', status: 502, retryable: false });
    expect(problem.details.detail).toBe(
      'The authorization server refused the OAuth client: 401 invalid_client. This is so for `clientSecret` and for `nextClientSecret`.',
    );
    expect(problem.details.hint).not.toContain('avoids the gap');
    expect(world.sent).toEqual(['old', 'new']);
  });

  it('leave the server alone for 30 s, like one', async () => {
    const world = setUp();
    world.accepted = [];
    await problemOf(() => fetchToken(world));
    world.clock.advanceSeconds(29);
    await problemOf(() => world.source.get());
    expect(world.sent).toHaveLength(2);
    world.clock.advanceSeconds(2);
    await problemOf(() => world.source.get());
    expect(world.sent).toHaveLength(4);
  });

  it('stop nobody while a token is valid', async () => {
    const world = setUp();
    await world.source.get();
    world.accepted = [];
    world.clock.advanceSeconds(3000);
    expect(await world.source.get()).toMatchObject({ value: 'by-old-1' });
  });
});

it('without a second secret the first alone is sent', async () => {
  const world = setUp({ nextClientSecret: undefined });
  world.accepted = ['new'];
  const problem = await problemOf(() => fetchToken(world));
  expect(problem.details.hint).toContain('`nextClientSecret` avoids the gap');
  expect(problem.details.detail).not.toContain('nextClientSecret');
  expect(world.sent).toEqual(['old']);
});
