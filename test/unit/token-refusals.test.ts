import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { explainRefusal } from '../../src/tokens/token-refusals.ts';
import { TokenFailure } from '../../src/tokens/token-failure.ts';
import type { TokenClient } from '../../src/config/config.ts';
import { FailureMemory } from '../../src/tokens/failure-memory.ts';
import { FakeClock, tokenClient } from '../support/token-fixtures.ts';

const NOW_MS = Date.UTC(2030, 0, 1);

function explain(status: number, body: unknown, headers = {}, client: Partial<TokenClient> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/html' : 'application/json';
  return explainRefusal({ status, headers: { 'content-type': type, ...headers }, text }, tokenClient(client), NOW_MS);
}

describe('a refused client is credentials-rejected', () => {
  const hydra =
    "Client authentication failed. The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method 'client_secret_post' was requested.";
  const clientGrant =
    'Client is not authorized to access "https://wfgen.example.com". You need to create a "client-grant" associated to this API.';
  it.each<[string, number, unknown, string, string]>([
    ['XSUAA', 401, { error: 'unauthorized', error_description: 'Bad credentials' }, '401 unauthorized', 'key deleted'],
    ['newer XSUAA', 401, { error: 'invalid_client' }, '401 invalid_client', '`nextClientSecret` avoids the gap'],
    ['XSUAA on our request', 400, { error: 'invalid_request' }, '400 invalid_request', '`token.params`'],
    ['Cognito', 400, { error: 'invalid_client' }, '400 invalid_client', 'key deleted or rotated'],
    ['Keycloak', 401, { error: 'unauthorized_client' }, '401 unauthorized_client', 'key deleted or rotated'],
    [
      'Keycloak without a service account',
      401,
      { error: 'unauthorized_client', error_description: 'Client not enabled to retrieve service account' },
      '401 unauthorized_client',
      'enable its service account',
    ],
    ['Auth0 on a wrong secret', 401, { error: 'access_denied' }, '401 access_denied', 'key deleted or rotated'],
    [
      'Auth0 without a client grant',
      403,
      { error: 'access_denied', error_description: clientGrant },
      '403 access_denied',
      "API's Machine-to-Machine tab; `params.audience` must equal the API Identifier",
    ],
    [
      'Auth0 on the type of application',
      403,
      {
        error: 'unauthorized_client',
        error_description: "Grant type 'client_credentials' not allowed for the client.",
      },
      '403 unauthorized_client',
      'machine-to-machine application',
    ],
    [
      'Okta on a missing scope',
      400,
      {
        error: 'invalid_scope',
        error_description: 'The authorization server resource does not have any configured default scopes',
      },
      '400 invalid_scope',
      'The server wants `scope`, which `token.params` lacks: set it, for Okta a custom scope',
    ],
    ['SAP IAS', 401, { error: 'invalid_client' }, '401 invalid_client', 'key deleted or rotated'],
    ['IdentityServer and Duende', 400, { error: 'invalid_client' }, '400 invalid_client', 'key deleted or rotated'],
    [
      'OpenIddict',
      401,
      {
        error: 'invalid_client',
        error_description: 'The specified client credentials are invalid.',
        error_uri: 'ID2055',
      },
      '401 invalid_client',
      'key deleted or rotated',
    ],
    ['Ping', 401, { error: 'invalid_client', error_description: 'Invalid client' }, '401', 'key deleted or rotated'],
    [
      'Auth0 without an audience',
      403,
      {
        error: 'access_denied',
        error_description: 'No audience parameter was provided, and no default audience has been configured',
      },
      '403 access_denied',
      'The server wants `audience`, which `token.params` lacks: set it, for Auth0 the Identifier of the API',
    ],
    [
      'Entra v2 without a scope',
      400,
      {
        error: 'invalid_request',
        error_description: "AADSTS900144: The request body must contain the following parameter: 'scope'.",
        error_codes: [900144],
      },
      '400 invalid_request, AADSTS900144',
      'wants `scope`',
    ],
    [
      'Entra v1 without a resource',
      400,
      {
        error: 'invalid_request',
        error_description: "AADSTS900144: The request body must contain the following parameter: 'resource'.",
        error_codes: [900144],
      },
      '400 invalid_request, AADSTS900144',
      'wants `resource`',
    ],
    [
      'Entra on a secret that has run out',
      401,
      { error: 'invalid_client', error_codes: [7000222] },
      '401 invalid_client, AADSTS7000222',
      'has expired',
    ],
    [
      'Entra on a certificate that it does not know',
      401,
      { error: 'invalid_client', error_codes: [700027] },
      '401 invalid_client, AADSTS700027',
      'set `token.certificate` beside `token.key`',
    ],
    [
      'Ory Hydra on a client with a key',
      401,
      { error: 'invalid_client', error_description: hydra.replace('client_secret_basic', 'private_key_jwt') },
      '401 invalid_client',
      '`token.auth: private_key_jwt`',
    ],
    ['Okta in its own shape', 401, { errorCode: 'invalid_client' }, '401 invalid_client', 'key deleted or rotated'],
    [
      'Ory Hydra on the method',
      401,
      { error: 'invalid_client', error_description: hydra },
      '401 invalid_client',
      '`token.auth: client_secret_basic`',
    ],
    [
      'AD FS on Basic',
      400,
      { error: 'invalid_request', error_description: 'MSIS9692: … must have ClientID and ClientSecret UrlEncoded' },
      '400 invalid_request',
      '`token.auth: client_secret_post`',
    ],
    [
      'Entra on a wrong secret',
      401,
      { error: 'invalid_client', error_description: 'AADSTS7000215: …', error_codes: [7000215] },
      '401 invalid_client, AADSTS7000215',
      'copy its value, not its id',
    ],
    [
      'Entra on an unknown application',
      400,
      { error: 'unauthorized_client', error_codes: [700016] },
      '400 unauthorized_client, AADSTS700016',
      'compare `token.clientId`',
    ],
    [
      'Entra with a code we know nothing of',
      400,
      { error: 'invalid_request', error_codes: [900144] },
      '400 invalid_request, AADSTS900144',
      '`token.params` may lack audience, resource or scope',
    ],
    ['RFC 8707', 400, { error: 'invalid_target' }, '400 invalid_target', '`audience` and `resource`'],
    [
      'a 403 with access_denied',
      403,
      { error: 'access_denied' },
      '403 access_denied',
      'lack audience, resource or scope',
    ],
    ['a 401 with a page', 401, '<html>', '401 no OAuth error', 'key deleted or rotated'],
  ])('%s', (_provider, status, body, detail, hint) => {
    const problem = explain(status, body);
    expect(problem).toMatchObject({ code: 'credentials-rejected', status: 502, retryable: false });
    expect(problem.details.detail).toContain(detail);
    expect(problem.details.hint).toContain(hint);
    expect(problem.retryAfterSeconds).toBeUndefined();
  });

  it('says how to send Basic when the secret was in the body', () => {
    expect(explain(401, { error: 'invalid_client' }).details.hint).toContain(
      'If the server takes Basic only, set `auth: client_secret_basic`; Flowgate encodes it.',
    );
  });

  it('does not say so when Basic was sent', () => {
    const problem = explain(401, { error: 'invalid_client' }, {}, { auth: 'client_secret_basic' });
    expect(problem.details.hint).not.toContain('Basic');
  });

  it('says how to send a form when JSON was sent', () => {
    for (const error of ['invalid_client', 'invalid_request']) {
      const { hint } = explain(400, { error }, {}, { auth: 'client_secret_json' }).details;
      expect(hint).toContain('If the server takes forms only, set `auth: client_secret_post`.');
    }
  });

  it('speaks of the scope that was sent, where one was', () => {
    const { hint } = explain(400, { error: 'invalid_scope' }, {}, { params: { scope: 'flows' } }).details;
    expect(hint).toContain('The server does not give this client the scope in `token.params`');
  });

  it('tells where Okta takes custom scopes, when its org server was asked for one', () => {
    const refusal = {
      error: 'invalid_scope',
      error_description: 'Custom scopes are not allowed for this request.',
    };
    const { detail, hint } = explain(400, refusal, {}, { params: { scope: 'flows' } }).details;
    expect(detail).toContain('400 invalid_scope');
    expect(hint).toContain('Okta needs a custom scope of an own authorization server');
  });

  it('speaks of the scope that is missing, where none was sent', () => {
    expect(explain(400, { error: 'invalid_scope' }).details.hint).toContain('which `token.params` lacks');
  });

  it('speaks of the certificate, where that is what was refused', () => {
    const { hint } = explain(401, { error: 'invalid_client' }, {}, { auth: 'tls_client_auth' }).details;
    expect(hint).toMatch(/certificate.*7 days.*bind again/);
    expect(hint).not.toContain('secret');
  });

  it('speaks of the assertion, where that is what was refused', () => {
    const body = { error: 'invalid_client', error_description: 'Invalid token audience' };
    const { hint } = explain(401, body, {}, { auth: 'private_key_jwt' }).details;
    expect(hint).toMatch(/public key or certificate of `token.key`.*`assertionAudience`/);
    expect(hint).not.toMatch(/secret|token\.params/i);
  });

  it('does not advise a second secret where there is one', () => {
    const client = { nextClientSecret: new Secret('next') };
    expect(explain(401, { error: 'unauthorized' }, {}, client).details.hint).not.toContain('nextClientSecret');
  });

  it('advises to encode Basic again where AD FS could not read it raw', () => {
    const body = { error: 'invalid_request', error_description: 'MSIS9692: …' };
    const { hint } = explain(400, body, {}, { auth: 'client_secret_basic', basicEncoding: 'raw' }).details;
    expect(hint).toContain('remove `basicEncoding: raw`');
    expect(explain(400, body, {}, { auth: 'client_secret_basic' }).details.hint).not.toContain('basicEncoding');
  });

  it('repeats neither the description nor an unknown error', () => {
    const problem = explain(400, { error: 'canary-1', error_description: 'canary-2', error_codes: ['canary-3'] });
    expect(problem.code).toBe('credentials-rejected');
    expect(JSON.stringify([problem.message, problem.details])).not.toContain('canary');
  });
});

describe('a server that is not there is token-unavailable', () => {
  const page = '<html><body>Error</body></html>';
  it.each<[string, number, unknown, Record<string, string>, boolean, string]>([
    ['429 of XSUAA', 429, page, { 'retry-after': '7' }, true, 'limits our requests'],
    ['302', 302, '', { location: 'https://evil.example' }, false, 'redirect'],
    ['308', 308, '', {}, false, 'redirect'],
    ['unknown zone with 404', 404, 'The subdomain does not map to a valid identity zone', {}, false, 'subdomain'],
    ['unknown zone with 400', 400, 'The subdomain does not map to a valid identity zone', {}, false, 'subdomain'],
    [
      'unknown route',
      404,
      "404 Not Found: Requested route ('x.example') does not exist.",
      { 'x-cf-routererror': 'unknown_route' },
      false,
      'knows no such host',
    ],
    ['any other 404', 404, page, {}, false, 'The token address answered 404'],
    ['408', 408, '', {}, true, 'failed'],
    ['500', 500, page, {}, true, 'failed'],
    ['502', 502, page, {}, true, 'failed'],
    ['503', 503, '', {}, true, 'failed'],
    ['504', 504, page, {}, true, 'failed'],
    ['500 with an OAuth error', 500, { error: 'invalid_client' }, {}, true, 'failed'],
    ['400 without an OAuth error', 400, page, {}, false, 'not one of OAuth'],
    ['403 of a firewall', 403, page, {}, false, 'not one of OAuth'],
    ['405', 405, page, {}, false, 'not one of OAuth'],
    ['201, which is no token answer', 201, { access_token: 'a' }, {}, false, 'not one of OAuth'],
  ])('%s', (_name, status, body, headers, retryable, detail) => {
    const problem = explain(status, body, headers);
    expect(problem).toMatchObject({ code: 'token-unavailable', status: 503, retryable });
    expect(problem.details.detail).toContain(detail);
    expect(problem.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  });

  it('gives the hint of the facts for a 404', () => {
    expect(explain(404, '').details.hint).toContain(
      'Use `url` of the service key; its subdomain may be wrong or, on a trial, expired.',
    );
  });

  it('tells of the other apps of the subaccount after a 429', () => {
    expect(explain(429, '').details.hint).toContain('other apps of it count too');
  });

  it('never shows a host, a redirect target or a text of the server', () => {
    const answers = [
      explain(302, 'canary', { location: 'https://canary.example' }),
      explain(404, "Requested route ('canary.example') does not exist"),
      explain(500, 'canary', { 'content-type': 'canary/x' }),
    ];
    expect(JSON.stringify(answers.map((problem) => [problem.message, problem.details]))).not.toContain('canary');
  });

  it('leaves facts for the log as its cause', () => {
    expect(explain(503, '').cause).toEqual(new TokenFailure('status', 'answer', 'HTTP_503', 503));
  });
});

describe('Retry-After of the authorization server', () => {
  it.each<[string, number, Record<string, string>, number]>([
    ['seconds', 429, { 'retry-after': '7' }, 7],
    ['an HTTP date', 429, { 'retry-after': new Date(NOW_MS + 12_000).toUTCString() }, 12],
    ['a date that is over', 429, { 'retry-after': new Date(NOW_MS - 12_000).toUTCString() }, 1],
    ['0 seconds', 429, { 'retry-after': '0' }, 1],
    ['more than a minute', 429, { 'retry-after': '3600' }, 60],
    ['digits without end', 429, { 'retry-after': '9'.repeat(400) }, 60],
    ['nothing', 429, {}, 5],
    ['garbage', 429, { 'retry-after': 'soon' }, 5],
    ['a negative number', 429, { 'retry-after': '-5' }, 5],
    ['an epoch that is over', 429, { 'x-ratelimit-reset': String(NOW_MS / 1000 - 20) }, 1],
    ['an epoch of tomorrow', 429, { 'x-ratelimit-reset': String(NOW_MS / 1000 + 86_400) }, 60],
    ['an epoch that is none', 429, { 'x-ratelimit-reset': 'soon' }, 5],
    ['a quota of Auth0 that is used up', 429, { 'auth0-client-quota-limit': 'b=per_hour;q=100;r=0;t=40' }, 40],
    ['quotas of Auth0 with tokens left', 429, { 'auth0-client-quota-limit': 'b=per_hour;q=100;r=3;t=40' }, 5],
    ['the epoch of Auth0', 429, { 'x-ratelimit-reset': String(NOW_MS / 1000 + 20) }, 20],
    ['Retry-After before that epoch', 429, { 'retry-after': '3', 'x-ratelimit-reset': String(NOW_MS / 1000 + 20) }, 3],
    ['a 503 that gives it', 503, { 'retry-after': '9' }, 9],
  ])('%s', (_name, status, headers, seconds) => {
    expect(explain(status, '', headers).details.retryAfterSeconds).toBe(seconds);
  });

  it('is not made up for a 500', () => {
    expect(explain(500, '', { 'retry-after': '9' }).details.retryAfterSeconds).toBeUndefined();
  });
});

describe('the pause until the next token request', () => {
  const reset = (seconds: number) => ({ 'x-ratelimit-reset': String(NOW_MS / 1000 + seconds) });
  it.each<[string, Record<string, string>, number]>([
    ['lasts until a reset', reset(90), 90],
    ['lasts a quarter of an hour at most, for quotas may be raised', reset(86_400), 900],
    ['lasts a minute at most after Retry-After', { 'retry-after': '3600' }, 60],
    ['lasts until a used-up quota begins anew', { 'auth0-client-quota-limit': 'b=per_hour;q=9;r=0;t=300' }, 300],
    [
      'lasts until the last of several used-up quotas begins anew',
      { 'auth0-client-quota-limit': 'b=per_hour;q=9;r=0;t=300,b=per_day;q=9;r=0;t=500,b=per_month;q=9;r=1;t=800' },
      500,
    ],
    ['counts the quota of an organization too', { 'auth0-organization-quota-limit': 'b=per_day;q=9;r=0;t=77' }, 77],
  ])('%s', (_name, headers, seconds) => {
    expect(explain(429, '', headers).cause).toMatchObject({ pauseSeconds: seconds });
  });

  it('is longer than what callers are told, and they may ask every minute', () => {
    const clock = new FakeClock();
    const memory = new FailureMemory(clock, () => 1);
    expect(memory.remember(explain(429, '', reset(90)))).toBe(90_000);
    expect(memory.current()?.retryAfterSeconds).toBe(60);
    clock.advanceSeconds(60);
    expect(memory.current()?.retryAfterSeconds).toBe(30);
    clock.advanceSeconds(30);
    expect(memory.current()).toBeUndefined();
  });
});
