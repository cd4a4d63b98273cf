import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { liveMemory } from '../support/live-memory.ts';
import { API_KEY, type Answer } from '../support/flowgate-stack.ts';
import { eventually } from '../support/eventually.ts';
import { graphqlRequests, useWorkflowgen } from '../support/workflowgen-stack.ts';

const stack = useWorkflowgen();

const START_FILE = '/api/requests/operations/start-file';
const ONE_FILE = '/api/requests/operations/start-one-file';

interface Part {
  readonly name: string;
  readonly content: string | Buffer;
  readonly filename?: string;
  readonly type?: string;
}

function file(name: string, content: string | Buffer, filename = `${name}.bin`, type = 'application/pdf'): Part {
  return { name, content, filename, type };
}

function variables(value: object): Part {
  return { name: 'variables', content: JSON.stringify(value) };
}

function formOf(parts: readonly Part[], boundary = 'XX'): Buffer {
  const written = parts.flatMap(({ name, content, filename, type }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n` +
        `${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)]);
}

function upload(path: string, parts: readonly Part[], boundary = 'XX'): Promise<Answer> {
  return stack.post(path, formOf(parts, boundary), { 'content-type': `multipart/form-data; boundary=${boundary}` });
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function lastRaw(): string {
  return stack.sandbox.control.lastRequest('workflowgen')?.rawBody.toString('latin1') ?? '';
}

/** The names of the parts that WorkflowGen got, in their order. */
function partNames(): string[] {
  return [...lastRaw().matchAll(/form-data; name="([^"]*)"/g)].map(([, name = '']) => name);
}

function filesOf(answer: Answer): unknown[] {
  const items = answer.json.createRequest.request.dataset.items as { file: unknown }[];
  return items.map((item) => item.file).filter((uploaded) => uploaded !== null);
}

describe('an upload', () => {
  it('becomes a GraphQL multipart request: operations, map, then the file', async () => {
    const content = randomBytes(5000);
    const answer = await upload(ONE_FILE, [variables({}), file('file', content, 'Grüße %221%22.pdf')]);
    expect(answer.status).toBe(200);
    expect(filesOf(answer)).toEqual([
      { name: 'Grüße %221%22.pdf', contentType: 'application/pdf', size: 5000, sha256: sha256(content) },
    ]);
    expect(partNames()).toEqual(['operations', 'map', '0']);
    expect(lastRaw()).toContain('{"0":["variables.file"]}');
    expect(lastRaw()).toContain('"variables":{"file":null}');
  });

  it('sends the variables as they were written, with null in the place of the file', async () => {
    const answer = await upload(START_FILE, [
      { name: 'variables', content: '{ "subject" : "1.0\\u00e9" }' },
      file('file', 'x'),
    ]);
    expect(answer.status).toBe(200);
    expect(lastRaw()).toContain('"variables":{"file":null, "subject" : "1.0\\u00e9" }');
  });

  it('may leave out the variables where the document has files alone', async () => {
    expect((await upload(ONE_FILE, [file('file', 'x')])).status).toBe(200);
  });

  it('may bring a file that can be left out, first of the files or announced by null', async () => {
    const first = await upload(START_FILE, [variables({ subject: 's' }), file('annex', 'a'), file('file', 'f')]);
    expect(filesOf(first)).toHaveLength(2);
    const announced = await upload(START_FILE, [
      variables({ subject: 's', annex: null }),
      file('file', 'f'),
      file('annex', 'a'),
    ]);
    expect(filesOf(announced)).toMatchObject([{ sha256: sha256('f') }, { sha256: sha256('a') }]);
  });

  it('keeps the bytes of the file, whatever they look like', async () => {
    const content = '\r\n--flowgate-0\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"evil"}\r\n';
    const answer = await upload(ONE_FILE, [file('file', content)]);
    expect(filesOf(answer)).toMatchObject([{ size: content.length, sha256: sha256(content) }]);
  });

  it('cannot put lines into the parts by its file name or type', async () => {
    const answer = await upload(ONE_FILE, [
      { name: 'file', content: 'x', filename: 'a%0d%0ab;c', type: 'text/html;x=\u00e9' },
    ]);
    expect(filesOf(answer)).toMatchObject([{ name: 'a%0d%0ab;c', contentType: 'text/html' }]);
  });

  it('is the same request when it is the same form under another boundary', async () => {
    await upload(ONE_FILE, [file('file', 'x')], 'one');
    const first = lastRaw();
    await upload(ONE_FILE, [file('file', 'x')], 'other');
    expect(lastRaw()).toBe(first);
    await upload(ONE_FILE, [file('file', 'y')], 'other');
    expect(lastRaw().slice(0, 60)).not.toBe(first.slice(0, 60));
  });

  it('of a small form survives a refused token', async () => {
    await upload(ONE_FILE, [file('file', 'x')]);
    stack.sandbox.control.expireTokens();
    expect((await upload(ONE_FILE, [file('file', 'x')])).status).toBe(200);
  });

  it('does without a form where no file is needed, as JSON', async () => {
    const answer = await stack.post('/api/requests/operations/open-requests', '{"size":1}');
    expect(answer.status).toBe(200);
  });
});

describe('a large upload', () => {
  const large = randomBytes(3 * 1024 * 1024);

  it('is streamed, with the bytes that came', async () => {
    const answer = await upload(ONE_FILE, [variables({}), file('file', large)]);
    expect(filesOf(answer)).toMatchObject([{ size: large.length, sha256: sha256(large) }]);
    expect(stack.sandbox.control.lastRequest('workflowgen')?.headers['transfer-encoding']).toBe('chunked');
  });

  it('is not held in memory', async () => {
    const piece = Buffer.alloc(1024 * 1024, 1);
    const before = liveMemory().arrayBuffers;
    let peak = 0;
    const answer = await rawUpload(120, piece, (sent) => {
      if (sent % 10 === 9) peak = Math.max(peak, liveMemory().arrayBuffers - before);
    });
    expect(answer).toContain('"size":125829120');
    expect(peak).toBeLessThan(32 * 1024 * 1024);
  });

  it('whose variables do not fit is refused before anything is sent', async () => {
    const answer = await upload(START_FILE, [variables({ subject: 1 }), file('file', large)]);
    expect(answer.json).toMatchObject({
      status: 400,
      code: 'invalid-body',
      detail: 'The variable "subject" is not a text.',
    });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('that ends without a file it needs runs nothing', async () => {
    const before = await requestCount();
    const answer = await upload(START_FILE, [variables({ subject: 's' }), file('annex', large)]);
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid-body' });
    expect(await requestCount()).toBe(before);
  });

  it('that is larger than the operation takes is refused', async () => {
    const parts = [variables({ subject: 's' }), file('file', Buffer.alloc(30_000_001))];
    expect((await upload(START_FILE, parts)).json).toMatchObject({ status: 413, code: 'payload-too-large' });
  });

  it('whose token is refused is not sent again', async () => {
    stack.sandbox.control.answer({ upstream: 'workflowgen', path: '/wfgen/graphql', status: 401, times: 1 });
    const answer = await upload(ONE_FILE, [file('file', large)]);
    expect(answer.json).toMatchObject({ status: 502, code: 'token-rejected' });
    expect(graphqlRequests(stack)).toBe(1);
  });

  it('that breaks off reaches nobody as a whole', async () => {
    const before = await requestCount();
    const socket = connect(stack.port, '127.0.0.1');
    socket.write(headOf(large.length * 2));
    socket.write(large);
    await eventually(() => expect(graphqlRequests(stack)).toBe(2));
    socket.destroy();
    await eventually(() => expect(stack.sandbox.control.counters().openSockets.workflowgen).toBeLessThanOrEqual(1));
    expect(await requestCount()).toBe(before);
  });
});

describe('a form that does not fit', () => {
  it.each([
    ['an unknown part first', [variables({}), file('evil', 'x')]],
    ['an unknown part later', [variables({}), file('file', 'x'), file('evil', 'x')]],
    ['the file twice', [variables({}), file('file', 'x'), file('file', 'y')]],
    ['the variables after the file', [file('file', 'x'), variables({})]],
    ['no file', [variables({})]],
    ['nothing', []],
    ['the file in the variables', [variables({ file: 'x' }), file('file', 'x')]],
    ['an unknown variable', [variables({ x: 1 }), file('file', 'x')]],
    ['variables that are no JSON', [{ name: 'variables', content: '{' }, file('file', 'x')]],
    ['variables that are a list', [{ name: 'variables', content: '[]' }, file('file', 'x')]],
    [
      'the parts of a GraphQL request',
      [{ name: 'operations', content: '{"query":"{ __schema { types { name } } }"}' }],
    ],
  ])('is refused: %s', async (_, parts) => {
    const answer = await upload(ONE_FILE, parts);
    expect(answer.json).toMatchObject({ status: 400, code: 'invalid-body', source: 'caller' });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('is refused where the variables are larger than a JSON body may be', async () => {
    const answer = await upload(START_FILE, [variables({ subject: 'x'.repeat(1024 * 1024) }), file('file', 'x')]);
    expect(answer.json).toMatchObject({ status: 413, code: 'payload-too-large' });
    expect(graphqlRequests(stack)).toBe(0);
  });

  it('is refused where the document takes no files', async () => {
    const answer = await upload('/api/requests/operations/open-requests', [variables({ size: 1 })]);
    expect(answer.json).toMatchObject({ status: 415, code: 'unsupported-media-type' });
  });

  it('is refused where it is compressed or has no boundary', async () => {
    const gzip = { 'content-type': 'multipart/form-data; boundary=XX', 'content-encoding': 'gzip' };
    expect((await stack.post(ONE_FILE, formOf([file('file', 'x')]), gzip)).status).toBe(415);
    const bare = { 'content-type': 'multipart/form-data' };
    expect((await stack.post(ONE_FILE, formOf([file('file', 'x')]), bare)).json).toMatchObject({
      code: 'invalid-body',
    });
  });

  it('is refused as JSON where a file is needed', async () => {
    expect((await stack.post(ONE_FILE, '{}')).json).toMatchObject({
      status: 400,
      code: 'invalid-body',
      detail: 'The file "file" is missing.',
    });
  });
});

async function requestCount(): Promise<number> {
  return (await stack.get('/api/requests/instances')).json.requests.totalCount as number;
}

function headOf(length: number): string {
  return (
    `POST ${ONE_FILE} HTTP/1.1\r\nhost: x\r\nx-api-key: ${API_KEY}\r\ncontent-type: multipart/form-data; boundary=XX\r\n` +
    `content-length: ${length}\r\nconnection: close\r\n\r\n--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`
  );
}

/** Sends a form of so many pieces, as fast as they are taken; gives the whole answer. */
async function rawUpload(pieces: number, piece: Buffer, each: (sent: number) => void): Promise<string> {
  const socket = connect(stack.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  const part = '--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
  const end = '\r\n--XX--\r\n';
  socket.write(headOf(part.length + pieces * piece.length + end.length));
  for (let sent = 0; sent < pieces; sent++) {
    each(sent);
    if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.write(end);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}
