import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  attack,
  ECHO,
  headerOf,
  lastSeen,
  message,
  post,
  refused,
  START,
  TARGETS,
  withKey,
} from '../support/attack.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';

/**
 * D. Callers: who does not show a good credential gets nothing, and learns nothing. Tokens (D-08), two credentials
 * (D-10) and guessing (D-11) have files of their own among the tests of callers.
 */

const READER_KEY = 'reader-key-0123456789abcdef';

const stack = useFlowgate({
  ...TARGETS,
  // Wrong credentials are counted by address: each test comes from another one.
  env: { ...TARGETS.env, TRUSTED_PROXY_HOPS: '1' },
  file: (sandbox) => `${TARGETS.file?.(sandbox) ?? ''}
callers:
  reader:
    apiKeys: [${READER_KEY}]
    allow: ["GET /api/workflow/instances/*", "POST /api/integration/flows/echo/mine/**"]
`,
});

let clients = 0;

/** A request of a client that has not been here before. */
function fromElsewhere(start: string, lines: readonly string[] = [], body = ''): string {
  clients += 1;
  return message(start, [`X-Forwarded-For: 198.51.100.${clients}`, ...lines], body);
}

const READ = 'GET /api/workflow/definitions';

describe('a request without a credential', () => {
  it.each([
    ['nothing', []],
    ['an empty key', ['X-API-Key:']],
    ['a key of blanks', ['X-API-Key:   \t ']],
    ['an empty Authorization', ['Authorization:']],
    ['a scheme alone', ['Authorization: Bearer']],
    ['a scheme and a blank', ['Authorization: Bearer ']],
    ['another scheme', ['Authorization: Digest username="x"']],
    ['user name and password', ['Authorization: Basic dXNlcjpwYXNz']],
    ['the key under another name', [`API-Key: ${API_KEY}`, `X-ApiKey: ${API_KEY}`, `apikey: ${API_KEY}`]],
  ])('D-01 is 401, with %s', async (_name, lines) => {
    const { answer, problem } = await refused(stack, fromElsewhere(READ, lines), 401);
    expect(problem['code']).toBe('unauthenticated');
    expect(headerOf(answer, 'www-authenticate')).toBe('ApiKey realm="flowgate", Bearer realm="flowgate"');
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'D-01 is 401 before anything else: %s',
    async (method) => {
      for (const path of ['/api/workflow/definitions', '/api/nowhere', '/api', `/api/${'x/'.repeat(500)}`])
        await refused(stack, fromElsewhere(`${method} ${path}`), 401, { toHead: method === 'HEAD' });
    },
  );
});

describe('a key', () => {
  const inBody = `{"x-api-key":"${API_KEY}"}`;

  it.each([
    ['that is a beginning', API_KEY.slice(0, -1)],
    ['that is an end', API_KEY.slice(1)],
    ['with one more character', `${API_KEY}0`],
    ['in capitals', API_KEY.toUpperCase()],
    ['with a character changed', API_KEY.replace('0', 'O')],
    ['twice over', `${API_KEY}${API_KEY}`],
    ['in quotes', `"${API_KEY}"`],
    ['as base64', Buffer.from(API_KEY).toString('base64url')],
    ['URL-encoded', API_KEY.replaceAll('-', '%2D')],
    ['with full-width digits', Buffer.from(API_KEY.replace('0', '０')).toString('latin1')],
    ['with a soft hyphen', `${API_KEY}\xad`],
    ['named like a member of an object', '__proto__'],
    ['with its name', `tester=${API_KEY}`],
  ])('D-02 %s is 401', async (_name, key) => {
    const { answer, log } = await refused(stack, fromElsewhere(READ, [`X-API-Key: ${key}`]), 401);
    expect(answer.body.toString() + JSON.stringify(log)).not.toContain(key);
  });

  it('D-02 with blanks around it is the key: they are no part of a value (RFC 9110, section 5.5)', async () => {
    expect((await attack(stack, fromElsewhere(READ, [`X-API-Key: \t ${API_KEY} \t`]))).answer.status).toBe(200);
  });

  it.each([
    ['in the query', fromElsewhere(`${READ}?x-api-key=${API_KEY}&apikey=${API_KEY}&access_token=${API_KEY}`)],
    ['in the path', fromElsewhere(`${READ}/${API_KEY}`)],
    ['in the body', fromElsewhere(`POST ${START}`, [`Content-Length: ${inBody.length}`], inBody)],
    ['in a cookie', fromElsewhere(READ, [`Cookie: x-api-key=${API_KEY}`])],
  ])('D-05 %s is none, and is not logged', async (_name, bytes) => {
    // That it is not logged, and not answered, is what the planted-secret scanner looks for.
    await refused(stack, bytes, 401);
  });

  it('D-05 in the query of a request that has one in its header is not logged either', async () => {
    await attack(stack, withKey(`GET ${ECHO}?key=harmless`));
    expect(JSON.stringify(stack.logLines)).not.toContain('harmless');
  });

  it('D-06 of 15 KB is 401, one of 17 KB goes no further than the parser', async () => {
    await refused(stack, fromElsewhere(READ, [`X-API-Key: ${'k'.repeat(15_000)}`]), 401);
    await refused(stack, fromElsewhere(READ, [`Authorization: Bearer ${'k'.repeat(15_000)}`]), 401);
    await refused(stack, fromElsewhere(READ, [`X-API-Key: ${'k'.repeat(17_000)}`]), 431);
    await refused(stack, fromElsewhere(READ, [`X-API-Key: ${'k'.repeat(1_000_000)}`]), 431);
  });
});

describe('how a key is compared', () => {
  // A clock would tell of the machine's load rather than of the code: that is read instead.
  const source = readFileSync('src/callers/api-keys.ts', 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');

  it('D-03 is by its hash, in constant time, so that no part of a guess can be told to be right', () => {
    expect(source).toMatch(/hash\('sha256', Buffer\.from\(value, 'latin1'\), 'buffer'\)/);
    expect(source).toMatch(/timingSafeEqual\(digest, \w+\.digest\)/);
    const uses = source.match(/\bvalue\b/g) ?? [];
    expect(uses).toHaveLength(3); // the parameter, its length, and what is hashed: it is compared nowhere
  });
});

describe('a good key on a route that it is not granted', () => {
  const key = `X-API-Key: ${READER_KEY}`;

  it('D-07 is 403, before a token is fetched or anything is sent', async () => {
    const { problem } = await refused(stack, message(READ, [key]), 403);
    expect(problem['code']).toBe('forbidden');
    await refused(stack, message(`POST ${START}`, [key, 'Content-Length: 2'], '{}'), 403);
  });

  it('D-07 is 403 with the same words for what exists and what does not', async () => {
    const started = await stack.post(START, '{}');
    const words = async (path: string) => {
      const { problem } = await refused(stack, message(`GET ${path}`, [key]), 403);
      return { ...problem, correlationId: '' };
    };
    const own = await words(`/api/workflow/instances/${(started.json as { id: string }).id}/context`);
    expect(own).toEqual(await words('/api/workflow/instances/00000000-0000-4000-8000-000000000000/context'));
  });

  it.each([
    'POST /api/integration/flows/echo',
    'POST /api/integration/flows/echo/mine',
    'POST /api/integration/flows/echo/Mine/x',
    'POST /api/integration/flows/echo/mine%2fx/y',
    'POST /api/integration/flows/echo/yours/x',
    'GET /api/integration/flows/echo/mine/x',
    'PUT /api/integration/flows/echo/mine/x',
    'GET /api/workflow/instances',
  ])('D-07 is decided on the path that was meant, and on the method: %s', async (start) => {
    await refused(stack, message(start, [key, 'X-HTTP-Method-Override: POST']), [400, 403]);
  });

  it('D-07 is decided on the decoded path', async () => {
    const { answer } = await attack(
      stack,
      message('POST /api/integration/flows/echo/m%69ne/x', [key, 'Content-Length: 0']),
    );
    expect([answer.status, lastSeen(stack).path]).toEqual([200, '/http/echo/mine/x']);
  });

  it.each(['..', '%2e%2e', '..;'])('D-07 is not left by dots: mine/%s/yours', async (dots) => {
    await refused(
      stack,
      message(`POST /api/integration/flows/echo/mine/${dots}/yours`, [key, 'Content-Length: 0']),
      400,
    );
  });

  it('D-07 is not granted HEAD where it is not granted GET', async () => {
    await refused(stack, message('HEAD /api/workflow/definitions', [key]), 403, { toHead: true });
  });

  it('D-07 leaves the caller who may call everything alone', async () => {
    expect((await attack(stack, post(ECHO))).answer.status).toBe(200);
  });
});
