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
  STREAM,
  TARGETS,
  withKey,
} from '../support/attack.ts';
import { API_KEY, useFlowgate } from '../support/flowgate-stack.ts';
import { RawConnection } from '../support/raw-http.ts';

/** A. Framing: where a request begins and ends must not depend on who reads it (RFC 9112). */

const stack = useFlowgate(TARGETS);

const CHUNKED = 'Transfer-Encoding: chunked';

function framed(lines: readonly string[], body: string): string {
  return withKey(`POST ${ECHO}`, lines, body);
}

describe('the length of a body', () => {
  it('A-01 beside chunks is refused', async () => {
    const { isClosed } = await refused(stack, framed(['Content-Length: 4', CHUNKED], '0\r\n\r\n'), 400);
    expect(isClosed).toBe(true);
  });

  it('A-02 given twice is refused, even if it is the same', async () => {
    const { isClosed } = await refused(stack, framed(['Content-Length: 2', 'Content-Length: 2'], 'ab'), 400);
    expect(isClosed).toBe(true);
  });

  it('A-03 given twice differently is refused', async () => {
    const { isClosed } = await refused(stack, framed(['Content-Length: 2', 'Content-Length: 3'], 'abc'), 400);
    expect(isClosed).toBe(true);
  });

  it('A-04 given as a list is refused', async () => {
    await refused(stack, framed(['Content-Length: 2,2'], 'ab'), 400);
  });

  it.each(['+2', '-1', '0x2', '1 2', '', '18446744073709551616', '2;a', '２', '2,'])(
    'A-05 given as %j is refused',
    async (length) => {
      const { isClosed } = await refused(stack, framed([`Content-Length: ${length}`], 'ab'), 400);
      expect(isClosed).toBe(true);
    },
  );
});

describe('a transfer coding', () => {
  const body = '2\r\nab\r\n0\r\n\r\n';

  it.each([
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding\t: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: gzip',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding: chunked;a=b',
    'Transfer-Encoding: \vchunked',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: ',
  ])('A-06 that does not end in chunks is refused: %j', async (line) => {
    const { isClosed } = await refused(stack, framed([line], body), 400);
    expect(isClosed).toBe(true);
  });

  it('A-06 in HTTP/1.0, which has none, is refused', async () => {
    const { isClosed } = await refused(stack, framed([CHUNKED], body).replace('HTTP/1.1', 'HTTP/1.0'), 400);
    expect(isClosed).toBe(true);
  });

  it.each(['gzip, chunked', 'deflate, chunked', 'GZIP,CHUNKED'])(
    'A-07 beneath the chunks is refused, as nobody would take it off: %s',
    async (coding) => {
      const { isClosed, problem } = await refused(stack, framed([`Transfer-Encoding: ${coding}`], body), 501);
      expect([problem['code'], isClosed]).toEqual(['invalid-request', true]);
    },
  );

  it.each(['Chunked', 'CHUNKED', '\tchunked '])('is understood as %j', async (coding) => {
    const { answer, hits } = await attack(stack, framed([`Transfer-Encoding: ${coding}`], body));
    expect([answer.status, hits, lastSeen(stack).rawBody.toString()]).toEqual([200, 1, 'ab']);
  });
});

describe('a header line', () => {
  it('A-09 with a blank before its colon is refused', async () => {
    await refused(stack, message('GET /health', ['X-A : b']), 400);
  });

  it.each(['X-A: b\r\n c', 'X-A: b\r\n\tc', ' X-A: b'])('A-10 that is folded is refused: %j', async (line) => {
    await refused(stack, message('GET /health', [line]), 400);
  });

  it.each([
    ['bare line feeds', message('GET /health').replaceAll('\r\n', '\n')],
    ['a bare line feed between two headers', message('GET /health', ['X-A: b\nX-B: c'])],
    ['a bare carriage return in a value', message('GET /health', ['X-A: b\rc'])],
    ['NUL in a value', message('GET /health', ['X-A: b\0c'])],
    ['NUL in a name', message('GET /health', ['X-\0A: b'])],
    ['NUL in the path', message('GET /hea\0lth')],
    ['a name that is empty', message('GET /health', [': b'])],
    ['no colon', message('GET /health', ['X-A'])],
    ['a name outside of ASCII', message('GET /health', ['X-\xe4: b'])],
  ])('A-11 with %s is refused', async (_name, bytes) => {
    await refused(stack, bytes, 400);
  });
});

describe('a chunk', () => {
  it.each([
    ['whose size is no number', 'zz\r\nab\r\n0\r\n\r\n'],
    ['whose size has a sign', '-1\r\nab\r\n0\r\n\r\n'],
    ['whose size is written 0x2', '0x2\r\nab\r\n0\r\n\r\n'],
    ['whose size has more than 64 bits', '11111111111111111\r\nab\r\n0\r\n\r\n'],
    ['that ends in a line feed alone', '2\nab\n0\n\n'],
    ['that is longer than its size', '2\r\nabX\r\n0\r\n\r\n'],
    ['without the line end after it', '2\r\nab0\r\n\r\n'],
    ['with a blank before its size', ' 2\r\nab\r\n0\r\n\r\n'],
  ])('A-12 %s is refused', async (_name, body) => {
    const { isClosed } = await refused(stack, framed([CHUNKED], body), 400);
    expect(isClosed).toBe(true);
  });

  it('A-13 with an extension of 20 KB is refused', async () => {
    const { isClosed } = await refused(stack, framed([CHUNKED], `2;${'a'.repeat(20_000)}\r\nab\r\n0\r\n\r\n`), 413);
    expect(isClosed).toBe(true);
  });
});

describe('the host', () => {
  it.each([
    ['twice', ['Host: a.example', 'Host: b.example']],
    ['twice, the same', ['Host: a.example', 'Host: a.example']],
    ['twice, in other letters', ['Host: a.example', 'HOST: b.example']],
    ['as a list', ['Host: a.example, b.example']],
    ['with a user', ['Host: u:p@a.example']],
    ['with a path', ['Host: a.example/x']],
    ['with a query', ['Host: a.example?x']],
    ['with a port that is none', ['Host: a.example:x']],
    ['empty', ['Host:']],
    ['not at all', []],
  ])('A-14 given %s is refused', async (_name, lines) => {
    const { isClosed, problem } = await refused(
      stack,
      `${['GET /health HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`,
      400,
    );
    expect([problem['code'], isClosed]).toEqual(['invalid-request', true]);
  });

  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1:65535', '[::1]:3000', 'a.example:', 'xn--bcher-kva.example'])(
    'A-14 given as %s is taken',
    async (host) => {
      expect((await attack(stack, `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).answer.status).toBe(200);
    },
  );
});

describe('a target that is a whole URL', () => {
  it.each([
    'http://evil.example/api/workflow/definitions',
    'https://evil.example/health',
    'HTTP://flowgate.example/health',
    'http://u:p@flowgate.example/health',
    'http://u:p@evil.example/health',
    'ftp://evil.example/health',
    'evil.example:443',
    'health',
    'http:///health',
    'http://[x/health',
    'http://[::1',
    'http://[x/#',
  ])('A-15 is refused: %s', async (target) => {
    for (const host of ['flowgate.example', 'evil.example']) {
      const bytes = withKey(`GET ${target}`).replace('Host: flowgate.example', `Host: ${host}`);
      await refused(stack, bytes, [400, 421]);
    }
  });
});

describe('a method', () => {
  it('A-16 CONNECT gets no tunnel', async () => {
    const { answer, isClosed } = await refused(stack, withKey('CONNECT evil.example:443'), 405);
    expect([headerOf(answer, 'allow'), isClosed]).toEqual(['GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', true]);
  });

  it.each(['/', '/health', '/api/workflow/definitions'])('A-17 TRACE %s is not echoed', async (target) => {
    const { answer } = await refused(stack, withKey(`TRACE ${target}`, ['X-Echo: nothing-of-this']), 405);
    expect(headerOf(answer, 'allow')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
    expect(answer.body.toString()).not.toContain('nothing-of-this');
    expect(answer.body.toString()).not.toContain(API_KEY);
  });

  it.each(['PROPFIND', 'QUERY', 'LINK', 'M-SEARCH', 'PURGE'])('A-17 %s is no method of ours', async (method) => {
    const { answer } = await refused(stack, withKey(`${method} ${ECHO}`), 405);
    expect(headerOf(answer, 'allow')).toContain('GET');
  });

  it.each(['get', 'FOO', 'G ET', 'GET\t', ''])('A-17 %j is no method at all', async (method) => {
    await refused(stack, withKey(`${method} /health`), 400);
  });
});

describe('a version', () => {
  it.each([
    ['HTTP/2.0', 505],
    ['HTTP/0.9', 505],
    ['HTTP/1.2', 400],
    ['HTTP/3.0', 400],
    ['HTTP/1.1.1', 400],
    ['http/1.1', 400],
    ['HTTP/1', 400],
    ['ICY/1.1', 400],
  ])('A-18 %s is refused', async (version, status) => {
    const { isClosed } = await refused(stack, withKey(`GET ${ECHO}`).replace('HTTP/1.1', version), status);
    expect(isClosed).toBe(true);
  });

  it('A-18 that is missing, as in HTTP/0.9, is refused', async () => {
    const { isClosed } = await refused(stack, 'GET /health\r\n\r\n', [400, 505]);
    expect(isClosed).toBe(true);
  });

  it('of HTTP/1.0 is served, and its connection closed', async () => {
    const { answer, isClosed } = await attack(stack, 'GET /health HTTP/1.0\r\n\r\n');
    expect([answer.status, isClosed]).toEqual([200, true]);
  });
});

describe('an upgrade', () => {
  it.each([
    ['to websocket', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']],
    ['to h2c', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
    ['to TLS', ['Connection: Upgrade', 'Upgrade: TLS/1.0']],
  ])('A-20 %s is ignored and not forwarded', async (_name, lines) => {
    const { answer, hits, isClosed } = await attack(stack, post(ECHO, lines));
    expect([answer.status, hits, isClosed]).toEqual([200, 1, false]);
    expect(answer.headers.has('upgrade')).toBe(false);
    const { headers } = lastSeen(stack);
    expect(Object.keys(headers)).not.toContain('upgrade');
    expect(Object.keys(headers)).not.toContain('http2-settings');
    expect(headers.connection).not.toMatch(/upgrade/i);
  });
});

describe('several requests on one connection', () => {
  it('A-21 sent at once get their answers in order, each with its own correlation id', async () => {
    const both =
      post(ECHO, ['X-Correlation-ID: first'], '{"n":1}') + post(ECHO, ['X-Correlation-ID: second'], '{"n":2}');
    const { answers, hits, log } = await attack(stack, both, { requests: 2 });
    expect(hits).toBe(2);
    expect(answers.map((answer) => headerOf(answer, 'x-correlation-id'))).toEqual(['first', 'second']);
    expect(answers.map(({ body }) => (JSON.parse(body.toString()) as { body: string }).body)).toEqual([
      '{"n":1}',
      '{"n":2}',
    ]);
    expect(new Set(log.map(({ correlationId }) => correlationId))).toEqual(new Set(['first', 'second']));
  });

  it.each(['NOT HTTP AT ALL\r\n\r\n', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 'x'.repeat(70_000)])(
    'A-21 of which the second is broken: its refusal comes after the answer to the first, and ends the connection',
    async (broken) => {
      stack.sandbox.control.slow({ upstream: 'workflow', ms: 150 });
      const bytes = post(START, ['X-Correlation-ID: first']) + broken;
      const { answers, isClosed, hits } = await attack(stack, bytes, { requests: 2 });
      expect(answers.map(({ status }) => status)).toEqual([201, 400]);
      expect([isClosed, hits]).toEqual([true, 1]);
    },
  );

  it('A-21 of which the second has a broken body: that does not answer the first', async () => {
    stack.sandbox.control.slow({ upstream: 'workflow', ms: 150 });
    const bytes = post(START) + framed([CHUNKED], 'zz\r\n');
    const { answers, isClosed } = await attack(stack, bytes, { requests: 2, answers: 0 });
    expect([answers, isClosed]).toEqual([[], true]);
  });

  it('A-21 of which the second is broken: what was answered before stands', async () => {
    const bytes = message('GET /health', ['X-Correlation-ID: first']) + 'NOT HTTP AT ALL\r\n\r\n';
    const { answers } = await attack(stack, bytes, { requests: 2 });
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  });
});

describe('trailers', () => {
  it('A-23 are neither merged into the headers nor sent on', async () => {
    const trailers = 'Authorization: Bearer evil\r\nContent-Type: text/evil\r\nX-API-Key: evil\r\n';
    const lines = ['Content-Type: text/plain', CHUNKED, 'Trailer: Authorization, Content-Type'];
    const { answer, hits } = await attack(stack, framed(lines, `2\r\nab\r\n0\r\n${trailers}\r\n`));
    expect([answer.status, hits]).toEqual([200, 1]);
    const { headers, rawHeaders } = lastSeen(stack);
    expect(headers['content-type']).toBe('text/plain');
    expect(headers.trailer).toBeUndefined();
    expect(rawHeaders.join(' ')).not.toContain('evil');
  });

  it('A-23 do not bring a credential', async () => {
    const bytes = message(`POST ${ECHO}`, [CHUNKED, 'Trailer: X-API-Key'], `2\r\nab\r\n0\r\n${KEY}\r\n\r\n`);
    await refused(stack, bytes, 401);
  });
});

describe('Expect: 100-continue', () => {
  const lines = ['Content-Type: application/json', 'Expect: 100-continue'];

  it('A-24 without a credential gets the refusal, and the body is not asked for', async () => {
    const { interim, isClosed } = await refused(
      stack,
      message(`POST ${ECHO}`, [...lines, 'Content-Length: 10000000000']),
      401,
    );
    expect([interim, isClosed]).toEqual([[], true]);
  });

  it.each([
    ['a body that is too large', withKey(`POST ${ECHO}`, [...lines, 'Content-Length: 10000000000']), 413],
    ['a JSON body that is too large', withKey(`POST ${START}`, [...lines, 'Content-Length: 10000000']), 413],
    ['another content type', withKey(`POST ${START}`, ['Expect: 100-continue', 'Content-Length: 5']), 415],
    ['a route that is not there', withKey('POST /api/nowhere', [...lines, 'Content-Length: 5']), 404],
    ['a method that is not there', withKey(`PATCH ${ECHO}`, [...lines, 'Content-Length: 5']), 405],
    ['a body where there must be none', withKey(`GET ${ECHO}`, [...lines, 'Content-Length: 5']), 400],
    ['no route of an upstream', message('GET /nothing', [...lines, 'Content-Length: 5']), 404],
  ])('A-24 with %s gets the refusal, and the body is not asked for', async (_name, bytes, status) => {
    const { interim, isClosed } = await refused(stack, bytes, status);
    expect([interim, isClosed]).toEqual([[], true]);
  });

  it.each([
    ['a flow', ECHO],
    ['a flow with a large body', STREAM],
    ['a start', START],
  ])('A-24 with a good credential has the body of %s asked for', async (_name, target) => {
    const { answer, interim } = await attack(stack, post(target, ['Expect: 100-continue']));
    expect([interim, answer.status < 300]).toEqual([[100], true]);
  });

  it.each(['bogus', '100-continue, bogus', '200-ok', '100-continue\r\nExpect: 100-continue'])(
    'A-25 any other expectation is refused: %j',
    async (expectation) => {
      const { isClosed } = await refused(stack, post(ECHO, [`Expect: ${expectation}`]), [400, 417]);
      expect(isClosed).toBe(true);
    },
  );

  it('A-25 of HTTP/1.0, which has none, is ignored', async () => {
    const bytes = post(ECHO, ['Expect: 100-continue']).replace('HTTP/1.1', 'HTTP/1.0');
    const { answer, interim } = await attack(stack, bytes);
    expect([answer.status, interim]).toEqual([200, []]);
  });
});

describe('the body of a refused request', () => {
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: flowgate.example\r\n\r\n';
  const framing = [`Content-Length: ${smuggled.length}`, 'Connection: keep-alive'];
  const chunks = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

  it.each([
    [401, message(`POST ${ECHO}`, framing, smuggled)],
    [401, message(`POST ${ECHO}`, [CHUNKED], chunks)],
    [404, withKey('POST /api/nowhere', framing, smuggled)],
    [404, message('POST /nowhere', framing, smuggled)],
    [405, withKey(`DELETE ${ECHO}`, framing, smuggled)],
    [405, message('POST /health', framing, smuggled)],
    [415, withKey(`POST ${START}`, framing, smuggled)],
    [415, withKey(`POST ${START}`, [CHUNKED], chunks)],
    [400, withKey(`GET ${ECHO}`, framing, smuggled)],
    [413, withKey('POST /api/integration/flows/small', ['Content-Length: 2000'], smuggled)],
  ])('A-27 (%i) is not taken for a request', async (status, bytes) => {
    await refused(stack, bytes, status);
  });

  it('A-27 is not taken for a request after an answer that did not read it', async () => {
    const { answer } = await attack(stack, message('GET /health', framing, smuggled));
    expect(answer.status).toBe(200);
  });

  it('A-27 that goes on after the answer ends the connection', async () => {
    const { answer, isClosed } = await attack(stack, message('GET /health', ['Content-Length: 1000000'], smuggled));
    expect([answer.status, isClosed]).toEqual([200, true]);
  });
});

describe('a request in pieces', () => {
  it.each([
    ['a GET', message('GET /health')],
    ['a GET after empty lines', `\r\n\r\n${message('GET /health')}`],
    ['a body with a length', post(ECHO)],
    ['a body in chunks', framed([CHUNKED], '1;ext=1\r\na\r\n1\r\nb\r\n0\r\nX-T: 1\r\n\r\n')],
    ['an expectation', post(ECHO, ['Expect: 100-continue'])],
    ['two requests', message('GET /health') + post(ECHO)],
    ['a missing credential', message(`POST ${ECHO}`, ['Content-Length: 2'], 'ab')],
    ['two hosts', message('GET /health', ['Host: b.example'])],
    ['a length together with chunks', framed(['Content-Length: 4', CHUNKED], '0\r\n\r\n')],
    ['a folded header', message('GET /health', ['X-A: b\r\n c'])],
    ['a bare line feed', message('GET /health', ['X-A: b\nX-B: c'])],
    ['TRACE', message('TRACE /')],
    ['a target that is a whole URL', message('GET http://evil.example/')],
  ])('A-32 byte by byte is answered as it is in one piece: %s', async (name, bytes) => {
    const requests = name === 'two requests' ? 2 : 1;
    const whole = await attack(stack, bytes, { requests });
    const inPieces = await attack(stack, bytes, { requests, drip: true });
    expect(inPieces.answers.map(({ status }) => status)).toEqual(whole.answers.map(({ status }) => status));
    expect([inPieces.hits, inPieces.isClosed]).toEqual([whole.hits, whole.isClosed]);
  });
});

describe('a client that closes its sending side', () => {
  it.each([
    ['after a whole request', withKey(`GET ${ECHO}`)],
    ['amid a body', withKey(`POST ${ECHO}`, ['Content-Length: 20'], '{"half":')],
    ['amid a head', 'GET /health HTTP/1.1\r\nHost: flowgate.example\r\n'],
  ])('A-22 %s is taken to have left: nothing of it succeeds, and its connection ends', async (_, bytes) => {
    const connection = await RawConnection.open(stack.port);
    connection.write(bytes);
    connection.end();
    await connection.closed();
    const answer = await connection.answer();
    expect(answer?.status ?? 400).toBe(400);
    connection.destroy();
    expect((await stack.get('/health')).status).toBe(200);
  });
});
