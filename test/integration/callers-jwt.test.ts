import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SignJWT } from 'jose';
import { useFlowgate, API_KEY } from '../support/flowgate-stack.ts';
import { FakeIssuer } from '../support/fake-issuer.ts';
import { plainRequest, type PlainAnswer } from '../support/plain-request.ts';

const LIST = '/api/workflow/definitions';

const EVERYTHING_BUT_DATE = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

let issuer: FakeIssuer;
/** An issuer of which no caller knows. */
let stranger: FakeIssuer;
/** An issuer with two keys of one kind. */
let twins: FakeIssuer;
beforeAll(async () => {
  twins = await FakeIssuer.start(['RS256', 'RS256']);
  issuer = await FakeIssuer.start(['RS256', 'PS256', 'ES256', 'EdDSA']);
  stranger = await FakeIssuer.start();
});
afterAll(async () => {
  await issuer.stop();
  await stranger.stop();
  await twins.stop();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  issuer.answers.clear();
});

/** Behind a proxy that is believed, each test can have an address of its own: wrong tokens are counted by address. */
let clients = 0;
beforeEach(() => {
  clients += 1;
  passTime(0);
});

const stack = useFlowgate({
  env: { TRUSTED_PROXY_HOPS: '1' },
  file: () => `
callers:
  hr:
    jwt: { issuer: "${issuer.url}", audience: flowgate, claims: { department: hr } }
    allow: ["GET /api/workflow/definitions"]
  staff:
    jwt: { issuer: "${issuer.url}", audience: [flowgate, staff-app], scopes: [call] }
    allow: ["* /api/**"]
  twins:
    jwt: { issuer: "${twins.url}", audience: flowgate }
    allow: ["* /api/**"]
`,
});

function withToken(token: string, path = LIST): Promise<PlainAnswer> {
  const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': `192.0.2.${clients}` };
  return plainRequest(`${stack.url}${path}`, 'GET', headers);
}

async function hrToken(changes: Parameters<FakeIssuer['token']>[0] = {}): Promise<string> {
  return issuer.token({ ...changes, claims: { department: 'hr', ...changes.claims } });
}

function callerOfLastRequest(): unknown {
  return stack.logLines.findLast(({ msg }) => msg === 'request')?.['caller'];
}

/** How often the signature of this token was looked at. The sandbox verifies tokens too, in the same process. */
function countVerifications(token: string): () => number {
  const verify = jest.spyOn(crypto.subtle, 'verify');
  const signed = token.slice(0, token.lastIndexOf('.'));
  return () => verify.mock.calls.filter(([, , , data]) => Buffer.from(data as Uint8Array).toString() === signed).length;
}

/** Sets the wall clock of the server forward, and nothing else. */
function setClockBy(seconds: number): void {
  jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake: [...EVERYTHING_BUT_DATE] });
}

const monotonicMs = performance.now.bind(performance);
let aheadMs = 0;

/** Makes the monotonic clock of the server run ahead. It stays there: such a clock never goes back. */
function passTime(seconds: number): void {
  aheadMs += seconds * 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => monotonicMs() + aheadMs);
}

describe('a JWT', () => {
  it('lets its caller in', async () => {
    const answer = await withToken(await hrToken());
    expect(answer.status).toBe(200);
    expect(callerOfLastRequest()).toBe('hr');
  });

  it('is what its caller is granted by, and no more', async () => {
    expect((await withToken(await hrToken(), '/api/workflow/instances')).json).toMatchObject({ code: 'forbidden' });
  });

  it('never reaches an upstream', async () => {
    await withToken(await hrToken());
    const sent = stack.sandbox.control.lastRequest('workflow');
    expect(sent?.headers['authorization']).toMatch(/^Bearer /);
    expect(sent?.headers['authorization']).not.toBe(`Bearer ${await hrToken()}`);
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed with %s', async (alg) => {
    expect((await withToken(await hrToken({ alg }))).status).toBe(200);
  });

  it('belongs to the first caller of the file whose claims and scopes it has', async () => {
    await withToken(await hrToken({ claims: { scope: 'call' } }));
    expect(callerOfLastRequest()).toBe('hr');
    await withToken(await issuer.token({ claims: { scope: 'other call', department: 'it' } }));
    expect(callerOfLastRequest()).toBe('staff');
  });

  it('may have its scopes in a list, and one of several audiences', async () => {
    await withToken(await issuer.token({ claims: { scp: ['call'], aud: ['else', 'staff-app'] } }));
    expect(callerOfLastRequest()).toBe('staff');
  });

  it('that fits no caller is 401', async () => {
    const answer = await withToken(await issuer.token({ claims: { department: 'it' } }));
    const json = { code: 'unauthenticated', detail: expect.stringContaining('belongs to no caller') };
    expect(answer).toMatchObject({ status: 401, json });
  });

  it('may come with the scheme in lower case', async () => {
    const headers = { authorization: `bearer ${await hrToken()}` };
    expect((await plainRequest(`${stack.url}${LIST}`, 'GET', headers)).status).toBe(200);
  });

  it('beside an API key is 400: one credential only (D-10)', async () => {
    const headers = { authorization: `Bearer ${await hrToken()}`, 'x-api-key': API_KEY };
    expect(await plainRequest(`${stack.url}${LIST}`, 'GET', headers)).toMatchObject({
      status: 400,
      json: { code: 'invalid-request' },
    });
  });

  it('may be 30 seconds over its time, and no more (D-08)', async () => {
    expect((await withToken(await hrToken({ expiresIn: -25 }))).status).toBe(200);
    const expired = await withToken(await hrToken({ expiresIn: -35 }));
    expect(expired).toMatchObject({ status: 401, json: { detail: 'The JWT has expired.' } });
  });

  it('is verified once, and then remembered without its signature being looked at', async () => {
    const token = await hrToken({ claims: { jti: 'remembered' } });
    await withToken(token);
    const verifications = countVerifications(token);
    expect((await withToken(token)).status).toBe(200);
    expect(verifications()).toBe(0);
  });

  it('that is remembered still ends when it expires', async () => {
    const token = await hrToken({ expiresIn: -28 });
    expect((await withToken(token)).status).toBe(200);
    setClockBy(5);
    expect((await withToken(token)).status).toBe(401);
  });

  it('that is remembered is verified again after ten minutes, so that a withdrawn key ends', async () => {
    const token = await hrToken({ expiresIn: 3600 });
    await withToken(token);
    const verifications = countVerifications(token);
    passTime(601);
    await withToken(token);
    expect(verifications()).toBe(1);
  });
});

describe('a token that is no good (D-08) is 401', () => {
  const now = Math.floor(Date.now() / 1000);

  it.each([
    ['not valid yet', { claims: { nbf: now + 120 } }],
    ['for another audience', { claims: { aud: 'other' } }],
    ['without an audience', { without: ['aud'] }],
    ['without an expiry', { without: ['exp'] }],
    ['with an expiry that is no number', { claims: { exp: '2999-01-01' as unknown as number } }],
    ['without an issuer', { without: ['iss'] }],
    ['made for logging out', { header: { typ: 'logout+jwt' } }],
    ['of a type that is a number', { header: { typ: 5 } }],
    ['of a type that is a list', { header: { typ: ['JWT'] } }],
    ['of a type that is null', { header: { typ: null } }],
    ['with the path of a file for a key id', { header: { kid: '../../../../dev/null' } }],
    ['with a key id that is a number', { header: { kid: 0 } }],
    ['with a critical extension', { header: { crit: ['x'], x: 1 } }],
    ['with the key id of nobody', { header: { kid: 'unknown' } }],
  ] as const)('%s', async (_, changes) => {
    const token = await hrToken(changes);
    const answer = await withToken(token);
    expect(answer).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(answer.headers['www-authenticate']).toContain('Bearer');
  });

  it('that does not say which of several keys it is signed with, and the answer says so', async () => {
    expect((await withToken(await twins.token())).status).toBe(200);
    const { status, json } = await withToken(await twins.token({ header: { kid: undefined } }));
    expect([status, json]).toEqual([401, expect.objectContaining({ hint: expect.stringContaining('"kid"') })]);
  });

  it('of an issuer with one slash more', async () => {
    expect((await withToken(await hrToken({ claims: { iss: `${issuer.url}/` } }))).status).toBe(401);
  });

  it('with the algorithm none', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: issuer.url, aud: 'flowgate', department: 'hr', exp: now + 300 };
    for (const alg of ['none', 'None', 'NONE', ''])
      for (const signature of ['', 'AAAA'])
        expect((await withToken(`${part({ alg })}.${part(claims)}.${signature}`)).status).toBe(401);
  });

  it('signed with HS256 and the public key as the secret', async () => {
    const [jwk] = issuer.publicKeys;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'HS256', kid: jwk?.kid, typ: 'JWT' });
    const payload = part({ iss: issuer.url, aud: 'flowgate', department: 'hr', exp: now + 300 });
    const signature = createHmac('sha256', JSON.stringify(jwk)).update(`${head}.${payload}`).digest('base64url');
    expect((await withToken(`${head}.${payload}.${signature}`)).status).toBe(401);
  });

  it('of an issuer of which no caller knows, and that issuer is not asked', async () => {
    const token = await stranger.token({ claims: { department: 'hr' } });
    expect((await withToken(token)).status).toBe(401);
    expect(stranger.requests.size).toBe(0);
  });

  it('with the name of our issuer and the signature of another', async () => {
    const token = await stranger.token({ claims: { iss: issuer.url, department: 'hr' } });
    expect((await withToken(token)).status).toBe(401);
  });

  it('that brings its own key, or says where it is: nobody looks there', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const header = {
      alg: 'RS256',
      kid: issuer.publicKeys[0]?.kid ?? '',
      jwk: publicKey.export({ format: 'jwk' }),
      jku: `${stranger.url}/jwks`,
      x5u: `${stranger.url}/x5u`,
    };
    const token = await new SignJWT({ iss: issuer.url, aud: 'flowgate', department: 'hr', exp: now + 300 })
      .setProtectedHeader(header)
      .sign(privateKey);
    expect((await withToken(token)).status).toBe(401);
    expect(stranger.requests.size).toBe(0);
  });

  it('with one bit changed', async () => {
    const [head = '', payload = '', signature = ''] = (await hrToken()).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    expect((await withToken(`${head}.${payload}.${bytes.toString('base64url')}`)).status).toBe(401);
  });

  it.each(['x', 'a.b', 'a.b.c', '..', 'e30.e30.', `${'A'.repeat(8000)}.A.A`, 'bnVsbA.bnVsbA.AA'])(
    'that is no token: %#',
    async (token) => {
      expect((await withToken(token)).status).toBe(401);
    },
  );
});

describe("the issuer's keys", () => {
  it('are fetched once, however many tokens come with unknown key ids (D-08)', async () => {
    await withToken(await hrToken());
    const before = issuer.jwksRequests;
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => hrToken({ header: { kid: `unknown-${index}` } })),
    );
    for (const token of tokens) await withToken(token);
    expect(issuer.jwksRequests - before).toBeLessThanOrEqual(1);
  });

  it('are fetched anew for a new key id, when the cool-down is over', async () => {
    await withToken(await hrToken());
    passTime(31);
    await issuer.rollKeys();
    expect((await withToken(await hrToken())).status).toBe(200);
  });

  it('stay in use while the issuer is away', async () => {
    await withToken(await hrToken());
    passTime(31 * 60);
    issuer.answers.set('/jwks', (request) => request.socket.destroy());
    expect((await withToken(await hrToken({ claims: { jti: 'while away' } }))).status).toBe(200);
  });
});
