import type { AnswerHead, BufferedAnswer } from '../forward/upstream-request.ts';

/** Reading upstream answers: nothing here throws, whatever the upstream sent. */

const JSON_TYPE = /^application\/(?:json|[a-z0-9.+-]{1,64}\+json)\s*(?:;|$)/i;

export function isSuccess({ status }: AnswerHead): boolean {
  return status >= 200 && status < 300;
}

export function isJson(head: AnswerHead): boolean {
  return JSON_TYPE.test(header(head, 'content-type') ?? '');
}

export function isHtml(head: AnswerHead): boolean {
  return /^text\/html\b/i.test(header(head, 'content-type') ?? '');
}

/** By its head: 204, or an accepted request that has nothing to say. */
export function isWithoutContent(head: AnswerHead): boolean {
  return head.status === 204 || header(head, 'content-length') === '0';
}

/** The one value of a header, or the first of several. */
export function header({ headers }: AnswerHead, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The body as JSON, or `undefined` where it is not. */
export function parseJson({ body }: BufferedAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/**
 * `Retry-After` in whole seconds, from seconds or an HTTP date (RFC 9110, section 10.2.3), clamped so that one odd
 * answer stops nobody for long.
 */
export function retryAfterSeconds(head: AnswerHead, nowMs: number = Date.now()): number | undefined {
  const value = header(head, 'retry-after')?.trim();
  if (value === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - nowMs) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(60, Math.max(1, Math.ceil(seconds)));
}
