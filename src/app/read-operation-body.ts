import type { IncomingMessage } from 'node:http';
import { isForm } from '../forward/form-parts.ts';
import { readBody, type RequestBody } from '../forward/read-body.ts';
import { Problem } from '../problems/problem.ts';
import { parseJsonObject, parseJsonObjectOrArray } from '../services/json-bytes.ts';
import type { BodyPolicy, FormPolicy, JsonObject } from '../services/operation.ts';
import type { StreamedBody } from '../services/run-operation.ts';

/** `application/json`, and UTF-8 if it names a charset at all (RFC 8259, section 8.1). */
const JSON_TYPE = /^application\/json[ \t]{0,8}(?:;[ \t]{0,8}charset="?utf-8"?[ \t]{0,8})?$/i;

/** Bodies up to here are kept, so that a refused token or a CSRF handshake does not end them. */
const REPEATABLE_BYTES = 256 * 1024;

/** How long a JSON body may take to arrive, milliseconds. */
const JSON_BODY_MS = 10_000;

export interface OperationBody {
  readonly body: Buffer | undefined;
  readonly json: JsonObject | undefined;
  /** Where a form was made over, the content type of what it became. */
  readonly formType: string | undefined;
  readonly streamed: StreamedBody | undefined;
}

const NO_BODY: OperationBody = { body: undefined, json: undefined, formType: undefined, streamed: undefined };

export interface BodyLimits {
  /** Largest JSON body, bytes. */
  readonly maxJsonBytes: number;
  /**
   * How long any other body may take to arrive, milliseconds: while its beginning is read, the deadline of the request
   * does not run yet.
   */
  readonly streamMs: number;
  /** Whether all of it is needed before anything is sent, because the request carries an `Idempotency-Key`. */
  readonly inMemory: boolean;
}

/**
 * Reads the body that an operation declares.
 *
 * @throws {Problem} `unsupported-media-type`, `payload-too-large`, `invalid-body`; `invalid-request` for a body that is
 *   too large for an `Idempotency-Key`
 */
export function readOperationBody(
  request: IncomingMessage,
  policy: BodyPolicy,
  limits: BodyLimits,
): OperationBody | Promise<OperationBody> {
  if (!limits.inMemory) return readAs(request, policy, limits);
  return readWithKey(request, policy, limits);
}

/** Of a request with an `Idempotency-Key`. */
async function readWithKey(request: IncomingMessage, policy: BodyPolicy, limits: BodyLimits): Promise<OperationBody> {
  try {
    return await readAs(request, policy, limits);
  } catch (error) {
    if (error instanceof Problem && error.code === 'payload-too-large')
      throw maxBytesOf(request, policy) < limits.maxJsonBytes ? error : tooLargeForKey(limits.maxJsonBytes);
    throw error;
  }
}

/** At once where nothing has to be waited for, which is what nearly all requests are like. */
function readAs(
  request: IncomingMessage,
  policy: BodyPolicy,
  limits: BodyLimits,
): OperationBody | Promise<OperationBody> {
  switch (policy.kind) {
    case 'none':
      if (hasBody(request)) throw invalid('This route takes no body.', 'Leave the body out.');
      return NO_BODY;
    case 'json':
      return policy.form && isForm(request.headers['content-type'])
        ? readForm(request, policy.form, limits)
        : readJson(request, policy, limits.maxJsonBytes);
    case 'stream':
      return readStream(request, policy.maxBytes, limits);
  }
}

type JsonPolicy = Extract<BodyPolicy, { kind: 'json' }>;

function readJson(
  request: IncomingMessage,
  policy: JsonPolicy,
  maxBytes: number,
): OperationBody | Promise<OperationBody> {
  if (hasBody(request) || policy.required) checkContentType(request);
  const read = readBody(request, { maxBytes, bufferBytes: maxBytes, totalMs: JSON_BODY_MS });
  return read instanceof Promise ? read.then((late) => toJson(late, policy)) : toJson(read, policy);
}

function toJson(read: RequestBody, policy: JsonPolicy): OperationBody {
  if (read.kind === 'stream') throw new Error('a JSON body is always buffered');
  if (read.body.length === 0) {
    if (policy.required) throw invalid('The body is empty.', 'Send a JSON object, {} at least.');
    return NO_BODY;
  }
  const json = policy.arrays ? parseJsonObjectOrArray(read.body) : parseJsonObject(read.body);
  if (Array.isArray(json)) return { ...NO_BODY, body: read.body };
  policy.check?.(json);
  return { ...NO_BODY, body: read.body, json };
}

async function readStream(request: IncomingMessage, maxBytes: number, limits: BodyLimits): Promise<OperationBody> {
  const read = await readBody(request, bodyLimits(maxBytes, limits));
  if (read.kind === 'buffer') return { ...NO_BODY, body: read.body };
  return { ...NO_BODY, streamed: { stream: read.body, length: read.length } };
}

/** What is kept survives a refused token; what has to be kept as a whole is small. */
function bodyLimits(maxBytes: number, { maxJsonBytes, streamMs, inMemory }: BodyLimits) {
  const most = inMemory ? Math.min(maxBytes, maxJsonBytes) : maxBytes;
  return { maxBytes: most, bufferBytes: inMemory ? most : Math.min(most, REPEATABLE_BYTES), totalMs: streamMs };
}

/** The form is made over before anything is sent, a large one with its files still to come. */
async function readForm(
  request: IncomingMessage,
  { maxBytes, makeOver }: FormPolicy,
  limits: BodyLimits,
): Promise<OperationBody> {
  checkContentCoding(request);
  const { maxJsonBytes } = limits;
  const read = await readBody(request, bodyLimits(maxBytes, limits));
  const contentType = request.headers['content-type'] ?? '';
  const { body, json, contentType: formType } = await makeOver({ contentType, body: read.body, maxJsonBytes });
  if (Buffer.isBuffer(body)) return { ...NO_BODY, body, json, formType };
  return { ...NO_BODY, json, formType, streamed: { stream: body, length: undefined } };
}

function checkContentType(request: IncomingMessage): void {
  const type = request.headers['content-type'];
  if (type === undefined || !JSON_TYPE.test(type.trim()))
    throw unsupported('The body is not declared as JSON in UTF-8.', 'Send Content-Type: application/json.');
  checkContentCoding(request);
}

function checkContentCoding({ headers }: IncomingMessage): void {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw unsupported('The body is compressed.', 'Send it without Content-Encoding.');
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** The route's own limit, bytes; of JSON there is none but that of all JSON. */
function maxBytesOf({ headers }: IncomingMessage, policy: BodyPolicy): number {
  if (policy.kind === 'stream') return policy.maxBytes;
  const form = policy.kind === 'json' && isForm(headers['content-type']) ? policy.form : undefined;
  return form?.maxBytes ?? Infinity;
}

function tooLargeForKey(maxBytes: number): Problem {
  return new Problem('invalid-request', {
    detail: 'The body is too large for a request with an Idempotency-Key.',
    hint: `Send at most ${maxBytes} bytes with a key (limits.body), or leave the key out.`,
  });
}

function unsupported(detail: string, hint: string): Problem {
  return new Problem('unsupported-media-type', { detail, hint });
}

function invalid(detail: string, hint: string): Problem {
  return new Problem('invalid-body', { detail, hint });
}
