import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { attack, ECHO, headerOf, KEY, message, post, refused, START, TARGETS, withKey } from '../support/attack.ts';
import { RawConnection } from '../support/raw-http.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

/** E. Web pages: another site can neither read an answer nor have anything done (Fetch standard; RFC 6454). */

const APP = 'https://app.example.com';

const stack = useFlowgate({ ...TARGETS, env: { ...TARGETS.env, CORS_ORIGINS: APP } });

const ACAO = 'access-control-allow-origin';

const LOOKALIKES = [
  'null',
  'https://evil.example',
  'https://app.example.com.evil.com',
  'https://evilapp.example.com',
  'https://app.example.com.',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com:443',
  'https://APP.example.com',
  'https://app.example.com%60.evil',
  'https://app.example.com/',
  'https://app.example.com evil',
  'https://app.example.com,https://evil.example',
  'https://app_example.com',
  'https://xn--app-example-com',
  'file://',
  'app.example.com',
  '',
  '*',
  `https://${'a'.repeat(8_000)}.example.com`,
];

describe('a page of another origin', () => {
  it.each(LOOKALIKES)('E-01 E-02 E-03 may not read: %j', async (origin) => {
    const { answer } = await attack(stack, withKey('GET /api/workflow/definitions', [`Origin: ${origin}`]));
    expect([answer.status, answer.headers.has(ACAO), headerOf(answer, 'vary')]).toEqual([200, false, 'Origin']);
  });

  it.each(LOOKALIKES)('E-01 E-02 E-03 may not write: %j', async (origin) => {
    const { answer, problem } = await refused(stack, post(START, [`Origin: ${origin}`]), 403);
    expect([problem['code'], answer.headers.has(ACAO)]).toEqual(['origin-not-allowed', false]);
  });

  it('E-03 may not hide behind one that is allowed', async () => {
    await refused(stack, post(START, [`Origin: ${APP}`, 'Origin: https://evil.example']), 400);
  });

  it('E-04 is never told back, nor is credentials mode ever allowed', async () => {
    const connection = await RawConnection.open(stack.port);
    const origins = fc.oneof(
      fc.webUrl().map((url) => new URL(url).origin),
      fc.stringMatching(/^[\x21-\x7e]{0,40}$/),
      fc.stringMatching(/^[\x21-\x7e]{0,8}$/).map((end) => `${APP}${end}`),
    );
    await fc.assert(
      fc.asyncProperty(origins, async (origin) => {
        connection.write(withKey('GET /health', [`Origin: ${origin}`]));
        const answer = await connection.answer();
        expect(answer?.headers.get(ACAO)).toEqual(origin === APP ? [APP] : undefined);
        expect(answer?.headers.has('access-control-allow-credentials')).toBe(false);
      }),
      { numRuns: 300 },
    );
    connection.destroy();
  });
});

describe('a preflight', () => {
  const preflight = (lines: readonly string[]) => message(`OPTIONS ${START}`, [`Origin: ${APP}`, ...lines]);

  it.each([
    ['another method', ['Access-Control-Request-Method: TRACE']],
    ['a method in small letters', ['Access-Control-Request-Method: post']],
    ['another header', ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: cookie']],
    [
      '10 KB of headers',
      ['Access-Control-Request-Method: POST', `Access-Control-Request-Headers: ${'x-a,'.repeat(2_500)}`],
    ],
  ])('E-05 for %s grants nothing, costs nothing and needs no credential', async (_name, lines) => {
    const { answer, hits, tokenRequests } = await attack(stack, preflight(lines));
    expect([answer.status, hits, tokenRequests]).toEqual([204, 0, 0]);
    expect(answer.headers.has('access-control-allow-methods')).toBe(false);
    expect(answer.headers.has('access-control-allow-headers')).toBe(false);
  });

  it('E-06 for what is allowed names the exact origin, what it depends on, and for how long', async () => {
    const lines = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: x-api-key,content-type'];
    const { answer, hits } = await attack(stack, preflight(lines));
    expect([answer.status, headerOf(answer, ACAO), hits]).toEqual([204, APP, 0]);
    expect(headerOf(answer, 'vary')).toBe('Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
    expect(Number(headerOf(answer, 'access-control-max-age'))).toBeLessThanOrEqual(7200);
  });

  it('E-14 opens no private network', async () => {
    const lines = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Private-Network: true'];
    const { answer } = await attack(stack, preflight(lines));
    expect([...answer.headers.keys()].filter((name) => /private|local/.test(name))).toEqual([]);
  });
});

describe('an error', () => {
  it.each([
    [401, message('GET /api/workflow/definitions', [`Origin: ${APP}`])],
    [404, withKey('GET /api/nowhere', [`Origin: ${APP}`])],
    [413, withKey(`POST ${START}`, [`Origin: ${APP}`, 'Content-Type: application/json', 'Content-Length: 9999999'])],
    [414, withKey(`GET /${'a'.repeat(5_000)}`, [`Origin: ${APP}`])],
    [415, withKey(`POST ${START}`, [`Origin: ${APP}`, 'Content-Length: 2'], '{}')],
  ])('E-07 can be read by a page of ours: %i', async (status, bytes) => {
    const { answer } = await refused(stack, bytes, status);
    expect(headerOf(answer, ACAO)).toBe(APP);
  });
});

describe('what a page can send without asking first', () => {
  it.each([
    ['Content-Type: text/plain', '{"employee":"Ada"}'],
    ['Content-Type: text/plain;application/json', '{"employee":"Ada"}'],
    ['Content-Type: application/x-www-form-urlencoded', 'employee=Ada'],
    ['Content-Type: multipart/form-data; boundary=x', '--x\r\n\r\n{}\r\n--x--\r\n'],
    ['X-Nothing: 1', '{"employee":"Ada"}'],
  ])('E-08 E-09 is no JSON: %s', async (type, body) => {
    await refused(stack, withKey(`POST ${START}`, [type, `Content-Length: ${body.length}`], body), 415);
  });

  it('E-10 carries no credential, with or without a body', async () => {
    await refused(stack, message(`POST ${START}`, ['Content-Length: 0', `Cookie: ${KEY}`]), 401);
    await refused(stack, message(`POST ${START}`, ['Content-Length: 0', `Origin: ${APP}`, `Cookie: ${KEY}`]), 401);
    await refused(stack, message(`POST ${START}`, ['Content-Length: 0', 'Origin: https://evil.example']), 403);
  });

  it.each(['cross-site', 'evil', 'same-origin, cross-site'])(
    'E-10 is refused where the browser says %s',
    async (site) => {
      await refused(stack, post(START, [`Sec-Fetch-Site: ${site}`]), 403);
    },
  );
});

describe('a visit by a browser', () => {
  it.each(['/api/workflow/definitions', ECHO, '/api/nowhere'])('E-12 shows no page: %s', async (path) => {
    const lines = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Accept: text/html,*/*'];
    for (const bytes of [message(`GET ${path}`, lines), withKey(`GET ${path}`, lines)]) {
      const { answer } = await attack(stack, bytes);
      expect(headerOf(answer, 'content-type')).toMatch(/^application\/(?:problem\+)?json/);
      expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff');
      expect(headerOf(answer, 'content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    }
  });
});
