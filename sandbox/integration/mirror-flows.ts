import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';

/** How much of a streamed body is kept for tests to look at. */
const keptBytes = 64 * 1024;

/**
 * Describes the request that arrived: method, path, query, headers, size and SHA-256 of the body, and the body itself
 * up to 64 KiB. `?status=418` chooses the status of the answer, as a flow does with CamelHttpResponseCode.
 */
export async function echo(exchange: Exchange): Promise<Answer> {
  const hash = createHash('sha256');
  for await (const chunk of exchange.request) {
    hash.update(chunk as Buffer);
    keep(exchange, chunk as Buffer);
  }
  const { seen } = exchange;
  const description = {
    method: seen.method,
    path: seen.path,
    query: seen.query,
    headers: shownHeaders(seen.headers),
    bodyBytes: seen.bodyBytes,
    sha256: hash.digest('hex'),
    ...(seen.bodyBytes <= keptBytes ? { body: seen.rawBody.toString('utf8') } : {}),
  };
  return jsonAnswer(wantedStatus(exchange), description, internalHeaders);
}

/**
 * Sends the body back while it arrives, with its content type; `?bytes=1000000` sends as many bytes of its own
 * instead. Neither is ever held in memory. `?describe` adds what arrived as headers, `?status=` chooses the status.
 */
export async function stream(exchange: Exchange): Promise<undefined> {
  const { request, response, query } = exchange;
  response.statusCode = wantedStatus(exchange);
  response.setHeader('Content-Type', exchange.header('content-type') ?? 'application/octet-stream');
  for (const [name, value] of Object.entries(internalHeaders)) {
    response.setHeader(name, value);
  }
  if (query.has('describe')) {
    response.setHeader('X-Seen-Method', exchange.method);
    response.setHeader('X-Seen-Query', encodeURIComponent(exchange.seen.query));
    response.setHeader('X-Seen-Headers', encodeURIComponent(JSON.stringify(shownHeaders(exchange.seen.headers))));
  }
  const bytes = query.get('bytes');
  if (bytes === null) {
    await pipeline(request, keeper(exchange), response);
  } else {
    await pipeline(Readable.from(zeros(Number(bytes))), response);
  }
}

/** A token is shown to be there, and not shown. */
function shownHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { authorization } = headers;
  return authorization === undefined
    ? headers
    : { ...headers, authorization: `${authorization.split(' ', 1).join('')} [token]` };
}

/** What a flow lets slip out of its inside: a proxy must not pass it on. */
const internalHeaders = {
  'X-Internal-Host': 'vsa1234567.od.sap.example',
  'x-correlationid': '9c1f7f7e-0f5f-4c0e-8d0d-5a3f1c9a7e11',
} as const;

function wantedStatus(exchange: Exchange): number {
  const status = Number(exchange.query.get('status') ?? 200);
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 200;
}

function keep(exchange: Exchange, chunk: Buffer): void {
  const { seen } = exchange;
  seen.bodyBytes += chunk.length;
  if (seen.rawBody.length < keptBytes) {
    seen.rawBody = Buffer.concat([seen.rawBody, chunk]).subarray(0, keptBytes);
  }
}

function keeper(exchange: Exchange): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      keep(exchange, chunk);
      done(null, chunk);
    },
  });
}

function* zeros(bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(keptBytes);
  for (let left = bytes; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block;
  }
}
