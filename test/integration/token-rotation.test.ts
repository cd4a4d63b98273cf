import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import type { TokenEvent } from '../../src/tokens/token-events.ts';
import type { TokenSource } from '../../src/tokens/token-source.ts';
import { TokenSources } from '../../src/tokens/token-sources.ts';
import { FakeTokenServer } from '../support/fake-token-server.ts';
import { tokenClient } from '../support/token-fixtures.ts';

const OLD = 'old-secret';
const NEW = 'new-secret';

let server: FakeTokenServer;
beforeEach(async () => {
  server = await FakeTokenServer.start();
  server.lifeSeconds = 1;
  server.secrets = new Set([OLD]);
});
afterEach(() => server.stop());

function setUp() {
  const events: TokenEvent[] = [];
  const sources = new TokenSources({ onEvent: (event) => events.push(event) });
  const clientSecret = new Secret(OLD);
  const source = sources.for(tokenClient({ url: server.url, clientSecret, nextClientSecret: new Secret(NEW) }));
  return { source, events, changes: () => events.filter(({ type }) => type === 'secret-changed') };
}

/** One caller's request: a token, the service's judgement, and once more where the token was refused. */
async function call(source: TokenSource, isTaken: (token: string) => boolean): Promise<void> {
  const got = source.get();
  const token = await got;
  if (isTaken(token.value)) return;
  if (!source.refuse(token, 401, got instanceof Promise)) throw new Error('refused, and no second try');
  if (!isTaken((await source.get()).value)) throw new Error('refused twice');
}

/** Fifty callers a second, for so many seconds. @returns what went wrong, caller by caller */
async function load(seconds: number, one: () => Promise<void>): Promise<unknown[]> {
  const calls: Promise<void>[] = [];
  for (let i = 0; i < seconds * 50; i += 1) {
    calls.push(one());
    await sleep(20);
  }
  const outcomes = await Promise.allSettled(calls);
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

describe('a secret that is replaced under load', () => {
  it('loses no request when the old one ends at once', async () => {
    const { source, changes } = setUp();
    const running = load(2, () => call(source, () => true));
    await sleep(700);
    server.secrets = new Set([NEW]);
    expect(await running).toEqual([]);
    expect(changes()).toEqual([{ type: 'secret-changed', inUse: 'nextClientSecret' }]);
    expect([...server.issued.values()].at(-1)).toBe(NEW);
  });

  it('loses no request when the tokens of the old one end with it', async () => {
    const { source, changes } = setUp();
    server.lifeSeconds = 3600;
    let oldIsTaken = true;
    const running = load(2, () => call(source, (token) => oldIsTaken || server.issued.get(token) === NEW));
    await sleep(700);
    server.secrets = new Set([NEW]);
    oldIsTaken = false;
    expect(await running).toEqual([]);
    expect(changes()).toHaveLength(1);
    // The first token, and after the change one refusal and one token: not one each for a hundred callers.
    expect(server.requests.map(({ form }) => form.get('client_secret'))).toEqual([OLD, OLD, NEW]);
  });

  it('loses no request while both are taken for a while, and needs the new one only when the old one ends', async () => {
    const { source, changes } = setUp();
    const running = load(2, () => call(source, () => true));
    await sleep(400);
    server.secrets = new Set([OLD, NEW]);
    await sleep(600);
    expect(changes()).toEqual([]);
    server.secrets = new Set([NEW]);
    expect(await running).toEqual([]);
    expect(changes()).toHaveLength(1);
  });
});
