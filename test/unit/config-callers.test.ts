import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { CallerConfig } from '../../src/config/config.ts';
import { faultySettings, KEY, load, problemWith, workflowKey } from '../support/config-sources.ts';

const WORKFLOW = { WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey) };
const OTHER_KEY = 'another-key-0123456789';

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function withKeys(apiKeys: string, file?: string) {
  return { env: { ...WORKFLOW, API_KEYS: apiKeys }, ...(file === undefined ? {} : { file }) };
}

function withCaller(caller: string) {
  return { env: { ...WORKFLOW, KEY }, file: `callers: { hr: ${caller} }` };
}

function caller(given: Parameters<typeof load>[0], name: string): CallerConfig | undefined {
  return load(given).callers.find((caller) => caller.name === name);
}

describe('API_KEYS', () => {
  it('gives callers with the digests of their keys, for every /api route', () => {
    expect(load(withKeys(`a=${KEY}, b=${OTHER_KEY}`)).callers).toEqual([
      { name: 'a', apiKeyDigests: [digest(KEY)], allow: undefined },
      { name: 'b', apiKeyDigests: [digest(OTHER_KEY)], allow: undefined },
    ]);
  });

  it('takes a key that holds an equals sign', () => {
    expect(caller(withKeys('a=0123456789abcdef=='), 'a')?.apiKeyDigests).toEqual([digest('0123456789abcdef==')]);
  });

  it('takes a digest in place of a key, in any case', () => {
    expect(caller(withKeys(`a=sha256:${digest(KEY).toUpperCase()}`), 'a')?.apiKeyDigests).toEqual([digest(KEY)]);
  });

  it('gives one caller two keys while one is being replaced', () => {
    expect(caller(withKeys(`a=${KEY},a=${OTHER_KEY}`), 'a')?.apiKeyDigests).toHaveLength(2);
  });

  it('takes the shortest key, of 16 characters', () => {
    expect(load(withKeys('a=0123456789abcdef')).callers).toHaveLength(1);
  });

  it.each([
    ['a key of 15 characters', 'a=0123456789abcde', 'entry 1: its key is shorter than 16'],
    ['a key without a name', '0123456789abcdef', 'entry 1 is not a name'],
    ['an empty name', `=${KEY}`, 'entry 1 is not a name'],
    ['an empty key', `a=${KEY},b=`, 'entry 2: its key is shorter'],
    ['a name with a blank', `a b=${KEY}`, 'entry 1: its name'],
    ['a name of 65 characters', `${'a'.repeat(65)}=${KEY}`, 'entry 1: its name'],
    ['a digest that is too short', 'a=sha256:9f86', 'entry 1: its key is not a SHA-256 digest'],
    ['a key that no header can hold', 'a=schlüssel-schlüssel', 'entry 1: its key has characters'],
  ])('refuses %s', (_, apiKeys, words) => {
    expect(problemWith('API_KEYS', withKeys(apiKeys))).toContain(words);
  });

  it('refuses one key for two callers', () => {
    expect(problemWith('API_KEYS', withKeys(`a=${KEY},b=${KEY}`))).toContain('gives b a key that a has already');
  });

  it('refuses one key for two callers where one has it as a digest', () => {
    expect(faultySettings(withKeys(`a=${KEY},b=sha256:${digest(KEY)}`))).toEqual(['API_KEYS']);
  });

  it('refuses the name of a caller of the file', () => {
    const file = `callers: { a: { apiKeys: [${OTHER_KEY}], allow: [] } }`;
    expect(problemWith('API_KEYS', withKeys(`a=${KEY}`, file))).toContain('which the file describes');
  });

  it('refuses the key of a caller of the file', () => {
    const file = `callers: { hr: { apiKeys: [${KEY}], allow: [] } }`;
    expect(problemWith('API_KEYS', withKeys(`a=${KEY}`, file))).toContain('hr has already');
  });
});

describe('a caller of the file', () => {
  it('has the digests of its keys and its grants', () => {
    const given = withCaller(`{ apiKeys: ["\${KEY}", "sha256:${digest(OTHER_KEY)}"], allow: ["GET  /api/**"] }`);
    expect(caller(given, 'hr')).toEqual({
      name: 'hr',
      apiKeyDigests: [digest(KEY), digest(OTHER_KEY)],
      allow: ['GET /api/**'],
    });
  });

  it.each([
    'GET /api/workflow/instances/**',
    '* /api/integration/flows/product-details',
    'POST /api/workflow/definitions/onboarding/instances',
    'GET /api/*/instances/*',
    'GET /metrics',
    'GET /**',
  ])('may be granted %s', (pattern) => {
    expect(caller(withCaller(`{ apiKeys: [${KEY}], allow: ["${pattern}"] }`), 'hr')?.allow).toEqual([pattern]);
  });

  it.each([
    '/api/workflow',
    'GET',
    'get /api/workflow',
    'FETCH /api/workflow',
    'GET api/workflow',
    'GET /',
    'GET /api/**/instances',
    'GET /api/inst*',
    'GET /api/***',
    'GET /api//x',
    'GET /api/x/',
    'GET /api/x?y=1',
    'GET /api/x /api/y',
    'GET /api/%2e%2e',
    'GET /api/workflow/instances/:id',
    '',
  ])('may not be granted %j', (pattern) => {
    expect(faultySettings(withCaller(`{ apiKeys: [${KEY}], allow: ["${pattern}"] }`))).toEqual(['callers.hr.allow[0]']);
  });

  it.each([
    ['without grants', `{ apiKeys: [${KEY}] }`, 'callers.hr.allow'],
    ['without keys', '{ allow: ["GET /metrics"] }', 'callers.hr.apiKeys'],
    ['with an empty list of keys', '{ apiKeys: [], allow: [] }', 'callers.hr.apiKeys'],
    ['with a short key', `{ apiKeys: [${KEY}, short], allow: [] }`, 'callers.hr.apiKeys[1]'],
    ['with a number as key', '{ apiKeys: [12345678901234567890], allow: [] }', 'callers.hr.apiKeys[0]'],
  ])('%s is a problem', (_, entry, setting) => {
    expect(faultySettings(withCaller(entry))).toEqual([setting]);
  });

  it('may have the same key twice', () => {
    expect(caller(withCaller(`{ apiKeys: [${KEY}, ${KEY}], allow: [] }`), 'hr')?.apiKeyDigests).toHaveLength(1);
  });

  it('must not share a key with another one', () => {
    const file = `callers: { a: { apiKeys: [${KEY}], allow: [] }, b: { apiKeys: [${KEY}], allow: [] } }`;
    expect(faultySettings({ env: WORKFLOW, file })).toEqual(['callers.b.apiKeys[0]']);
  });
});

describe('no caller at all', () => {
  it('is a problem', () => {
    expect(problemWith('API_KEYS', { env: WORKFLOW })).toContain('no caller is configured');
  });

  it('is fine where anonymous calls are allowed', () => {
    expect(load({ env: { ...WORKFLOW, ALLOW_ANONYMOUS: 'true' } })).toMatchObject({
      callers: [],
      allowAnonymous: true,
    });
  });
});
