import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import type { Exchange } from '../http/exchange.ts';
import { takeFile } from './uploaded-file.ts';
import type { UploadedFile } from './uploaded-file.ts';

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** A request that is refused before GraphQL looks at it. */
export class BadRequest extends Error {}

/** Reads a GraphQL request from JSON or from a multipart form; files are read without being held. */
export async function readGraphqlRequest(exchange: Exchange): Promise<GraphqlRequest> {
  const type = exchange.header('content-type') ?? '';
  if (type.startsWith('application/json')) {
    return asRequest(parseJson((await exchange.body()).toString('utf8')));
  }
  if (!type.startsWith('multipart/form-data')) {
    throw new BadRequest('Must provide query string.');
  }
  return readForm(exchange, type);
}

/**
 * A GraphQL multipart request (github.com/jaydenseric/graphql-multipart-request-spec): `operations`, `map`, then the
 * files, in this order and no other.
 */
async function readForm(exchange: Exchange, type: string): Promise<GraphqlRequest> {
  const fields: [name: string, text: string][] = [];
  const files = new Map<string, Promise<UploadedFile>>();
  const reader = new Busboy({ headers: { 'content-type': type } });
  reader.on('field', (name: string, text: string) => fields.push([name, text]));
  reader.on('file', (name: string, content: Readable, filename: string, _encoding: string, contentType: string) => {
    if (fields.length !== 2) {
      reader.destroy(new BadRequest('Misordered multipart fields; files should follow ‘map’.'));
    }
    const file = takeFile(filename, contentType, content);
    file.catch(() => {});
    files.set(name, file);
  });
  try {
    await pipeline(exchange.request, counter(exchange), reader);
  } catch (error) {
    throw error instanceof BadRequest ? error : new BadRequest('The form is not whole.');
  }
  const [operations, map] = fields;
  if (operations?.[0] !== 'operations' || map?.[0] !== 'map') {
    throw new BadRequest('Missing multipart field ‘operations’ or ‘map’.');
  }
  const request = asRequest(parseJson(operations[1]));
  await placeFiles(request, parseJson(map[1]) as Record<string, string[]>, files);
  return request;
}

async function placeFiles(
  { variables }: GraphqlRequest,
  map: Record<string, string[]>,
  files: ReadonlyMap<string, Promise<UploadedFile>>,
): Promise<void> {
  for (const [part, [path = '']] of Object.entries(map)) {
    const file = files.get(part);
    const [, name = ''] = path.split('.');
    if (file === undefined) {
      throw new BadRequest('File missing in the request.');
    }
    if (variables[name] !== null) {
      throw new BadRequest('Invalid object path in ‘map’.');
    }
    variables[name] = await file;
  }
}

/** Lets the tests see how much has arrived, and the beginning of it. */
function counter({ seen }: Exchange) {
  return async function* count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      seen.bodyBytes += chunk.length;
      if (seen.rawBody.length < 64 * 1024) {
        seen.rawBody = Buffer.concat([seen.rawBody, chunk]).subarray(0, 64 * 1024);
      }
      yield chunk;
    }
  };
}

function asRequest(value: unknown): GraphqlRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest('POST body is not a GraphQL request.');
  }
  const { query, variables } = value as { query?: unknown; variables?: unknown };
  if (typeof query !== 'string') {
    throw new BadRequest('Must provide query string.');
  }
  return { query, variables: (variables ?? {}) as Record<string, unknown> };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('POST body sent invalid JSON.');
  }
}
