import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Callers } from '../../src/callers/callers.ts';
import type { CallerConfig } from '../../src/config/config.ts';
import { problemOf } from '../support/token-fixtures.ts';

const KEY = 'Kéy-of-the-tests-0123456789'.normalize('NFC').replace('é', 'e');

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function caller(name: string, ...keys: readonly string[]): CallerConfig {
  return { name, apiKeyDigests: keys.map(digest), allow: [] };
}

function callersOf(...callers: readonly CallerConfig[]): Callers {
  return new Callers({ callers, services: [], allowAnonymous: false });
}

const callers = callersOf(caller('one', KEY, 'second-key-0123456789'), caller('two', 'two-key-0123456789abc'));

async function nameOf(headers: Record<string, string>, from = callers): Promise<string> {
  return (await from.authenticate(headers, '192.0.2.1')).name;
}

describe('an API key', () => {
  it('says who calls', async () => {
    expect(await nameOf({ 'x-api-key': KEY })).toBe('one');
    expect(await nameOf({ 'x-api-key': 'two-key-0123456789abc' })).toBe('two');
  });

  it('may be one of several of its caller, so that keys can be rotated', async () => {
    expect(await nameOf({ 'x-api-key': 'second-key-0123456789' })).toBe('one');
  });

  it.each([
    ['a prefix', KEY.slice(0, -1)],
    ['a longer one', `${KEY}x`],
    ['another case', KEY.toLowerCase()],
    ['a blank before', ` ${KEY}`],
    ['a list', `${KEY}, wrong`],
    ['a list that begins wrong', `wrong, ${KEY}`],
    ['its own digest', digest(KEY)],
    ['its own digest as configured', `sha256:${digest(KEY)}`],
    ['full-width letters', KEY.replace('K', '\uff2b')],
    ['nothing', ''],
    ['a blank', ' '],
    ['15 kilobytes', 'x'.repeat(15_000)],
  ])('that is %s is 401 (D-01, D-02, D-06, C-18)', async (_, key) => {
    const problem = await problemOf(() => nameOf({ 'x-api-key': key }, callersOf(caller('one', KEY))));
    expect(problem).toMatchObject({ status: 401, code: 'unauthenticated' });
    if (key.trim() !== '') expect(JSON.stringify(problem.toDocument('c'))).not.toContain(key);
  });

  it('is found among ten thousand callers without walking through them', async () => {
    const many = callersOf(...Array.from({ length: 10_000 }, (_, n) => caller(`c${n}`, `key-number-${n}-0123456789`)));
    expect(await nameOf({ 'x-api-key': 'key-number-9999-0123456789' }, many)).toBe('c9999');
  });

  it('with characters beyond ASCII is compared by the bytes that were sent', async () => {
    const key = 'schlüssel-mit-umlaut-1234';
    const onTheWire = Buffer.from(key, 'utf8').toString('latin1'); // how Node hands a header over
    expect(await nameOf({ 'x-api-key': onTheWire }, callersOf(caller('one', key)))).toBe('one');
  });
});

describe('user name and password', () => {
  it('are 401 with the hint what to send', async () => {
    const problem = await problemOf(() => nameOf({ authorization: 'Basic dXNlcjpwYXNz' }));
    expect(problem.status).toBe(401);
    expect(problem.details.hint).toContain('x-api-key');
  });
});

describe('no credential', () => {
  it('is 401', async () => {
    expect(await problemOf(() => nameOf({}))).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('lets anybody in where anonymous calls are allowed, but not with a wrong one', async () => {
    const open = new Callers({ callers: [], services: [], allowAnonymous: true });
    expect(await nameOf({}, open)).toBe('anonymous');
    expect(await problemOf(() => nameOf({ 'x-api-key': 'wrong-0123456789abc' }, open))).toMatchObject({ status: 401 });
  });
});
