import { on } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { Problem } from '../problems/problem.ts';

/** One part of a form. Its content must be read, or destroyed, before the next part is asked for. */
export interface FormPart {
  readonly name: string;
  /** Without folders; `undefined` where the part has none. */
  readonly filename: string | undefined;
  /** Lower case, without parameters; `text/plain` where the part has none (RFC 7578, section 4.4). */
  readonly contentType: string;
  /** The bytes as they came. */
  readonly content: Readable;
}

/** More parts than any form of ours has; each costs a header to parse. */
const MOST_PARTS = 100;
/** All headers of one part, in bytes. */
const MAX_HEADER_BYTES = 8 * 1024;
const MOST_HEADERS = 20;

const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;
/** RFC 2046, section 5.1.1: there must be one, of a character or more. */
const BOUNDARY = /;\s{0,8}boundary=(?:"[^"]+"|[^\s";]+)/i;

/** Whether a request's content type is that of a form with parts (RFC 7578). */
export function isForm(contentType: string | undefined): boolean {
  return contentType !== undefined && MULTIPART.test(contentType);
}

/**
 * The parts of a form in their order, while it arrives: nothing is held but what the streams buffer, and the caller is
 * read no faster than the parts are.
 *
 * @param body destroyed when the reading ends before its end
 * @throws {Problem} `invalid-body` for a form that is not valid or breaks off, or what `body` fails with; a content that
 *   is being read then fails with the same
 */
export async function* formParts(body: Readable, contentType: string): AsyncGenerator<FormPart, void, undefined> {
  const reader = createReader(contentType);
  const contents = new Set<Readable>();
  reader.on('file', (_name: string, content: Readable) => contents.add(content.on('error', () => {})));
  const arrival = on(reader, 'file', { close: ['finish'] });
  const read = pipeline(body, reader).catch((error: unknown) => {
    const problem = problemOf(error);
    for (const content of contents) content.destroy(problem);
    throw problem;
  });
  read.catch(() => {}); // heard below, or nobody waits for it any more
  let taken = 0;
  try {
    for await (const [name, content, filename, , type] of arrival as AsyncIterable<FileEvent>) {
      if (name === undefined) throw invalidForm();
      taken += 1;
      yield { name, filename, contentType: type, content };
      contents.delete(content);
    }
    await read;
    if (partsOf(reader) !== taken) throw invalidForm();
  } catch (error) {
    throw problemOf(error);
  } finally {
    body.destroy();
  }
}

type FileEvent = [
  name: string | undefined,
  content: BusboyFileStream,
  filename: string | undefined,
  encoding: string,
  type: string,
];

/**
 * How many parts came. The reader leaves some out without a word: those without a disposition, those with a line break in
 * a name. A form from which something is missing must not pass for a whole one, and it has no other way to tell.
 */
function partsOf(reader: InstanceType<typeof Busboy>): number | undefined {
  return (reader as unknown as { readonly _parser?: { readonly _nparts?: number } })._parser?._nparts;
}

function createReader(contentType: string): InstanceType<typeof Busboy> {
  if (!BOUNDARY.test(contentType)) throw invalidForm();
  try {
    const reader = new Busboy({
      headers: { 'content-type': contentType },
      // Every part is taken as a stream of its bytes, so that nothing is decoded or cut off.
      isPartAFile: () => true,
      limits: { parts: MOST_PARTS, headerPairs: MOST_HEADERS, headerSize: MAX_HEADER_BYTES },
    });
    return reader.on('partsLimit', () => reader.destroy(invalidForm()));
  } catch {
    throw invalidForm(); // no boundary
  }
}

function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : invalidForm(error);
}

function invalidForm(cause?: unknown): Problem {
  return new Problem('invalid-body', {
    detail: 'The body is not a valid multipart form, or not a whole one.',
    hint: `Send multipart/form-data (RFC 7578) with its boundary in Content-Type, at most ${MOST_PARTS} parts, each with a name.`,
    cause,
  });
}
