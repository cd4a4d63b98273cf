import { describe, expect, it } from '@jest/globals';
import {
  attack,
  ECHO,
  headerOf,
  KEY,
  lastSeen,
  message,
  post,
  refused,
  START,
  TARGETS,
  withKey,
} from '../support/attack.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

/** C. Headers: what reaches an upstream is a list of ours, and so is what comes back. */

const stack = useFlowgate(TARGETS);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SPAN = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What Flowgate itself gives to every request that it sends. */
const INJECTED = ['authorization', 'host', 'traceparent', 'user-agent', 'via', 'x-correlation-id'];
const FRAMING = ['connection', 'content-length'];

/** The names of the headers that came upstream, as often as they came. */
function seenNames(): string[] {
  return lastSeen(stack)
    .rawHeaders.filter((_, at) => at % 2 === 0)
    .map((name) => name.toLowerCase());
}

/** Sends a message to a flow with further headers, of which none may reach it. */
async function dropped(lines: readonly string[]): Promise<void> {
  const { answer, hits } = await attack(stack, post(ECHO, lines));
  expect([answer.status, hits]).toEqual([200, 1]);
  expect(new Set(seenNames())).toEqual(new Set([...INJECTED, ...FRAMING, 'content-type']));
  expect(seenNames().filter((name) => name === 'authorization')).toHaveLength(1);
}

describe('the header Connection', () => {
  it('C-01 cannot take the token away', async () => {
    await dropped(['Connection: authorization']);
    expect(lastSeen(stack).headers.authorization).toMatch(/^Bearer /);
  });

  it('C-02 cannot take away what describes the message', async () => {
    const names = 'close, content-type, content-length, x-correlation-id, host, traceparent, user-agent, via';
    await dropped([`Connection: ${names}`, 'X-Correlation-ID: mine']);
    const { headers, rawBody } = lastSeen(stack);
    expect([headers['content-type'], headers['content-length'], headers['x-correlation-id']]).toEqual([
      'application/json',
      '2',
      'mine',
    ]);
    expect([headers.host, rawBody.toString()]).toEqual([new URL(stack.sandbox.integration.url).host, '{}']);
  });

  it('C-03 takes away what it names', async () => {
    await attack(stack, post(ECHO, ['Connection: keep-alive, SAP_Sender', 'SAP_Sender: me', 'SAP_Receiver: you']));
    expect([seenNames().includes('sap_sender'), seenNames().includes('sap_receiver')]).toEqual([false, true]);
  });
});

describe('what is meant for one connection', () => {
  const lines = [
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic dXNlcjpwYXNz',
    'Proxy-Authenticate: Basic',
    'TE: trailers',
    'Trailer: X-T',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    'Connection: x-named, upgrade',
    'X-Named: 1',
  ];

  it.each(lines)('C-03 does not reach an upstream: %s', async (line) => {
    await dropped([line]);
  });

  it('C-03 does not come back', async () => {
    stack.sandbox.control.answer({
      upstream: 'integration',
      status: 200,
      headers: {
        'Keep-Alive': 'timeout=99',
        'Proxy-Authenticate': 'Basic',
        Upgrade: 'h2c',
        Connection: 'x-named, keep-alive',
        'X-Named': '1',
      },
      body: '{}',
    });
    const { answer } = await attack(stack, post(ECHO));
    expect(answer.status).toBe(200);
    expect(['proxy-authenticate', 'upgrade', 'x-named'].filter((name) => answer.headers.has(name))).toEqual([]);
    expect([headerOf(answer, 'connection'), headerOf(answer, 'keep-alive')]).toEqual(['keep-alive', 'timeout=120']);
  });
});

describe("a caller's own credential", () => {
  it.each([
    ['Authorization: Bearer attacker', 401],
    ['Authorization: Basic dXNlcjpwYXNz', 401],
    ['Authorization: Negotiate abc', 401],
    ['Authorization:', 401],
    ['Authorization: Bearer a\r\nAuthorization: Bearer b', 400],
  ])('C-04 does not become that of the request upstream: %j', async (line, status) => {
    await refused(stack, message(`POST ${ECHO}`, [line, 'Content-Length: 2'], '{}'), status);
  });

  it('C-04 beside a good one is refused', async () => {
    await refused(stack, post(ECHO, ['Authorization: Bearer attacker']), 400);
  });

  it('C-06 in a cookie goes nowhere', async () => {
    await dropped(['Cookie: JSESSIONID=abc; token=def', 'Cookie: another=1', 'Cookie2: $Version=1']);
    await refused(stack, message('GET /api/workflow/definitions', [`Cookie: x-api-key=${KEY.slice(11)}`]), 401);
  });
});

describe('a header by which gateways and upstreams are steered', () => {
  it.each([
    'x-approuter-authorization: Bearer evil',
    'x-ias-token: evil',
    'sap-connectivity-authentication: Bearer evil',
    'SAP-Connectivity-SCC-Location_ID: evil',
    'x-custom-host: https://evil.example',
    'x-csrf-token: evil',
    'x-user-id: admin',
    'x-tenant: other',
    'x-zid: other',
    'x-wfgen-impersonate-username: admin',
    'irpa-api-key: evil',
    'x-original-url: /admin',
    'x-amzn-oidc-data: evil',
    'x-ms-client-principal: evil',
    'x-goog-iap-jwt-assertion: evil',
    'cf-connecting-ip: 1.2.3.4',
    'baggage: a=b',
    'tracestate: a=b',
    'b3: 1-2-3',
    'x-b3-traceid: 463ac35c9f6413ad48485a3953bb6124',
    'referer: https://evil.example/?token=1',
    'user-agent: evil',
    'via: 1.0 evil',
    'from: evil@example.com',
    'max-forwards: 0',
  ])('C-07 is not sent on: %s', async (line) => {
    await dropped([line]);
    expect(lastSeen(stack).rawHeaders.join('\n')).not.toMatch(/evil|admin|463ac35c/);
  });

  it.each([
    'X_Forwarded_For: 1.2.3.4',
    'AUTHORIZATION_: Bearer evil',
    'content_length: 9',
    'x_correlation_id: evil',
    'X_API_KEY: evil',
    'Content_Type: text/evil',
  ])('C-08 is not sent on under a name with underscores: %s', async (line) => {
    await dropped([line]);
    expect(lastSeen(stack).headers['content-length']).toBe('2');
  });

  it('C-08 X_API_KEY is no credential', async () => {
    await refused(stack, message('GET /api/workflow/definitions', [KEY.replaceAll('-', '_')]), 401);
  });

  it.each([
    'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 1',
    'X-Forwarded-Prefix: /evil',
    'Forwarded: for=1.2.3.4;host=evil.example;proto=https',
    'X-Real-IP: 1.2.3.4',
    'True-Client-IP: 1.2.3.4',
    'X-Client-IP: 1.2.3.4',
    'X-Cluster-Client-IP: 1.2.3.4',
  ])('C-09 that says who is asking is not sent on: %s', async (line) => {
    await dropped([line]);
  });
});

describe('a correlation id', () => {
  it.each([
    ['with a colour', '\x1b[31mred'],
    ['of 65 characters', 'a'.repeat(65)],
    ['of 10 KB', 'a'.repeat(10_000)],
    ['with quotes', '"a"'],
    ['with braces', '{"a":1}'],
    ['with a blank', 'a b'],
    ['outside of ASCII', Buffer.from('🐙é').toString('latin1')],
    ['that is empty', ''],
    ['given twice', 'a\r\nX-Correlation-ID: b'],
  ])('C-11 %s is replaced', async (_name, id) => {
    const { answer, log } = await attack(stack, post(ECHO, [`X-Correlation-ID: ${id}`]));
    if (answer.status === 400) return; // the parser takes no control characters
    const given = headerOf(answer, 'x-correlation-id');
    expect(given).toMatch(UUID);
    expect([log[0]?.['correlationId'], lastSeen(stack).headers['x-correlation-id']]).toEqual([given, given]);
  });

  it('C-11 that is good is kept', async () => {
    const { answer, log } = await attack(stack, post(ECHO, [`X-Correlation-ID: ${'aZ09_-'.padEnd(64, 'x')}`]));
    expect(headerOf(answer, 'x-correlation-id')).toBe('aZ09_-'.padEnd(64, 'x'));
    expect(log[0]?.['correlationId']).toBe('aZ09_-'.padEnd(64, 'x'));
  });

  it.each([
    '',
    'evil',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-${'a'.repeat(5000)}`,
  ])('C-12 is not a trace that is none: %j', async (traceparent) => {
    const { answer } = await attack(stack, post(ECHO, [`traceparent: ${traceparent}`, 'tracestate: evil=1']));
    const sent = lastSeen(stack).headers['traceparent'];
    expect(sent).toMatch(SPAN);
    expect(headerOf(answer, 'traceparent')).toBe(sent);
    expect(String(sent).slice(3, 35)).not.toMatch(/4bf92f3577b34da6a3ce929d0e0e4736|0{32}/);
    expect(Object.keys(lastSeen(stack).headers)).not.toContain('tracestate');
  });

  it('C-12 that is a good trace is continued with a span of our own', async () => {
    await attack(stack, post(ECHO, ['traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']));
    const sent = String(lastSeen(stack).headers['traceparent']);
    expect(sent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(sent).not.toContain('00f067aa0ba902b7');
  });
});

describe('names and numbers of headers', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])(
    'C-13 a header named %s is like any other',
    async (name) => {
      await dropped([`${name}: evil`, `${name}: {"polluted":true}`]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  const headers = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`);

  it('C-14 one hundred are taken', async () => {
    expect((await attack(stack, message('GET /health', headers(99)))).answer.status).toBe(200);
  });

  it.each([100, 1_000])('C-14 more are refused: 1 + %i', async (count) => {
    const { problem } = await refused(stack, message('GET /health', headers(count)), 431);
    expect(problem['code']).toBe('invalid-request');
  });

  it('C-14 2,500 short ones are refused', async () => {
    await refused(
      stack,
      message(
        'GET /health',
        Array.from({ length: 2_500 }, () => 'a:1'),
      ),
      431,
    );
  });

  it('C-14 a second host hides behind none of them', async () => {
    await refused(stack, message('GET /health', [...headers(120), 'Host: evil.example']), [400, 431]);
  });

  it.each([
    ['value', `X-A: ${'a'.repeat(17_000)}`],
    ['name', `${'a'.repeat(17_000)}: 1`],
  ])('C-15 a %s of 17 KB is refused by the parser', async (_name, line) => {
    await refused(stack, message('GET /health', [line]), 431);
  });
});

describe('a value that ends in a header', () => {
  it.each(['ä', 'a\tb', '\x80\xff', ' a ', '"', ';', ',,'])('C-17 goes upstream as it came: %j', async (value) => {
    const bytes = Buffer.from(value, 'latin1').toString('latin1');
    const { answer, hits } = await attack(stack, post(ECHO, [`SAP_Sender: x${bytes}x`, `Accept-Language: x${bytes}x`]));
    expect([answer.status, hits]).toEqual([200, 1]);
    expect(lastSeen(stack).headers['sap_sender']).toBe(`x${bytes}x`);
  });

  it.each(['a\r\nX-Evil: 1', 'a\nX-Evil: 1', 'a\rX-Evil: 1', 'a\0b', 'a\x7fb', 'a\x0bb'])(
    'C-17 cannot begin another one: %j',
    async (value) => {
      const { answer } = await attack(stack, post(ECHO, [`SAP_Sender: ${value}`]));
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 200) expect(Object.keys(lastSeen(stack).headers)).not.toContain('x-evil');
    },
  );

  it.each(['%0d%0aX-Evil:1', '%0aX-Evil:1'])(
    'C-17 of a path parameter cannot begin one in Location: %s',
    async (id) => {
      const { answer } = await refused(stack, post(`/api/workflow/definitions/${id}/instances`), 400);
      expect(answer.headers.has('x-evil')).toBe(false);
    },
  );

  it("C-17 of the engine's answer cannot begin one in Location", async () => {
    stack.sandbox.control.answer({
      upstream: 'workflow',
      status: 201,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: '1\r\nX-Evil: 1/../é', definitionId: 'onboarding', status: 'RUNNING' }),
    });
    const { answer } = await attack(stack, post(START));
    expect([answer.status, answer.headers.has('x-evil')]).toEqual([201, false]);
    expect(headerOf(answer, 'location')).toBe('/api/workflow/instances/1%0D%0AX-Evil%3A%201%2F..%2F%C3%A9');
  });
});

describe('a key among others', () => {
  it.each([
    `X-API-Key: bad, ${KEY.slice(11)}`,
    `X-API-Key: ${KEY.slice(11)}, bad`,
    `X-API-Key: "${KEY.slice(11)}"`,
    `X-API-Key: ${KEY.slice(11)};`,
    `X-API-Key: Bearer ${KEY.slice(11)}`,
  ])('C-18 is none: %j', async (line) => {
    await refused(stack, message('GET /api/workflow/definitions', [line]), 401);
  });

  it('C-18 on a second line is refused', async () => {
    await refused(stack, message('GET /api/workflow/definitions', ['X-API-Key: bad', KEY]), 400);
    await refused(stack, message('GET /api/workflow/definitions', [KEY, 'X-API-Key: bad']), 400);
    await refused(stack, message('GET /api/workflow/definitions', [KEY, KEY]), 400);
  });
});

describe('the name that a request gives us', () => {
  const spoofed = ['X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example', 'X-Forwarded-Proto: https'];

  it('C-19 is not the name of the upstream, and stands in no answer', async () => {
    const bytes = post(START, spoofed).replace('flowgate.example', 'evil.example');
    const { answer } = await attack(stack, bytes);
    expect(answer.status).toBe(201);
    expect(lastSeen(stack, 'workflow').headers.host).toBe(new URL(stack.sandbox.workflow.url).host);
    expect(JSON.stringify([...answer.headers]) + answer.body.toString()).not.toContain('evil');
  });

  it('C-20 makes no link', async () => {
    const { answer } = await attack(stack, post(START, spoofed));
    expect(headerOf(answer, 'location')).toMatch(/^\/api\/workflow\/instances\/[0-9a-f-]{36}$/);
    const { answer: missing } = await attack(stack, withKey('GET /api/nowhere', spoofed));
    expect(JSON.parse(missing.body.toString())).toMatchObject({ type: '/problems/not-found' });
  });
});

describe('a header of an upstream', () => {
  const headers = {
    'Set-Cookie': 'JSESSIONID=evil',
    'Set-Cookie2': 'evil=1',
    Server: 'evil/1.0',
    'X-Powered-By': 'evil',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Private-Network': 'true',
    'Clear-Site-Data': '"*"',
    'Alt-Svc': 'h3="evil.example:443"',
    Link: '<https://evil.example>; rel=preload',
    Refresh: '0; url=https://evil.example',
    'Strict-Transport-Security': 'max-age=0',
    'WWW-Authenticate': 'Basic realm="evil"',
    NEL: '{"report_to":"evil"}',
    'Report-To': '{"group":"evil"}',
    'Content-Security-Policy': 'default-src *',
    'X-Frame-Options': 'ALLOWALL',
    'Cache-Control': 'public, max-age=31536000',
    Age: '100',
    Vary: 'evil',
    ETag: '"evil"',
    SourceMap: '/evil.map',
    'X-Correlation-ID': 'evil',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'X-Api-Key': 'evil',
  };

  it.each([
    ['an answer that is streamed', 'integration', ECHO],
    ['an answer of JSON', 'workflow', '/api/workflow/messages'],
    ['an answer that is made over', 'workflow', START],
    ['an answer of an API', 'integration', '/api/things/things'],
  ] as const)('C-21 does not come back with %s', async (_name, upstream, target) => {
    for (const status of [200, 202]) {
      const body = '{"id":"1","definitionId":"onboarding","status":"RUNNING"}';
      stack.sandbox.control.answer({
        upstream,
        status,
        headers: { ...headers, 'Content-Type': 'application/json' },
        body,
        times: 1,
      });
      const { answer } = await attack(stack, post(target, [], '{"definitionId":"onboarding"}'));
      const text = JSON.stringify([...answer.headers]);
      expect(text).not.toMatch(/evil|public|max-age=0|ALLOWALL|4bf92f35/i);
      expect(headerOf(answer, 'cache-control')).toBe('no-store');
      const never = [
        'set-cookie',
        'server',
        'www-authenticate',
        'access-control-allow-origin',
        'age',
        'etag',
        'alt-svc',
      ];
      expect(never.filter((name) => answer.headers.has(name))).toEqual([]);
    }
  });

  it.each([
    [401, 'token-rejected'],
    [403, 'authority-missing'],
  ])('C-22 a %i is about us, not about the caller', async (status, code) => {
    for (const [upstream, target] of [
      ['workflow', '/api/workflow/definitions'],
      ['integration', ECHO],
      ['integration', '/api/things/files/x'],
    ] as const) {
      const fault = { upstream, status, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' }, body: '' };
      stack.sandbox.control.answer(fault);
      const { answer, problem } = await attack(stack, withKey(`GET ${target}`));
      expect([answer.status, problem['code'], answer.headers.has('www-authenticate')]).toEqual([502, code, false]);
      await stack.sandbox.control.reset();
    }
  });

  it.each([201, 202, 200])('C-23 Location does not lead past us (%i)', async (status) => {
    stack.sandbox.control.answer({
      upstream: 'integration',
      status,
      headers: { Location: 'https://internal.example/things/1', 'Content-Location': 'https://internal.example/1' },
      body: '{}',
    });
    for (const target of [ECHO, '/api/things/things']) {
      const { answer } = await attack(stack, post(target));
      expect([answer.status, answer.headers.has('location'), answer.headers.has('content-location')]).toEqual([
        status,
        false,
        false,
      ]);
    }
  });
});

describe('a conditional or partial request', () => {
  it.each([
    'Range: bytes=0-1',
    'If-Range: "a"',
    'If-Match: "a"',
    'If-None-Match: *',
    'If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT',
    'If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT',
    'Cache-Control: only-if-cached',
    'Pragma: no-cache',
  ])('C-26 is a whole one upstream: %s', async (line) => {
    await dropped([line]);
  });
});

describe('every answer', () => {
  it.each([
    ['of a route', withKey('GET /api/workflow/definitions')],
    ['of a flow', post(ECHO)],
    ['without a credential', message('GET /api/workflow/definitions')],
    ['to a path that is not there', message('GET /')],
    ['to a method that is not there', message('DELETE /health')],
    ['to an ambiguous request', message('GET /health', ['Host: b.example'])],
    ['of the health check', message('GET /health')],
    ['to HEAD', withKey('HEAD /api/workflow/definitions')],
  ])('C-27 is kept from caches, frames and sniffing: %s', async (name, bytes) => {
    const { answer } = await attack(stack, bytes, { toHead: name === 'to HEAD' });
    expect(headerOf(answer, 'cache-control')).toBe('no-store');
    expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff');
    expect(headerOf(answer, 'content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headerOf(answer, 'referrer-policy')).toBe('no-referrer');
    expect(headerOf(answer, 'x-frame-options')).toBe('SAMEORIGIN');
    for (const name of ['x-powered-by', 'server', 'etag', 'set-cookie']) expect(answer.headers.has(name)).toBe(false);
  });
});

describe('a content type', () => {
  it.each([
    'application/json\t',
    'application/json;charset=utf-8',
    'APPLICATION/JSON; Charset="UTF-8"',
    ' application/json ',
  ])('C-28 that is JSON is sent on in one form: %j', async (type) => {
    const { answer } = await attack(
      stack,
      withKey(`POST ${START}`, [`Content-Type: ${type}`, 'Content-Length: 2'], '{}'),
    );
    expect(answer.status).toBe(201);
    expect(lastSeen(stack, 'workflow').headers['content-type']).toBe('application/json');
  });

  it.each([
    'text/plain; application/json',
    'text/plain, application/json',
    'application/json, text/plain',
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/json; boundary=x',
    'application/jsonx',
    'application/json/x',
    'application /json',
    `application/json; charset=${'a'.repeat(8_000)}`,
    `application/json;${' '.repeat(8_000)}charset=utf-8`,
    'application/vnd.api+json',
    '',
  ])('C-28 that is not plainly JSON is refused: %j', async (type) => {
    await refused(stack, withKey(`POST ${START}`, [`Content-Type: ${type}`, 'Content-Length: 2'], '{}'), 415);
  });

  it('C-28 given twice is refused', async () => {
    await refused(stack, post(START, ['Content-Type: text/plain']), 400);
    await refused(stack, post(ECHO, ['Content-Type: application/json']), 400);
  });

  it('C-28 of a flow is sent on as it came', async () => {
    const type = 'multipart/form-data; boundary="a; b"';
    await attack(stack, withKey(`POST ${ECHO}`, [`Content-Type: ${type}`, 'Content-Length: 2'], '{}'));
    expect(lastSeen(stack).headers['content-type']).toBe(type);
  });
});
