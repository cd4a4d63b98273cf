import { describe, expect, it } from '@jest/globals';
import type { BufferedAnswer } from '../../src/forward/upstream-request.ts';
import { memberOf, readSuccess, refusesToken } from '../../src/services/workflowgen-answer.ts';

function answerOf(body: unknown, status = 200): BufferedAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'buffered', status, headers: {}, body: Buffer.from(text), truncated: false };
}

describe('a refused token', () => {
  it.each([
    'jwt expired',
    'Invalid token.',
    'The access token has expired',
    'Token is not valid',
    'Error: jwt malformed',
    'Expired token',
  ])('is known by %j alone, without data', (message) => {
    expect(refusesToken(answerOf({ errors: [{ message }] }))).toBe(true);
    expect(refusesToken(answerOf({ errors: [{ message }], data: null }))).toBe(true);
  });

  it('is known by the status 401, whatever the body is', () => {
    expect(refusesToken(answerOf('<html>', 401))).toBe(true);
  });

  it.each([
    { errors: [{ message: 'jwt expired' }], data: { createRequest: null } },
    { errors: [{ message: 'The token of the approver has expired in step 2' }] },
    { errors: [{ message: 'jwt expired' }, { message: 'disk full' }] },
    { errors: [] },
    { errors: 'jwt expired' },
    { message: 'jwt expired' },
    'jwt expired',
    '{"errors":[{"message":"jwt expired"}]',
  ])('is not read into %j', (body) => {
    expect(refusesToken(answerOf(body))).toBe(false);
  });
});

describe('the data of an answer', () => {
  it('keeps its bytes', () => {
    const success = readSuccess(answerOf('\uFEFF{"data" : {"a": 1.0, "a":{"b":[9007199254740993]}} ,"errors":null}'));
    expect(success?.dataBytes.toString()).toBe('{"a": 1.0, "a":{"b":[9007199254740993]}}');
    expect(success && memberOf(success.dataBytes, 'a', 'b')?.toString()).toBe('[9007199254740993]');
    expect(success && memberOf(success.dataBytes, 'a', 'b', 'c')).toBeUndefined();
  });

  it.each(['{"data":null}', '{"data":[]}', '{"data":1}', '[]', 'null', '{"data":{},"errors":{}}', '{"data":'])(
    'is none in %s',
    (text) => {
      expect(readSuccess(answerOf(text))).toBeUndefined();
    },
  );

  it('is none in a refusal', () => {
    expect(readSuccess(answerOf('{"data":{}}', 500))).toBeUndefined();
  });
});
