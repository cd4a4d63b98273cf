import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FormPart } from '../forward/form-parts.ts';
import { wrapBytes } from './json-bytes.ts';

const MEDIA_TYPE = /^[a-z0-9][\w.+-]{0,99}\/[a-z0-9][\w.+-]{0,99}$/;

/** A file on its way: a part whose content may have been read already. */
export type UploadedFile = Omit<FormPart, 'content'> & { readonly content: Readable | readonly Buffer[] };

/** What comes before the files. */
export interface FormHead {
  readonly query: string;
  /** A JSON object with `null` in the place of each file. */
  readonly variables: Buffer;
  /** The variables whose files follow. */
  readonly names: readonly string[];
}

/**
 * A GraphQL multipart request (github.com/jaydenseric/graphql-multipart-request-spec): `operations`, `map`, then the
 * files as they come; in this order the receiver can stream as well.
 *
 * @param unique in the boundary: nothing of the content may be able to know it
 */
export async function* graphqlForm(
  unique: string,
  { query, variables, names }: FormHead,
  files: AsyncIterable<UploadedFile> | Iterable<UploadedFile>,
): AsyncGenerator<Buffer, void> {
  const boundary = boundaryOf(unique);
  const map = Object.fromEntries(names.map((name, at) => [at, [`variables.${name}`]]));
  const field = (name: string): string => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
  yield Buffer.concat([
    Buffer.from(`${field('operations')}\r\n\r\n`),
    wrapBytes({ query }, 'variables', variables),
    Buffer.from(`\r\n${field('map')}\r\n\r\n${JSON.stringify(map)}\r\n`),
  ]);
  for await (const { name, filename, contentType, content } of files) {
    const type = MEDIA_TYPE.test(contentType) ? contentType : 'application/octet-stream';
    const shown = escapeName(filename ?? name);
    yield Buffer.from(`${field(String(names.indexOf(name)))}; filename="${shown}"\r\nContent-Type: ${type}\r\n\r\n`);
    yield* content as AsyncIterable<Buffer>;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

/** Names end at a quote and lines at a break (html.spec.whatwg.org, "multipart form data"). */
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The content type of a form with that in its boundary. */
export function graphqlFormType(unique: string): string {
  return `multipart/form-data; boundary=${boundaryOf(unique)}`;
}

/** Of equal forms equal, so that a form that is sent again is seen to be the same. */
export function digestOf({ variables }: FormHead, files: readonly UploadedFile[]): string {
  const hash = createHash('sha256').update(JSON.stringify(variables.toString('latin1')));
  for (const { content, ...facts } of files) {
    hash.update(JSON.stringify(facts));
    for (const chunk of content as readonly Buffer[]) hash.update(`${chunk.length}:`).update(chunk);
  }
  return hash.digest('hex').slice(0, 32);
}

function boundaryOf(unique: string): string {
  return `flowgate-${unique}`;
}
