import type { IncomingHttpHeaders } from 'node:http';
import { technicalError } from './workflow-error.ts';

/** What a route's handler gets: a request whose token and authority have been checked. */
export interface WorkflowCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The OAuth client: the service knows no person. */
  readonly clientId: string;
  /** Of process automation: the shared environment that the request may use. */
  readonly environmentId: string | undefined;
}

/** A JSON object, as it was sent and as it reads. */
export interface JsonObject {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The body as a JSON object. @throws WorkflowError 415 without a JSON content type, 400 when it is malformed */
export function jsonBody(call: WorkflowCall): JsonObject {
  const contentType = call.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(contentType)) {
    throw technicalError(415, 'HTTP 415 Unsupported Media Type');
  }
  const text = utf8(call.body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed();
  }
  if (!isObject(value)) {
    throw malformed();
  }
  return { text, value };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw malformed();
  }
}

function malformed(): Error {
  return technicalError(400, 'The request body is malformed.');
}
