import { bad, good, type Checked } from './checked.ts';

const METHODS: readonly string[] = ['*', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'EXPLAIN'];
const SEGMENT = /^(?:\*|[A-Za-z0-9._~!$&'()+,;=:@-]+)$/;
const CURE = 'Write it as "METHOD /path", such as "GET /api/workflow/instances/**".';

/**
 * A grant: `METHOD /path`, where `*` is any method or one whole path segment and `**` at the end is the rest of the path.
 * `EXPLAIN` in place of a method grants explanations of what requests to the path would do; `*` does not include it.
 * Only the form is checked here. Returned with one blank between its parts.
 */
export function parseAllowPattern(text: string): Checked<string> {
  const [method, path, ...rest] = text.trim().split(/ +/);
  if (method === undefined || path === undefined || rest.length > 0) return bad('is not a method and a path', CURE);
  if (!METHODS.includes(method)) return bad(`begins with none of the methods ${METHODS.join(', ')}`, CURE);
  if (!path.startsWith('/') || path === '/') return bad('has no path that begins with a slash', CURE);
  const segments = path.slice(1).split('/');
  if (segments.some((segment) => segment.startsWith(':'))) {
    return bad('has a ":name" for a segment', '"*" stands for one whole segment: write it in its place.');
  }
  const plain = segments.at(-1) === '**' ? segments.slice(0, -1) : segments;
  if (plain.includes('**')) return bad('has "**" before the end', '"**" stands for the rest of a path: put it last.');
  if (!plain.every((segment) => SEGMENT.test(segment))) {
    return bad(
      'has a path segment that can match nothing',
      '"*" stands for one whole segment. Leave out slashes at the end.',
    );
  }
  return good(`${method} ${path}`);
}
