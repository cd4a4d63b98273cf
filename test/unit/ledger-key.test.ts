import { describe, expect, it } from '@jest/globals';
import { parseIdempotencyKey } from '../../src/ledger/idempotency-key.ts';
import { fingerprintOf, scopeOf, type KeyedRequest } from '../../src/ledger/keyed-request.ts';

describe('Idempotency-Key', () => {
  it('that is not there is none', () => {
    expect(parseIdempotencyKey(undefined)).toBeUndefined();
  });

  it.each([
    ['bare', 'abc', 'abc'],
    ['quoted', '"abc"', 'abc'],
    ['a UUID', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['with blanks inside', 'a b', 'a b'],
    ['quoted with escapes', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['255 characters', 'x'.repeat(255), 'x'.repeat(255)],
    ['quoted, 255 characters', `"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('may be %s', (_name, header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it.each([
    ['empty', ''],
    ['blank', '   '],
    ['an empty string', '""'],
    ['without its last quote', '"abc'],
    ['with more after its last quote', '"abc"d'],
    ['with a line break', 'a\nb'],
    ['with a letter beyond ASCII', 'schlüssel'],
    ['256 characters', 'x'.repeat(256)],
  ])('%s is refused', (_name, header) => {
    expect(() => parseIdempotencyKey(header)).toThrow(
      expect.objectContaining({ code: 'invalid-request', status: 400 }),
    );
  });
});

const request: KeyedRequest = {
  key: 'k',
  caller: 'hr',
  identity: undefined,
  service: 'workflow',
  method: 'POST',
  template: '/api/workflow/definitions/:id/instances',
  params: { id: 'onboarding', other: 'x' },
  query: [['a', '1']],
  contentType: 'application/json',
  body: Buffer.from('{"a":1}'),
};

describe('the scope of a key', () => {
  it.each<[string, Partial<KeyedRequest>]>([
    ['another caller', { caller: 'it' }],
    ['another person behind the same caller', { identity: 'ada@example.com' }],
    ['another service', { service: 'bpa' }],
    ['another method', { method: 'PUT' }],
    ['another route', { template: '/api/workflow/messages' }],
    ['another key', { key: 'K' }],
  ])('%s has one of its own', (_name, change) => {
    expect(scopeOf({ ...request, ...change })).not.toBe(scopeOf(request));
  });

  it('does not depend on the request that is sent under it', () => {
    expect(scopeOf({ ...request, params: {}, query: [], contentType: undefined, body: undefined })).toBe(
      scopeOf(request),
    );
  });

  it('cannot be reached by moving a border between two parts', () => {
    expect(scopeOf({ ...request, caller: 'h', method: 'rPOST' })).not.toBe(
      scopeOf({ ...request, caller: 'hr', method: 'POST' }),
    );
  });
});

describe('the fingerprint of a request', () => {
  it.each<[string, Partial<KeyedRequest>]>([
    ['a byte of the body', { body: Buffer.from('{"a":2}') }],
    ['no body', { body: undefined }],
    ['the content type', { contentType: 'application/json; charset=utf-8' }],
    ['a path parameter', { params: { id: 'offboarding', other: 'x' } }],
    ['the query', { query: [['a', '2']] }],
    ['the order of the query', { query: [['a', '1'], ['b', '']] }], // prettier-ignore
  ])('is another one with %s', (_name, change) => {
    expect(fingerprintOf({ ...request, ...change })).not.toBe(fingerprintOf(request));
  });

  it('does not depend on the order of the path parameters', () => {
    expect(fingerprintOf({ ...request, params: { other: 'x', id: 'onboarding' } })).toBe(fingerprintOf(request));
  });
});
