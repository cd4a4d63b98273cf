import { bad, good, type Checked } from './checked.ts';
import type { FlowMethod, HttpRouteConfig } from './config.ts';

const METHODS: readonly FlowMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const CURE = 'Write it like "GET /products/:id -> /v2/products/:id"; a final ** stands for the rest of a path.';

/** Signs that every client sends as they are (RFC 3986, section 2.3): our own paths are compared as they were sent. */
const OWN_SEGMENT = /^[\w.~-]+$/;

/** RFC 3986, section 3.3, without matrix parameters and without percent signs alone. */
const TARGET_SEGMENT = /^(?:[\w.~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/;

const PARAMETER = /^:[A-Za-z_]\w{0,63}$/;

/** The name under which the segments of a `**` are handed on. */
const REST = ':rest';

/**
 * One route of an `http` service, `METHOD /path -> /target`: its path below the service's own, and what it becomes below
 * the base of the API. Every name of the target stands in the path.
 */
export function parseHttpRoute(text: string): Checked<HttpRouteConfig> {
  const parts = /^([A-Z]+) +(\S+) +-> +(\S+)$/.exec(text.trim());
  const [, verb, path, target] = parts ?? [];
  if (path === undefined || target === undefined) return bad('is not a method, a path, "->" and a path', CURE);
  const method = METHODS.find((known) => known === verb);
  if (method === undefined) return bad(`begins with none of the methods ${METHODS.join(', ')}`, CURE);
  return (
    checkPath('its path', path, OWN_SEGMENT) ??
    checkPath('its target', target, TARGET_SEGMENT) ??
    match({ method, path, target })
  );
}

/** Two routes of one shape would be one: which of them answered would be chance. */
export function routeShape({ method, path }: HttpRouteConfig): string {
  return `${method} ${path.replaceAll(/:\w+/g, ':')}`;
}

function checkPath(which: string, path: string, literal: RegExp): ReturnType<typeof bad> | undefined {
  if (!path.startsWith('/')) return bad(`has no slash at the beginning of ${which}`, CURE);
  if (/[?#]/.test(path))
    return bad(`has a query or a fragment in ${which}`, 'Queries pass by themselves: leave it out.');
  const segments = path.slice(1).split('/');
  const plain = segments.at(-1) === '**' ? segments.slice(0, -1) : segments;
  if (plain.includes('**')) return bad(`has "**" before the end of ${which}`, CURE);
  for (const segment of plain) {
    const isFine = segment.startsWith(':') ? PARAMETER.test(segment) && segment !== REST : literal.test(segment);
    if (!isFine || segment === '.' || segment === '..')
      return bad(
        `has an empty, dotted or unusable segment in ${which}`,
        'A segment is plain text, or ":" and a name of letters, digits and "_" other than "rest". Leave out slashes at the end.',
      );
  }
  return undefined;
}

function match(route: HttpRouteConfig): Checked<HttpRouteConfig> {
  const own = route.path.split('/').filter(isVariable);
  const wanted = route.target.split('/').filter(isVariable);
  if (new Set(own).size < own.length)
    return bad('has a name twice in its path', 'Give each ":name" a name of its own.');
  const unknown = wanted.find((name) => !own.includes(name));
  if (unknown !== undefined) return bad(`has ${unknown} in its target but not in its path`, CURE);
  if (own.includes('**') && !wanted.includes('**'))
    return bad(
      'has ** in its path but not in its target',
      'The rest of the path would be lost: end the target with /**, too.',
    );
  return good(route);
}

function isVariable(segment: string): boolean {
  return segment === '**' || segment.startsWith(':');
}
