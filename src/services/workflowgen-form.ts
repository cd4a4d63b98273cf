import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { GraphqlDocument } from '../config/config.ts';
import { bodyTooLarge } from '../forward/body-problems.ts';
import { formParts, type FormPart } from '../forward/form-parts.ts';
import { Problem } from '../problems/problem.ts';
import { digestOf, graphqlForm, graphqlFormType, type UploadedFile } from './graphql-form.ts';
import { parseJsonObject, prependMembers } from './json-bytes.ts';
import type { CallersForm, FormPolicy, JsonObject, MadeOverForm } from './operation.ts';
import { checkVariables, isRequired } from './workflowgen-variables.ts';

/** The part that holds the variables; the files come after it. */
const VARIABLES = 'variables';

/**
 * Takes a form with a part `variables` and a file part per upload variable, named like it, and makes a GraphQL multipart
 * request of it. The variables come first, because they are checked before anything is sent. And because the request
 * names all its files before the first of them, an upload that may be left out is announced: it is the first file, or
 * the variables hold `null` in its place.
 */
export function uploadForm(document: GraphqlDocument, maxBytes: number): FormPolicy {
  return { maxBytes, makeOver: (form) => makeOver(document, form) };
}

async function makeOver(document: GraphqlDocument, form: CallersForm): Promise<MadeOverForm> {
  const isWhole = Buffer.isBuffer(form.body);
  const source = isWhole ? Readable.from([form.body], { objectMode: false }) : form.body;
  const parts = formParts(source, form.contentType);
  try {
    const { bytes, first } = await readVariables(parts, form.maxJsonBytes);
    const json = parseJsonObject(bytes);
    const names = announced(document, json, first);
    checkVariables(document, json, names);
    const head = { query: document.text, variables: withNulls(bytes, json, names), names: [...names] };
    const files = expectedFiles(first, parts, names);
    if (!isWhole) {
      const unique = randomUUID();
      return { contentType: graphqlFormType(unique), json, body: streamOf(graphqlForm(unique, head, files), source) };
    }
    const all = await held(files);
    const unique = digestOf(head, all);
    return { contentType: graphqlFormType(unique), json, body: await buffer(graphqlForm(unique, head, all)) };
  } catch (error) {
    source.destroy();
    throw error;
  }
}

/** The variables and the first part after them. A form that begins with a file has none: `{}`. */
async function readVariables(
  parts: AsyncGenerator<FormPart, void>,
  maxBytes: number,
): Promise<{ bytes: Buffer; first: FormPart | undefined }> {
  const first = await parts.next();
  if (first.done === true || first.value.name !== VARIABLES)
    return { bytes: Buffer.from('{}'), first: first.value ?? undefined };
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of first.value.content as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw bodyTooLarge();
    chunks.push(chunk);
  }
  const second = await parts.next();
  return { bytes: Buffer.concat(chunks), first: second.value ?? undefined };
}

/** The names of the files that will come. */
function announced({ variables }: GraphqlDocument, json: JsonObject, first: FormPart | undefined): ReadonlySet<string> {
  const uploads = variables.filter(({ isUpload }) => isUpload);
  if (first !== undefined && !uploads.some(({ name }) => name === first.name)) throw unknownPart(uploads);
  const expected = uploads.filter(
    (variable) => isRequired(variable) || json[variable.name] === null || variable.name === first?.name,
  );
  if (expected.length > 0 && first === undefined) throw missingFile();
  return new Set(expected.map(({ name }) => name));
}

/** `null` in the place of each file, where the caller has not written it already. */
function withNulls(bytes: Buffer, json: JsonObject, names: ReadonlySet<string>): Buffer {
  const missing = [...names].filter((name) => !Object.hasOwn(json, name));
  if (missing.length === 0) return bytes;
  return prependMembers(Object.fromEntries(missing.map((name) => [name, null])), bytes, Object.keys(json).length === 0);
}

/** The files as they come, each expected one exactly once. */
async function* expectedFiles(
  first: FormPart | undefined,
  parts: AsyncGenerator<FormPart, void>,
  names: ReadonlySet<string>,
): AsyncGenerator<FormPart, void> {
  const open = new Set(names);
  for (let part = first; part !== undefined; part = (await parts.next()).value ?? undefined) {
    if (!open.delete(part.name)) throw unexpectedPart();
    yield part;
  }
  if (open.size > 0) throw missingFile();
}

/** A stream that takes from the caller only what is asked of it, and lets go of the caller when it is given up. */
function streamOf(chunks: AsyncGenerator<Buffer, void>, source: Readable): Readable {
  return new Readable({
    read() {
      chunks.next().then(
        ({ value }) => this.push(value ?? null),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error('the form failed')),
      );
    },
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
}

/** Reads all files of a small form. */
async function held(files: AsyncIterable<FormPart>): Promise<UploadedFile[]> {
  const all: UploadedFile[] = [];
  for await (const file of files) all.push({ ...file, content: [await buffer(file.content)] });
  return all;
}

const ORDER_HINT =
  'Send the part "variables" first, then one file part per upload variable, named like it. A file that may be left out comes first of the files, or has null in its place in the variables.';

function unknownPart(uploads: readonly { readonly name: string }[]): Problem {
  return new Problem('invalid-body', {
    detail: `The form has a part that is none of the files ${uploads.map(({ name }) => `"${name}"`).join(', ')}.`,
    hint: ORDER_HINT,
  });
}

function unexpectedPart(): Problem {
  return new Problem('invalid-body', {
    detail: 'The form has a part twice, a part that belongs to nothing, or a file that was not announced.',
    hint: ORDER_HINT,
  });
}

function missingFile(): Problem {
  return new Problem('invalid-body', { detail: 'The form ends before all its files have come.', hint: ORDER_HINT });
}
