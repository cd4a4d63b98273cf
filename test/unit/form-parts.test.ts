import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formParts, isForm, type FormPart } from '../../src/forward/form-parts.ts';
import { Problem } from '../../src/problems/problem.ts';

const TYPE = 'multipart/form-data; boundary=XX';

interface Sent {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly content: string | Buffer;
}

function formOf(parts: readonly Sent[], end = '--XX--\r\n'): Buffer {
  const written = parts.flatMap(({ name, filename, type, content }) => [
    Buffer.from(
      `--XX\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n` +
        `${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...written, Buffer.from(end)]);
}

/** The body in pieces of that many bytes. */
function inPieces(body: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, at) =>
    body.subarray(at * size, (at + 1) * size),
  );
  return Readable.from(pieces, { objectMode: false });
}

async function read(body: Readable, type = TYPE) {
  const parts: (Omit<FormPart, 'content'> & { content: Buffer })[] = [];
  for await (const part of formParts(body, type)) parts.push({ ...part, content: await buffer(part.content) });
  return parts;
}

async function failure(reading: Promise<unknown>): Promise<unknown> {
  return reading.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('the parts of a form', () => {
  it('come in their order, with name, file name, type and bytes', async () => {
    const parts = await read(
      inPieces(
        formOf([
          { name: 'variables', content: '{"a":1}' },
          { name: 'file', filename: 'Grüße.pdf', type: 'Application/PDF; x=y', content: Buffer.from([0, 255, 13, 10]) },
        ]),
        1000,
      ),
    );
    expect(parts).toEqual([
      { name: 'variables', filename: undefined, contentType: 'text/plain', content: Buffer.from('{"a":1}') },
      { name: 'file', filename: 'Grüße.pdf', contentType: 'application/pdf', content: Buffer.from([0, 255, 13, 10]) },
    ]);
  });

  it('keep their bytes, however the body is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        async (contents, size) => {
          const sent = contents.map((content, at) => ({
            name: `f${at}`,
            filename: 'f',
            content: Buffer.from(content),
          }));
          const parts = await read(inPieces(formOf(sent), size));
          expect(parts.map(({ content }) => content)).toEqual(sent.map(({ content }) => content));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('lose the folders of their file names', async () => {
    const parts = await read(inPieces(formOf([{ name: 'f', filename: '../../etc/passwd', content: '' }]), 1000));
    expect(parts[0]?.filename).toBe('passwd');
  });

  it('are none in an empty form', async () => {
    expect(await read(inPieces(Buffer.from('--XX--\r\n'), 1000))).toEqual([]);
  });

  it('may hold what looks like another boundary', async () => {
    const content = '\r\n--XY\r\n--X\r\nContent-Disposition: form-data; name="evil"\r\n\r\n';
    expect(await read(inPieces(formOf([{ name: 'f', content }]), 7))).toMatchObject([
      { name: 'f', content: Buffer.from(content) },
    ]);
  });
});

/** A form with one good part, and one with these headers. */
function partOf(headers: readonly string[]): Buffer {
  const good = '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n';
  return Buffer.from(`${good}--XX\r\n${headers.join('\r\n')}\r\n\r\nc\r\n--XX--\r\n`);
}

describe('a form that is not valid', () => {
  it.each([
    ['has no boundary in its type', formOf([{ name: 'a', content: 'b' }]), 'multipart/form-data; x=y'],
    ['breaks off within a part', formOf([{ name: 'a', content: 'b' }]).subarray(0, -12), TYPE],
    ['breaks off before its end', formOf([{ name: 'a', content: 'b' }], ''), TYPE],
    ['is no form at all', Buffer.from('{"a":1}'), TYPE],
    ['is empty', Buffer.alloc(0), TYPE],
    ['has a part without a name', Buffer.from('--XX\r\nContent-Disposition: form-data\r\n\r\nb\r\n--XX--\r\n'), TYPE],
    ['has a part without a disposition', partOf(['Content-Type: text/plain']), TYPE],
    ['has a part of another disposition', partOf(['Content-Disposition: attachment; name="b"']), TYPE],
    ['has a line break in a name', partOf([`Content-Disposition: form-data; name="b"; filename*=UTF-8''a%0db`]), TYPE],
    [
      'has a part whose headers are too long',
      partOf([`Content-Disposition: form-data; x="${'a'.repeat(9000)}"`]),
      TYPE,
    ],
    ['has an empty boundary', Buffer.from('--\r\n\r\n----\r\n'), 'multipart/form-data; boundary='],
    [
      'has a boundary whose quotes do not end',
      formOf([{ name: 'a', content: 'b' }]),
      'multipart/form-data; boundary="XX',
    ],
    ['has too many parts', formOf(Array.from({ length: 101 }, () => ({ name: 'a', content: 'b' }))), TYPE],
  ])('is refused: it %s', async (_, body, type) => {
    const error = await failure(read(inPieces(body, 1000), type));
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ code: 'invalid-body', status: 400 });
  });

  it('never crashes the process, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('--XX', '--', '\r\n', '\n', 'Content-Disposition: form-data; name="a"', ': ', 'x')),
        fc.integer({ min: 1, max: 20 }),
        async (words, size) => {
          const error = await failure(read(inPieces(Buffer.from(words.join('')), size)));
          expect(error === 'no failure' || error instanceof Problem).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a body that fails', () => {
  const tooLarge = new Problem('payload-too-large', { detail: 'd', hint: 'h' });

  it('hands its problem to who reads the content', async () => {
    const body = new Readable({ read() {} });
    body.push(formOf([{ name: 'f', content: 'begin' }], '').subarray(0, -2));
    const parts = formParts(body, TYPE);
    const first = await parts.next();
    if (first.done === true) throw new Error('no part');
    const content = failure(buffer(first.value.content));
    body.destroy(tooLarge);
    expect(await content).toBe(tooLarge);
    expect(await failure(parts.next())).toBe(tooLarge);
  });

  it('hands its problem to who waits for the next part', async () => {
    const body = new Readable({ read() {} });
    const next = failure(formParts(body, TYPE).next());
    body.destroy(tooLarge);
    expect(await next).toBe(tooLarge);
  });

  it('is let go when nobody wants more parts', async () => {
    const body = new Readable({ read() {} });
    body.push(formOf([{ name: 'f', content: 'begin' }], ''));
    const parts = formParts(body, TYPE);
    await parts.next();
    await parts.return();
    expect(body.destroyed).toBe(true);
  });
});

describe('a large part', () => {
  it('is read no faster than it is taken', async () => {
    let given = 0;
    const head = formOf([{ name: 'f', content: '' }], '').subarray(0, -2);
    const body = new Readable({
      read() {
        given += 64 * 1024;
        this.push(given === 64 * 1024 ? head : Buffer.alloc(64 * 1024));
      },
    });
    const parts = formParts(body, TYPE);
    await parts.next();
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(given).toBeLessThan(1024 * 1024);
    await parts.return();
  });
});

describe('isForm', () => {
  it.each([
    ['multipart/form-data; boundary=x', true],
    ['Multipart/Form-Data;boundary=x', true],
    ['multipart/form-data', true],
    ['multipart/form-data-x', false],
    ['multipart/mixed; boundary=x', false],
    ['application/json', false],
    [undefined, false],
  ])('%s: %s', (type, expected) => {
    expect(isForm(type)).toBe(expected);
  });
});
