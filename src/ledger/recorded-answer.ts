import { createHash } from 'node:crypto';

/** The most of a body that is kept, bytes. Of a longer one the digest is kept. */
export const MAX_RECORDED_BYTES = 64 * 1024;

/** The first answer to a keyed request, as it is given again. */
export interface RecordedAnswer {
  readonly status: number;
  /** Lower-case names: only those that the route lets pass. */
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: there was none, or it was too long to be kept. */
  readonly body: Buffer | undefined;
  /** Of the whole body. */
  readonly bytes: number;
  /** SHA-256 of the whole body, base64. */
  readonly sha256: string;
  /** Of the problem, where the answer was one: for the log. */
  readonly code: string | undefined;
}

/** Records an answer that is there as a whole. */
export function recordAnswer(
  {
    status,
    headers = {},
    body,
  }: { status: number; headers?: Readonly<Record<string, string>>; body: Buffer | undefined },
  code?: string,
): RecordedAnswer {
  const bytes = body?.length ?? 0;
  return {
    status,
    headers,
    body: bytes > MAX_RECORDED_BYTES ? undefined : body,
    bytes,
    sha256: createHash('sha256')
      .update(body ?? '')
      .digest('base64'),
    code,
  };
}

/** The same without its body, which makes the record small. */
export function withoutBody(answer: RecordedAnswer): RecordedAnswer {
  return { ...answer, body: undefined };
}

/** What the caller gets of a record. A body that was not kept is told of, and its digest is given (RFC 9530). */
export function replayed(answer: RecordedAnswer): {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer | undefined;
} {
  const isOmitted = answer.body === undefined && answer.bytes > 0;
  return {
    status: answer.status,
    headers: {
      ...answer.headers,
      'idempotent-replayed': 'true',
      ...(isOmitted ? { 'idempotent-replayed-body': 'omitted', 'repr-digest': `sha-256=:${answer.sha256}:` } : {}),
    },
    body: answer.body,
  };
}

/** For the shared store. */
export function toText({ body, ...facts }: RecordedAnswer): string {
  return JSON.stringify({ ...facts, body: body?.toString('base64') });
}

/** The reverse of `toText`; the text was sealed, so it is our own. */
export function fromText(text: string): RecordedAnswer {
  const { body, ...facts } = JSON.parse(text) as Omit<RecordedAnswer, 'body'> & { body?: string };
  return { ...facts, code: facts.code, body: body === undefined ? undefined : Buffer.from(body, 'base64') };
}
