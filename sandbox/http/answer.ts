import type { ServerResponse } from 'node:http';

/** A whole answer as data: handlers return it, faults replace it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: string | Buffer | undefined;
}

type AnswerHeaders = Answer['headers'];

/** An answer whose body is `value` as JSON. */
export function jsonAnswer(status: number, value: unknown, headers: AnswerHeaders = {}): Answer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** An answer whose body is HTML, as web servers and routers make them. */
export function htmlAnswer(status: number, body: string, headers: AnswerHeaders = {}): Answer {
  return { status, headers: { 'Content-Type': 'text/html;charset=utf-8', ...headers }, body };
}

/** Writes `answer`. Statuses that have no body (204, 304; RFC 9110, section 15) get no length either. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    response.setHeader(name, value);
  }
  response.statusCode = answer.status;
  if (answer.status === 204 || answer.status === 304) {
    response.end();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
