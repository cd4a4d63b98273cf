import { describe, expect, it } from '@jest/globals';
import { readTokenAnswer } from '../../src/tokens/token-answer.ts';
import type { HttpAnswer } from '../../src/tokens/http-answer.ts';
import { jwt, problemOf } from '../support/token-fixtures.ts';

const context = { requestedAtMs: 1_700_000_000_000, maxLifeSeconds: 86_400 };

function answer(body: unknown, contentType = 'application/json'): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status: 200, headers: { 'content-type': contentType }, text };
}

function read(body: unknown, maxLifeSeconds = context.maxLifeSeconds) {
  return readTokenAnswer(answer(body), { ...context, maxLifeSeconds });
}

const readToken = (members: Record<string, unknown>) => read({ access_token: 'abc', token_type: 'bearer', ...members });

describe('the answers of real providers', () => {
  const entra = { token_type: 'Bearer', ext_expires_in: '3599', expires_on: '1893459600', not_before: '1893456000' };
  it.each<[string, Record<string, unknown>, number, string[]]>([
    [
      'XSUAA',
      { token_type: 'bearer', expires_in: 43_199, scope: 'workflow!b10150.TASK_GET uaa.resource', jti: 'x' },
      43_199,
      ['workflow!b10150.TASK_GET', 'uaa.resource'],
    ],
    ['SAP IAS', { token_type: 'bearer', expires_in: 3600 }, 3600, []],
    ['Auth0', { token_type: 'Bearer', expires_in: 86_400 }, 86_400, []],
    ['Entra v1, which sends numbers as texts', { ...entra, expires_in: '3599', resource: 'x' }, 3599, []],
    ['Entra v2', { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 }, 3599, []],
    [
      'Keycloak',
      { token_type: 'Bearer', expires_in: 300, refresh_expires_in: 0, 'not-before-policy': 0, scope: 'email profile' },
      300,
      ['email', 'profile'],
    ],
    ['Okta', { token_type: 'Bearer', expires_in: 3600, scope: 'flows' }, 3600, ['flows']],
    ['Ory Hydra', { token_type: 'bearer', expires_in: 3599, scope: '' }, 3599, []],
    ['AD FS', { token_type: 'bearer', expires_in: 3600, resource: 'urn:x' }, 3600, []],
    ['IdentityServer and Duende', { token_type: 'Bearer', expires_in: 3600, scope: 'flows' }, 3600, ['flows']],
    ['OpenIddict', { token_type: 'Bearer', expires_in: 3599 }, 3599, []],
    ['Ping', { token_type: 'Bearer', expires_in: 7199 }, 7199, []],
    ['AWS Cognito', { token_type: 'Bearer', expires_in: 3600 }, 3600, []],
  ])('%s', (_provider, members, lifeSeconds, scopes) => {
    expect(readToken(members)).toEqual({ value: 'abc', requestedAtMs: context.requestedAtMs, lifeSeconds, scopes });
  });
});

describe('the life of a token', () => {
  it.each<[string, unknown]>([
    ['a word', 'abc'],
    ['an object', {}],
    ['a boolean', true],
    ['null', null],
    ['an empty text', ''],
    ['a fraction', 3599.5],
    ['a text with blanks', ' 3600 '],
    ['digits beyond all safe integers', '99999999999999999999'],
    ['absent', undefined],
  ])('is 60 s when expires_in is %s and the token is opaque', (_name, expires_in) => {
    expect(readToken({ expires_in }).lifeSeconds).toBe(60);
  });

  it('is 60 s when expires_in is larger than any number', () => {
    expect(read('{"access_token":"abc","expires_in":1e400}').lifeSeconds).toBe(60);
  });

  it('is exp - iat of a JWT when expires_in is missing', () => {
    expect(read({ access_token: jwt({ iat: 1000, exp: 1900 }) }).lifeSeconds).toBe(900);
  });

  it('does not use the local clock: exp without iat is no length of time', () => {
    expect(read({ access_token: jwt({ exp: 4_000_000_000 }) }).lifeSeconds).toBe(60);
  });

  it.each([
    ['exp before iat', { iat: 1900, exp: 1000 }],
    ['texts', { iat: '1', exp: '2' }],
  ])('is 60 s when the claims are of no use: %s', (_name, claims) => {
    expect(read({ access_token: jwt(claims) }).lifeSeconds).toBe(60);
  });

  it.each([0, -1, '0'])('is 0 when expires_in is %j: never cached', (expires_in) => {
    expect(readToken({ expires_in }).lifeSeconds).toBe(0);
  });

  it.each([Number.MAX_SAFE_INTEGER, '4000000000'])('is capped when expires_in is %j', (expires_in) => {
    expect(read({ access_token: 'abc', expires_in }, 7200).lifeSeconds).toBe(7200);
  });
});

describe('refresh_in', () => {
  it.each([1800, '1800'])('is taken as %j', (refresh_in) => {
    expect(readToken({ expires_in: 3600, refresh_in }).refreshInSeconds).toBe(1800);
  });

  it.each([0, -5, 'soon', {}])('is no hint as %j', (refresh_in) => {
    expect(readToken({ expires_in: 3600, refresh_in }).refreshInSeconds).toBeUndefined();
  });
});

describe('scopes', () => {
  it.each([
    ['an array in the answer', { scope: ['a', 'b'] }, {}, ['a', 'b']],
    ['the claim scope as a list (UAA, IdentityServer)', {}, { scope: ['x!b1.START'] }, ['x!b1.START']],
    ['the claim scp as a text (Entra)', {}, { scp: 'a b' }, ['a', 'b']],
    ['the claim roles (Entra applications)', {}, { roles: ['Flow.Run'] }, ['Flow.Run']],
    ['the answer before the claims', { scope: 'a' }, { scope: ['b'] }, ['a']],
    ['only what may be a scope', { scope: ['a', 1, null, 'b c', 'd"e', 'x'.repeat(201)] }, {}, ['a']],
    ['nothing from garbage', { scope: { a: 1 } }, { scope: 7 }, []],
  ])('come from %s', (_name, members, claims, scopes) => {
    expect(readToken({ access_token: jwt(claims), ...members }).scopes).toEqual(scopes);
  });
});

describe('what is read with care', () => {
  it('takes a byte order mark before the JSON', () => {
    expect(read('\uFEFF{"access_token":"abc"}').value).toBe('abc');
  });

  it('takes a token without a token_type', () => {
    expect(read({ access_token: 'abc' }).value).toBe('abc');
  });

  it('takes token_type in any case', () => {
    expect(readToken({ token_type: 'BEARER' }).value).toBe('abc');
  });

  it('takes every character of a b64token', () => {
    expect(read({ access_token: 'aZ09-._~+/==' }).value).toBe('aZ09-._~+/==');
  });

  it('takes a token of 16 kB', () => {
    expect(read({ access_token: 'a'.repeat(16_384) }).value).toHaveLength(16_384);
  });

  it('gives a frozen token', () => {
    const token = readToken({ scope: 'a' });
    expect(Object.isFrozen(token) && Object.isFrozen(token.scopes)).toBe(true);
  });

  it('takes three parts that are no JWT for an opaque token', () => {
    expect(read({ access_token: 'a.!!.c'.replace('!!', 'bm90IGpzb24') }).lifeSeconds).toBe(60);
  });
});

describe('a 200 without a usable token is token-unavailable', () => {
  it.each<[string, unknown, string]>([
    ['an HTML page', '<html></html>', 'text/html'],
    ['XML', '<error/>', 'application/xml'],
    ['nothing', '', 'application/json'],
    ['only blanks', ' \n', 'text/plain'],
    ['a JSON array', [{ access_token: 'abc' }], 'application/json'],
    ['JSON null', 'null', 'application/json'],
    ['half of a JSON document', '{"access_token":"ab', 'application/json'],
    ['an object without a token', { token_type: 'bearer' }, 'application/json'],
    ['an OAuth error', { error: 'invalid_client' }, 'application/json'],
    ['a token that is a number', { access_token: 5 }, 'application/json'],
    ['a token that is an object', { access_token: { a: 1 } }, 'application/json'],
    ['a token that is null', { access_token: null }, 'application/json'],
    ['an empty token', { access_token: '' }, 'application/json'],
    ['a token with a line break', { access_token: 'a\r\nx-evil: 1' }, 'application/json'],
    ['a token with a line break at its end', { access_token: 'a\n' }, 'application/json'],
    ['a token with a blank', { access_token: 'a b' }, 'application/json'],
    ['a token with a letter beyond ASCII', { access_token: 'tökén' }, 'application/json'],
    ['a token with = inside', { access_token: 'a=b' }, 'application/json'],
    ['a token of more than 16 kB', { access_token: 'a'.repeat(16_385) }, 'application/json'],
    ['token_type mac', { access_token: 'abc', token_type: 'mac' }, 'application/json'],
    ['token_type DPoP', { access_token: 'abc', token_type: 'DPoP' }, 'application/json'],
    ['token_type as an object', { access_token: 'abc', token_type: {} }, 'application/json'],
  ])('%s', async (_name, body, contentType) => {
    const problem = await problemOf(() => readTokenAnswer(answer(body, contentType), context));
    expect(problem).toMatchObject({ code: 'token-unavailable', status: 503, retryable: true });
  });

  it('says what kind of body came instead', async () => {
    const problem = await problemOf(() =>
      readTokenAnswer(answer('<html></html>', 'text/html; charset=utf-8'), context),
    );
    expect(problem.details.detail).toBe('The authorization server answered 200 without a token (text/html).');
  });

  it('does not repeat a content type that it does not know', async () => {
    const problem = await problemOf(() => readTokenAnswer(answer('x', 'secret/canary'), context));
    expect(problem.details.detail).toBe(
      'The authorization server answered 200 without a token (another content type).',
    );
  });
});
