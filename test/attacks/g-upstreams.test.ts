import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import {
  attack,
  ECHO,
  headerOf,
  KEY,
  message,
  post,
  requestLines,
  START,
  TARGETS,
  withKey,
  type Aftermath,
} from '../support/attack.ts';
import { eventually } from '../support/eventually.ts';
import { useFlowgate, withFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';
import {
  answer as answerWith,
  answerWithRawBytes,
  largeBody,
  RawUpstream,
  type Behaviour,
} from '../support/raw-upstream.ts';

/**
 * G. Upstreams: what comes from behind is not trusted either. What one connection can do (G-08 to G-16) is tested in full
 * among the tests of forwarding.
 */

/** A host that nobody has configured: it must never hear of anything. */
let elsewhere: RawUpstream;
/** An API that does as it is told, and has an address only when it runs. */
let odd: RawUpstream;

beforeAll(async () => {
  elsewhere = await RawUpstream.start();
  odd = await RawUpstream.start();
});

afterAll(async () => {
  await Promise.all([elsewhere.close(), odd.close()]);
});

const stack = useFlowgate({
  ...TARGETS,
  file: (sandbox) => {
    const { tokenurl: url, clientid: clientId, clientsecret: clientSecret } = sandbox.serviceKeys.integration.oauth;
    return `${TARGETS.file?.(sandbox) ?? ''}
  odd:
    kind: http
    url: ${odd.origin}
    timeout: 2s
    token: ${JSON.stringify({ url, clientId, clientSecret })}
    routes: [GET /things -> /things, POST /things -> /things]
`;
  },
});

/** One route of each kind, and the upstream behind it. */
const ROUTES = [
  ['workflow', withKey('GET /api/workflow/definitions')],
  ['workflow', post(START)],
  ['integration', withKey(`GET ${ECHO}`)],
  ['integration', post(ECHO)],
  ['integration', withKey('GET /api/things/files/x')],
  ['integration', post('/api/things/things')],
] as const;

async function withOdd(behaviour: Behaviour, bytes = withKey('GET /api/odd/things')): Promise<Aftermath> {
  odd.behave(behaviour);
  return attack(stack, bytes);
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('G-01 is not followed, and not passed on: %i', async (status) => {
    for (const [upstream, bytes] of ROUTES) {
      const headers = { Location: `${elsewhere.origin}/login`, 'Content-Type': 'text/html' };
      stack.sandbox.control.answer({ upstream, status, headers, body: '<a href="elsewhere">' });
      const { answer, problem, hits } = await attack(stack, bytes);
      expect([answer.status, problem['code'], answer.headers.has('location'), hits]).toEqual([
        502,
        'upstream-redirected',
        false,
        1,
      ]);
      await stack.sandbox.control.reset();
    }
    expect(elsewhere.requests).toHaveLength(0);
  });

  it.each([302, 307])('G-03 of the token endpoint is not followed: the secret is sent once (%i)', async (status) => {
    await withFlowgate(TARGETS, async (own) => {
      const headers = { Location: `${elsewhere.origin}/token` };
      own.sandbox.control.answer({ upstream: 'authorizationServer', status, headers });
      const { answer, problem, hits, tokenRequests } = await attack(own, withKey('GET /api/workflow/definitions'));
      expect([answer.status, problem['code'], hits, tokenRequests]).toEqual([503, 'token-unavailable', 0, 1]);
      expect(elsewhere.connections).toBe(0);
    });
  });
});

describe('an answer that is not what was asked for', () => {
  it.each([
    ['a page', 200, { 'Content-Type': 'text/html' }, '<html>log on</html>'],
    ['a page without a type', 200, {}, '<html>log on</html>'],
    ['text', 200, { 'Content-Type': 'text/plain' }, '{}'],
    ['half a document', 201, { 'Content-Type': 'application/json' }, '{"id":"1"'],
    ['another document', 201, { 'Content-Type': 'application/json' }, '[]'],
    ['a number for an id', 201, { 'Content-Type': 'application/json' }, '{"id":1}'],
    ['half a character for an id', 201, { 'Content-Type': 'application/json' }, String.raw`{"id":"\ud800"}`],
    ['an interim status', 200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, 'x'],
  ])('G-05 is no success of a start: %s', async (_name, status, headers, body) => {
    stack.sandbox.control.answer({ upstream: 'workflow', status, headers, body });
    const { answer, problem } = await attack(stack, post(START));
    expect([answer.status, problem['code'], problem['source']]).toEqual([502, 'upstream-protocol-error', 'upstream']);
    expect(answer.body.toString()).not.toContain('log on');
  });

  it('G-05 is no success of a read: a page', async () => {
    stack.sandbox.control.html({ upstream: 'workflow' });
    const { answer, problem } = await attack(stack, withKey('GET /api/workflow/definitions'));
    expect([answer.status, problem['code']]).toEqual([502, 'upstream-protocol-error']);
  });
});

describe('the text of an error', () => {
  const canary = 'canary-of-the-upstream';
  const texts = [
    [
      'text/html',
      `<html><body>${canary}<pre>java.lang.NullPointerException\n\tat com.sap.x(Y.java:1)</pre></body></html>`,
    ],
    ['application/json', JSON.stringify({ error: { message: canary, stack: 'at x (y.js:1:1)' } })],
    ['text/plain', `${canary} password=x at 10.0.0.1:8080`],
  ] as const;

  it.each([500, 502, 503, 504, 599])('G-06 of a %i is withheld, and not logged', async (status) => {
    // A stack of its own: a service that fails too often is left alone.
    await withFlowgate(TARGETS, async (own) => {
      for (const [type, body] of texts)
        for (const [upstream, bytes] of ROUTES) {
          own.sandbox.control.answer({ upstream, status, headers: { 'Content-Type': type }, body });
          const { answer, problem, log } = await attack(own, bytes);
          expect([answer.status >= 500, problem['source']]).toEqual([true, 'upstream']);
          expect(answer.body.toString() + JSON.stringify(log)).not.toMatch(/canary|NullPointer|10\.0\.0\.1|y\.js/);
          await own.sandbox.control.reset();
        }
    });
  });

  it.each(texts.filter(([type]) => type !== 'application/json'))(
    'G-06 of a 4xx of the engine is withheld where it is no JSON: %s',
    async (type, body) => {
      for (const status of [400, 401, 403, 404, 409, 418, 422, 429]) {
        stack.sandbox.control.answer({ upstream: 'workflow', status, headers: { 'Content-Type': type }, body });
        const { answer, log } = await attack(stack, post(START));
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.body.toString() + JSON.stringify(log)).not.toMatch(/canary|NullPointer|10\.0\.0\.1/);
        await stack.sandbox.control.reset();
      }
    },
  );

  it('G-06 of the authorization server is withheld', async () => {
    for (const [type, body] of texts)
      await withFlowgate(TARGETS, async (own) => {
        const headers = { 'Content-Type': type };
        own.sandbox.control.answer({ upstream: 'authorizationServer', status: 400, headers, body });
        const { answer, hits } = await attack(own, withKey('GET /api/workflow/definitions'));
        expect([answer.status >= 502, hits]).toEqual([true, 0]);
        expect(answer.body.toString() + JSON.stringify(own.logLines)).not.toMatch(/canary|NullPointer|10\.0\.0\.1/);
      });
  });
});

describe('an address in the configuration', () => {
  const problemsOf = (url: string, tokenUrl: string, env: Record<string, string> = {}) => {
    const file = `
services:
  api:
    kind: http
    url: ${JSON.stringify(url)}
    token: { url: ${JSON.stringify(tokenUrl)}, clientId: a, clientSecret: secret-of-the-client }
    routes: [GET /x -> /x]
`;
    try {
      loadConfig({
        cwd: '/',
        env: { NODE_ENV: 'production', API_KEYS: 'a=test-key-0123456789', ...env },
        readFile: () => file,
      });
      return [];
    } catch (error) {
      return (error as { problems: { setting: string }[] }).problems.map(({ setting }) => setting);
    }
  };
  const good = 'https://api.example.com';

  it('G-07 over https is taken', () => {
    expect(problemsOf(good, `${good}/token`)).toEqual([]);
  });

  it.each([
    'http://api.example.com',
    'https://user:password@api.example.com',
    'https://169.254.169.254',
    'https://2852039166',
    'https://[fd00:ec2::254]',
    'https://metadata.google.internal',
    'ftp://api.example.com',
    'api.example.com',
  ])('G-07 stops the start, for the API and for its tokens: %s', (url) => {
    expect(problemsOf(url, `${good}/token`)).toEqual(['services.api.url']);
    expect(problemsOf(good, `${url}/token`)).toEqual(['services.api.token.url']);
  });

  it('G-07 over plain http is taken where the operator says so by name', () => {
    const env = { ALLOW_INSECURE_UPSTREAMS: 'true' };
    expect(problemsOf('http://api.example.com', 'http://idp.example.com/token', env)).toEqual([]);
  });

  it('G-08 is worth nothing without its certificate: switching the check off stops the start', () => {
    expect(problemsOf(good, `${good}/token`, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual([
      'NODE_TLS_REJECT_UNAUTHORIZED',
    ]);
  });
});

describe('an odd answer', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

  it.each([
    ['a length and chunks', `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a header that is none', `${head}X\0A: 1\r\nContent-Length: 2\r\n\r\n{}`],
    ['100 KB of a header', `${head}X-A: ${'a'.repeat(100_000)}\r\nContent-Length: 2\r\n\r\n{}`],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ])('A-28 is no answer, and its connection is not used again: %s', async (_name, bytes) => {
    const { answer, problem } = await withOdd(answerWithRawBytes(bytes, { keepOpen: true }));
    expect([answer.status, problem['source']]).toEqual([502, 'upstream']);
    const connections = odd.connections;
    expect((await withOdd(answerWith(200, { 'Content-Type': 'application/json' }, '{}'))).answer.status).toBe(200);
    expect(odd.connections).toBe(connections + 1);
  });

  it.each([
    ['a length that is not reached', `${head}Content-Length: 100\r\n\r\n{"a":`],
    ['chunks without the last one', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n`],
  ])('A-31 that breaks off has no clean end: %s', async (_name, bytes) => {
    odd.behave(answerWithRawBytes(bytes));
    const connection = await RawConnection.open(stack.port);
    connection.write(withKey('GET /api/odd/things'));
    await connection.closed();
    expect(await connection.answer()).toBeUndefined();
    expect(connection.pending.toString()).not.toMatch(/\r\n0\r\n\r\n$/);
    connection.destroy();
    await eventually(() => expect(requestLines(stack)).toHaveLength(1));
  });

  it('G-11 that is packed stays packed: a bomb costs us what it weighs', async () => {
    const packed = gzipSync(Buffer.alloc(50 * 1024 * 1024)).toString('latin1');
    const bytes = `${head}Content-Encoding: ${'gzip, '.repeat(100)}gzip\r\nContent-Length: ${packed.length}\r\n\r\n${packed}`;
    const { answer } = await withOdd(answerWithRawBytes(bytes));
    expect([answer.status, answer.body.length]).toEqual([200, packed.length]);
  });

  it('G-11 that would have to be read is read up to a limit', async () => {
    const body = `{"id":"1","x":"${'x'.repeat(9 * 1024 * 1024)}"}`;
    stack.sandbox.control.answer({
      upstream: 'workflow',
      status: 201,
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    const { answer, problem } = await attack(stack, post(START));
    expect([answer.status, problem['source']]).toEqual([502, 'upstream']);
  });

  it('G-12 without an end is cut off at the deadline', async () => {
    odd.behave(largeBody(Number.MAX_SAFE_INTEGER));
    const connection = await RawConnection.open(stack.port);
    connection.write(withKey('GET /api/odd/things'));
    connection.stopReading();
    await eventually(() => expect(odd.openSockets).toBe(0), 4_000);
    connection.destroy();
    await eventually(() => expect(requestLines(stack)).toHaveLength(1));
  });
});

describe('an upstream that', () => {
  it('G-13 never answers is given up at the deadline: what was sent may have happened', async () => {
    await withFlowgate(TARGETS, async (own) => {
      own.sandbox.control.slow({ upstream: 'integration', ms: 1_500 });
      const { answer, problem, hits } = await attack(own, post('/api/integration/flows/small'));
      expect([answer.status, problem['code'], problem['retryable'], hits]).toEqual([504, 'outcome-unknown', false, 1]);
    });
  });

  it('G-15 cannot be reached has got nothing: that may be tried again', async () => {
    await withFlowgate(TARGETS, async (own) => {
      await own.sandbox.control.down({ upstream: 'integration' });
      for (const bytes of [post(ECHO), withKey(`GET ${ECHO}`)]) {
        const { answer, problem, hits } = await attack(own, bytes);
        expect([answer.status, problem['code'], problem['retryable'], hits]).toEqual([
          502,
          'upstream-unreachable',
          true,
          0,
        ]);
      }
    });
  });

  it('G-16 breaks the connection after the request has got it once', async () => {
    await withFlowgate(TARGETS, async (own) => {
      own.sandbox.control.resetConnection({ upstream: 'workflow', when: 'after-body' });
      const { answer, problem, hits } = await attack(own, post(START));
      expect([answer.status, problem['code'], problem['retryable'], hits]).toEqual([502, 'outcome-unknown', false, 1]);
    });
  });

  it('G-15 fails in whatever way names neither its host nor its port', async () => {
    await withFlowgate(TARGETS, async (own) => {
      const { control, workflow } = own.sandbox;
      const { host, port } = new URL(workflow.url);
      const upstream = 'workflow';
      const ways = [
        () => control.down({ upstream }),
        () => control.html({ upstream }),
        () => control.unknownRoute({ upstream }),
        () => control.fail({ upstream }),
        () => control.garbage({ upstream }),
        () => control.redirect({ upstream }),
      ];
      for (const way of ways) {
        await Promise.resolve(way());
        const { answer, problem } = await attack(own, withKey('GET /api/workflow/definitions'));
        expect([answer.status === 200, problem['source']]).not.toEqual([false, 'flowgate']);
        const text = answer.body.toString() + JSON.stringify([...answer.headers]);
        expect(text.includes(host) || text.includes(`:${port}`)).toBe(false);
        await control.reset();
      }
    });
  });
});

describe('the address of an upstream', () => {
  it('G-01 is not what a request names', async () => {
    const bytes = message('GET /api/workflow/definitions', [KEY]).replace(
      'flowgate.example',
      new URL(elsewhere.origin).host,
    );
    expect(headerOf((await attack(stack, bytes)).answer, 'content-type')).toMatch(/json/);
    expect(elsewhere.connections).toBe(0);
  });
});
