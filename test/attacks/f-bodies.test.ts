import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import { attack, ECHO, lastSeen, post, refused, START, STREAM, TARGETS, withKey } from '../support/attack.ts';
import { useFlowgate } from '../support/flowgate-stack.ts';

/** F. Bodies: bounded, looked at once, and sent on byte for byte. */

const stack = useFlowgate(TARGETS);

const CHUNKED = 'Transfer-Encoding: chunked';
const JSON_TYPE = 'Content-Type: application/json';
const SMALL = '/api/integration/flows/small';

function chunk(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n`;
}

/** A start with this body; the bytes are Latin-1. */
function start(body: string, lines: readonly string[] = [JSON_TYPE]): string {
  return withKey(`POST ${START}`, [...lines, `Content-Length: ${body.length}`], body);
}

/** The context that came to the engine. */
function sentContext(): string {
  const body = lastSeen(stack, 'workflow').rawBody.toString();
  return body.slice('{"definitionId":"onboarding","context":'.length, -1);
}

async function invalid(body: string): Promise<Record<string, unknown>> {
  const { problem } = await refused(stack, start(body), 400);
  expect(problem['code']).toBe('invalid-body');
  return problem;
}

describe('a large body', () => {
  it.each([
    [ECHO, 41 * 1024 * 1024],
    [START, 1024 * 1024 + 1],
    [SMALL, 1025],
    [START, Number.MAX_SAFE_INTEGER],
  ])('F-01 is refused before it is read, by its length: %s, %i', async (target, length) => {
    const { isClosed } = await refused(stack, withKey(`POST ${target}`, [JSON_TYPE, `Content-Length: ${length}`]), 413);
    expect(isClosed).toBe(true);
  });

  it('F-01 whose length no computer can count is refused', async () => {
    await refused(stack, withKey(`POST ${START}`, [JSON_TYPE, 'Content-Length: 18446744073709551615']), [400, 413]);
  });

  it.each([
    [START, 'x'.repeat(1024 * 1024 + 1)],
    [SMALL, 'x'.repeat(1025)],
  ])('F-02 in chunks is refused at the limit: %s', async (target, body) => {
    const { isClosed } = await refused(stack, withKey(`POST ${target}`, [JSON_TYPE, CHUNKED], chunk(body)), 413);
    expect(isClosed).toBe(true);
  });

  it('F-02 in very small chunks is refused at the limit', async () => {
    await refused(stack, withKey(`POST ${SMALL}`, [CHUNKED], chunk('x').repeat(1_100)), 413);
  });

  it('F-03 is not unpacked: a compressed one is refused where it would have to be read', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024)).toString('latin1');
    for (const coding of ['gzip', 'GZIP', 'br', 'deflate', 'gzip, gzip', 'identity, gzip'])
      await refused(stack, start(bomb, [JSON_TYPE, `Content-Encoding: ${coding}`]), 415);
  });

  it('F-21 and is sent on as it came where any body is: with its coding, byte for byte', async () => {
    const packed = gzipSync(randomBytes(1_000)).toString('latin1');
    const lines = ['Content-Type: text/plain', 'Content-Encoding: gzip', `Content-Length: ${packed.length}`];
    const { answer } = await attack(stack, withKey(`POST ${ECHO}`, lines, packed));
    expect(JSON.parse(answer.body.toString())).toMatchObject({ bodyBytes: packed.length, sha256: sha256(packed) });
    expect(lastSeen(stack).headers['content-encoding']).toBe('gzip');
  });
});

describe('a body that is no JSON object', () => {
  it.each([
    '{',
    '{"a":',
    '{"canary-in-body":1',
    "{'a':1}",
    '{"a":1,}',
    '{"a":1}{"b":2}',
    '{}\0',
    'NaN',
    '\xff\xfe{}',
    '{"a":"\xe9"}',
    '{"a":"\u0001"}',
  ])('F-05 is refused, and not told back: %j', async (body) => {
    const problem = await invalid(body);
    expect(JSON.stringify(problem)).not.toContain('canary');
    expect(JSON.stringify(stack.logLines)).not.toContain('canary');
  });

  it('F-05 does not include one with a byte order mark', async () => {
    const { answer } = await attack(stack, start('\xef\xbb\xbf{"a":1}'));
    expect([answer.status, sentContext()]).toEqual([201, '{"a":1}']);
  });

  it.each(['5', '"text"', 'true', 'null', '-0'])('F-06 but a scalar is refused: %s', async (body) => {
    await invalid(body);
  });

  it.each([
    ['arrays', '['.repeat(40_000)],
    ['arrays in an object', `{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`],
    ['objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['65 levels', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
  ])('F-07 and nests too deep is refused: %s', async (_name, body) => {
    await invalid(body);
  });

  it('F-07 may nest 64 levels, and brackets in texts are none', async () => {
    const deep = `${'{"a":'.repeat(64)}1${'}'.repeat(64)}`;
    expect((await attack(stack, start(deep))).answer.status).toBe(201);
    const texts = `{"a":"${'['.repeat(1_000)}","b":"\\"${'{'.repeat(1_000)}"}`;
    expect((await attack(stack, start(texts))).answer.status).toBe(201);
  });

  it.each(['', '   ', '\r\n'])('F-12 and empty is refused where one is needed: %j', async (body) => {
    await invalid(body);
  });

  it('F-12 and missing altogether is refused as well', async () => {
    await refused(stack, withKey(`POST ${START}`, [JSON_TYPE]), 400);
    await refused(stack, withKey(`POST ${START}`), 415);
  });

  it.each(['application/vnd.api+json', 'application/json5', 'application/ld+json', 'text/json', 'application/x-json'])(
    'F-14 but something like it (%s) is refused on JSON routes, and passes where any type does',
    async (type) => {
      await refused(stack, start('{}', [`Content-Type: ${type}`]), 415);
      const { answer } = await attack(
        stack,
        withKey(`POST ${ECHO}`, [`Content-Type: ${type}`, 'Content-Length: 2'], '{}'),
      );
      expect([answer.status, lastSeen(stack).headers['content-type']]).toEqual([200, type]);
    },
  );

  it.each(['[]', '[{"a":1},{"a":2}]', `[${'{},'.repeat(1_000)}{}]`, ' [{}]'])(
    'F-16 but a batch of several starts is refused: %j',
    async (body) => {
      await invalid(body);
    },
  );
});

describe('a body that is meant for others', () => {
  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a":{"__proto__":{"polluted":true}}}',
    '{"toString":1,"hasOwnProperty":2,"then":{}}',
    '{"__proto__":null,"__proto__":{"polluted":true}}',
  ])('F-08 is data, whatever its names are: %s', async (body) => {
    const { answer } = await attack(stack, start(body));
    expect([answer.status, sentContext()]).toEqual([201, body]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    '{"n":9007199254740993}',
    '{"n":1e400}',
    '{"n":1.0}',
    '{"n":-0}',
    '{"n":0.1000000000000000055511151231257827021181}',
    '{"a":1,"a":2}',
    '{ "a" :\t[ 1 , 2 ] \r\n}',
    '{"a":"\\u0041\\/\\ud83d\\ude00"}',
    '{"\\u0061":1}',
  ])('F-10 is sent on byte for byte: %s', async (body) => {
    const { answer } = await attack(stack, start(body));
    expect([answer.status, sentContext()]).toEqual([201, body]);
  });

  it.each([
    ['many names', `{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":0`).join(',')}}`],
    ['names like numbers', `{${Array.from({ length: 60_000 }, (_, n) => `"${n * 65_536}":0`).join(',')}}`],
    ['one name many times', `{${Array.from({ length: 100_000 }, () => '"a":0').join(',')}}`],
    ['one long name', `{"${'a'.repeat(900_000)}":0}`],
    ['one long number', `{"a":${'1'.repeat(900_000)}}`],
    ['many escapes', `{"a":"${'\\u0041'.repeat(100_000)}"}`],
    ['many backslashes', `{"a":"${'\\\\'.repeat(400_000)}"}`],
  ])('F-15 with %s up to the limit is handled', async (_name, body) => {
    const { answer } = await attack(stack, start(body));
    expect([answer.status, sentContext() === body]).toEqual([201, true]);
  });

  it('F-15 with a million names is beyond the limit', async () => {
    const length = 1_000_000 * '"123456":0,'.length;
    await refused(stack, withKey(`POST ${START}`, [JSON_TYPE, `Content-Length: ${length}`]), 413);
  });

  it.each([
    '--x\r\nContent-Disposition: form-data; name="a\r\nX-Evil: 1"\r\n\r\n1\r\n--x--\r\n',
    '\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    '0\r\n\r\n',
  ])('F-20 goes to a flow as it came, whatever it looks like: %j', async (body) => {
    const type = 'Content-Type: multipart/form-data; boundary=x';
    for (const bytes of [
      withKey(`POST ${ECHO}`, [type, `Content-Length: ${body.length}`], body),
      withKey(`POST ${ECHO}`, [type, CHUNKED], `${chunk(body)}0\r\n\r\n`),
    ]) {
      const { answer, hits } = await attack(stack, bytes);
      expect([answer.status, hits, lastSeen(stack).rawBody.toString('latin1')]).toEqual([200, 1, body]);
    }
  });

  it('F-19 of some megabytes is streamed both ways', async () => {
    const body = randomBytes(3 * 1024 * 1024).toString('latin1');
    const { answer } = await attack(stack, withKey(`POST ${STREAM}`, [`Content-Length: ${body.length}`], body));
    expect([answer.status, sha256(answer.body.toString('latin1'))]).toEqual([200, sha256(body)]);
  });

  it('goes nowhere on a route that takes none', async () => {
    await refused(stack, withKey(`GET ${ECHO}`, ['Content-Length: 2'], '{}'), 400);
    await refused(stack, withKey('GET /api/workflow/definitions', [CHUNKED], '0\r\n\r\n'), 400);
  });

  it('may be none', async () => {
    expect((await attack(stack, post(ECHO, [], ''))).answer.status).toBe(200);
  });
});

describe('a limit of the configuration', () => {
  it.each(['10 megs', '-1', 'NaN', '0', '"1e6"', '"0x10"', 'Infinity', '[1mb]', '{}', 'null', '1mb 2mb'])(
    'F-22 that is none stops the start: %s',
    (limit) => {
      const load = () =>
        loadConfig({
          cwd: '/',
          env: { API_KEYS: 'tester=test-key-0123456789' },
          readFile: () => `limits: { body: ${limit} }`,
        });
      expect(load).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
      expect(load).toThrow(/limits\.body/);
    },
  );
});

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
