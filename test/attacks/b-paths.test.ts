import { describe, expect, it } from '@jest/globals';
import { attack, ECHO, headerOf, lastSeen, message, post, refused, TARGETS, withKey } from '../support/attack.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

/** B. Paths: every check sees the path that the upstream will see, and nothing is normalised on the way. */

const stack = useFlowgate(TARGETS);

/** A place for one segment in each kind of path: a parameter, a parameter between literals, below a flow. */
const PLACES = [
  '/api/workflow/instances/',
  '/api/workflow/definitions/',
  `${ECHO}/`,
  `${ECHO}/below/`,
  '/api/things/things/',
  '/api/things/files/',
  '/api/things/files/below/',
];

async function refusedEverywhere(segment: string): Promise<void> {
  for (const place of PLACES) await refused(stack, withKey(`GET ${place}${segment}`), [400, 404]);
  await refused(stack, post(`/api/workflow/definitions/${segment}/instances`), [400, 404]);
}

describe('a segment', () => {
  it.each(['..%2f..%2fadmin', '..%2F..%2Fadmin', '%2f', 'a%2f..%2fb'])(
    'B-01 with an encoded slash is refused: %s',
    refusedEverywhere,
  );

  it.each(['%2e%2e%2fadmin', '%2e%2e', '.%2e', '%2E.', '%2e', '.', '..', '..;', '..%3B', '..;/admin', '%2e%2e;x=1'])(
    'B-02 of dots is refused, however they are written: %s',
    refusedEverywhere,
  );

  it.each(['...', '..%20', '%20..', '%20.%20', '.%20.', '..%20;x=1', '..%20/admin'])(
    'B-02 of dots and blanks, which some servers drop, is refused: %s',
    refusedEverywhere,
  );

  it.each(['%252e%252e%252f', '%25252e%25252e%25252f', '%252f', '%25', 'a%2500', '%%32%65'])(
    'B-03 with a percent sign that may be decoded again is refused: %s',
    refusedEverywhere,
  );

  it.each(['%5c..%5c', '..%5cadmin', '%5C', '..\\admin', 'a\\b'])(
    'B-04 with a backslash is refused: %s',
    refusedEverywhere,
  );

  it.each(['%00', 'a%00b', 'a%00.json'])('B-06 with NUL is refused: %s', refusedEverywhere);

  it.each(['%0d%0aX-Evil:1', '%0aX-Evil:1', 'a%0d%0a%0d%0a<html>', '%E5%98%8A%E5%98%8DX-Evil:1', '%7f', '%1b[31m'])(
    'B-07 with a line break or another control character makes no header: %s',
    async (segment) => {
      for (const place of PLACES) {
        const { answer, hits, log } = await attack(stack, withKey(`GET ${place}${segment}`));
        // Letters that only end in the bytes of a line break are letters; below a flow they may stand, encoded.
        if (segment.startsWith('%E5') && !place.startsWith('/api/workflow'))
          expect(lastSeen(stack).path).toContain('%E5%98%8A');
        else expect([answer.status >= 400 && answer.status < 500, hits]).toEqual([true, 0]);
        expect(answer.headers.has('x-evil')).toBe(false);
        expect(log).toHaveLength(1);
        expect(JSON.stringify(log)).not.toMatch(/Evil|html|\\r|\\n|\\u001b/);
      }
    },
  );

  it.each(['%zz', '%', 'a%2', '%c0%ae', '%ff', '%ed%a0%80', '%f8%88%80%80%80'])(
    'B-09 with a broken percent-encoding is refused with a problem: %s',
    async (segment) => {
      for (const place of PLACES) {
        const { problem } = await refused(stack, withKey(`GET ${place}${segment}`), 400);
        expect(['invalid-request', 'invalid-parameter']).toContain(problem['code']);
      }
    },
  );

  it('that is encoded as it must be goes on, encoded again', async () => {
    const { answer } = await attack(stack, withKey(`GET ${ECHO}/M%C3%BCller%20%26%20S%C3%B6hne%3Fa%23b`));
    expect(answer.status).toBe(200);
    expect(lastSeen(stack).path).toBe('/http/echo/M%C3%BCller%20%26%20S%C3%B6hne%3Fa%23b');
  });
});

describe('a path', () => {
  it.each([
    '/api/workflow/definitions/../../x',
    '/api/workflow/definitions/../instances',
    '/api/./workflow/definitions',
    '/../../etc/passwd',
    '/health/..',
    '/..',
  ])('B-05 is not normalised: %s', async (path) => {
    const { answer } = await refused(stack, withKey(`GET ${path}`), [404, 405]);
    expect(answer.headers.has('location')).toBe(false);
  });

  it.each(['//evil.example/x', '//evil.example/%2e%2e', '///evil.example', '//evil.example@flowgate.example/health'])(
    'B-10 that begins with two slashes is no other host: %s',
    async (path) => {
      const { answer } = await refused(stack, withKey(`GET ${path}`), 404);
      expect(answer.headers.has('location')).toBe(false);
      expect(answer.body.toString()).not.toContain('evil');
    },
  );

  it.each([
    '/api//workflow/definitions',
    '/%61pi/workflow/definitions',
    '/api%2fworkflow/definitions',
    '/api;x=1/workflow/definitions',
    '/api/workflow;x=1/definitions',
    '/api/workflow/%64efinitions',
    '/api/workflow/definitions;x=1',
    '/api%20/workflow/definitions',
    '/api./workflow/definitions',
    '/api/integration/flows/echo%20',
    '/api/integration/flows/%65cho',
  ])('B-11 is compared as it was sent: %s', async (path) => {
    await refused(stack, withKey(`GET ${path}`), 404);
    await refused(stack, message(`GET ${path}`), path.startsWith('/api/') ? 401 : 404);
  });

  it.each([
    '/API/workflow/definitions',
    '/api/Workflow/definitions',
    '/api/workflow/DEFINITIONS',
    '/Health',
    ECHO.toUpperCase(),
  ])('B-12 is compared with case: %s', async (path) => {
    await refused(stack, withKey(`GET ${path}`), 404);
  });

  it.each([
    '/health/',
    '/health/.',
    '/api/workflow/definitions/',
    '/api/workflow/definitions/.',
    `${ECHO}/`,
    `${ECHO}/.`,
  ])('B-13 is compared with its last slash: %s', async (path) => {
    await refused(stack, withKey(`GET ${path}`), [400, 404]);
  });

  it.each(['GET', 'OPTIONS', 'HEAD'])('B-14 cannot be * (%s)', async (method) => {
    await refused(stack, withKey(`${method} *`), 400, { toHead: method === 'HEAD' });
  });

  it.each(['/api/workflow/definitions/x#@evil.example', '/health#/api', '/api/workflow/definitions#', '/#', '//a@[x#'])(
    'B-15 cannot have a fragment: %s',
    async (path) => {
      await refused(stack, withKey(`GET ${path}`), 400);
    },
  );

  it.each([
    '/api/workflow/definitions?/health',
    '/api/workflow/definitions?skip=/health',
    '/api/workflow/definitions?x=/../../health',
    '/api/../health/../api',
    '/api/health',
    '/api',
    '/api/',
    '/api?',
  ])('B-16 below /api needs a credential, whatever else it looks like: %s', async (path) => {
    await refused(stack, message(`GET ${path}`), 401);
  });
});

describe('the length of a URL', () => {
  it.each([
    ['path', `/api/workflow/definitions/${'a'.repeat(4096)}`],
    ['path of 8 KB', `/${'a'.repeat(8_000)}`],
    ['query', `/api/workflow/definitions?skip=${'1'.repeat(4096)}`],
    ['query of 10,000 parameters', `/api/workflow/definitions?${'a=&'.repeat(3_500)}`],
  ])('B-19 is limited: a long %s', async (_name, target) => {
    const { problem } = await refused(stack, withKey(`GET ${target}`), 414);
    expect(problem['code']).toBe('invalid-request');
  });

  it('B-19 beyond that of all headers is refused by the parser', async () => {
    await refused(stack, withKey(`GET /${'a'.repeat(17_000)}`), 431);
  });
});

describe('who asks', () => {
  it.each(['kube-probe/1.33', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0', 'Prometheus/3.0', 'cf-routing', 'flowgate'])(
    'B-20 is not told by its User-Agent: %s',
    async (agent) => {
      await refused(stack, message('GET /api/workflow/definitions', [`User-Agent: ${agent}`]), 401);
    },
  );
});

describe('what is asked', () => {
  const overrides = [
    'X-Original-URL: /api/workflow/definitions',
    'X-Rewrite-URL: /api/workflow/definitions',
    'X-Forwarded-Uri: /api/workflow/definitions',
    'X-Forwarded-Prefix: /api',
    'X-Forwarded-Path: /api/workflow/definitions',
    'X-Accel-Redirect: /api/workflow/definitions',
    'X-HTTP-Method: DELETE',
    'X-HTTP-Method-Override: DELETE',
    'X-Method-Override: DELETE',
    'X-Skip-Auth: true',
  ];

  it.each(overrides)('B-21 is not changed by a header: %s', async (line) => {
    const health = await attack(stack, withKey('GET /health', [line]));
    expect([health.answer.status, health.answer.body.toString()]).toEqual([200, '{"status":"ok"}']);
    await refused(stack, message('GET /api/workflow/definitions', [line]), 401);
    await attack(stack, post(ECHO, [line]));
    expect([lastSeen(stack).method, lastSeen(stack).path]).toEqual(['POST', '/http/echo']);
    expect(Object.keys(lastSeen(stack).headers)).not.toContain(line.split(':', 1)[0]?.toLowerCase());
  });
});

describe('a query', () => {
  it.each([
    '?a=1&a=2',
    '?__proto__[p]=1',
    '?__proto__=1',
    '?constructor[prototype][p]=1',
    '?b[c]=1',
    '?top[]=1',
    '?top=1&top=2',
    '?toString=1',
    '?skip',
    '?=1',
    '?%00=1',
    '?top=%0d%0a',
    '?top=1%00',
    '?top=%zz',
    '?top=1&%74op=2',
    '?$top=1&top=1',
  ])('B-24 of a list takes known filters once, as text: %s', async (query) => {
    await refused(stack, withKey(`GET /api/workflow/instances${query}`), 400);
    expect(({} as Record<string, unknown>)['p']).toBeUndefined();
  });

  it('B-24 where there is none is refused', async () => {
    await refused(stack, withKey('GET /api/workflow/instances/4711?a=1'), 400);
  });

  it('B-24 of a flow goes on name by name, encoded again, and is never taken apart', async () => {
    const query = '?a=1&a=2&__proto__[p]=1&b[c]=1&x=%26y%3D1&%0d%0a=%23';
    const { answer } = await attack(stack, withKey(`GET ${ECHO}${query}`));
    expect(answer.status).toBe(200);
    expect(lastSeen(stack).query).toBe('a=1&a=2&__proto__%5Bp%5D=1&b%5Bc%5D=1&x=%26y%3D1&%0D%0A=%23');
    expect(({} as Record<string, unknown>)['p']).toBeUndefined();
  });

  it('B-24 of 2,000 parameters is handled', async () => {
    const query = Array.from({ length: 1_300 }, (_, n) => `${n % 10}=`).join('&');
    const { answer } = await attack(stack, withKey(`GET ${ECHO}?${query}`));
    expect([answer.status, headerOf(answer, 'content-type')]).toEqual([200, 'application/json']);
    expect(lastSeen(stack).query.split('&')).toHaveLength(1_300);
  });
});
