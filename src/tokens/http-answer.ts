import type { IncomingHttpHeaders } from 'node:http';

/** What came back from a token endpoint, read whole. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly text: string;
}

/** Media types that a problem may name. Anything else a server sends is not repeated to callers. */
const KNOWN_TYPES = new Set(['application/json', 'text/html', 'text/plain', 'text/xml', 'application/xml']);

/** What kind of body it was, in words that can be shown: `text/html`, `empty body`, `another content type`. */
export function contentKind({ headers, text }: HttpAnswer): string {
  if (text.trim() === '') return 'empty body';
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (KNOWN_TYPES.has(type)) return type;
  return type === '' ? 'no content type' : 'another content type';
}
