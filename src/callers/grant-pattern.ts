/** In place of a method: explanations of what requests to the path would do. Never granted by `*`, only by name. */
export const EXPLAIN = 'EXPLAIN';

/** `METHOD /path`, taken apart. */
export interface Pattern {
  /** `*`: any. */
  readonly method: string;
  /** Without a final `**`. A `*` is any one segment. */
  readonly segments: readonly string[];
  /** Ends in `**`: the rest, and there must be one. */
  readonly isPrefix: boolean;
}

export function parsePattern(text: string): Pattern {
  const [method = '', path = ''] = text.trim().split(/\s+/, 2);
  const segments = path.slice(1).split('/');
  const isPrefix = segments.at(-1) === '**';
  return { method, segments: isPrefix ? segments.slice(0, -1) : segments, isPrefix };
}

/** The pattern as it is written. */
export function formatPattern({ method, segments, isPrefix }: Pattern): string {
  return `${method} ${[...segments, ...(isPrefix ? ['**'] : [])].map((segment) => `/${segment}`).join('')}`;
}

/**
 * Whether a pattern grants a path. Routes beside `/api`, such as `/metrics`, must be named: `**` does not stand for them.
 *
 * @param path the decoded segments of a path
 */
export function matchesPath(pattern: Pattern, method: string, path: readonly string[]): boolean {
  if (path[0] !== 'api') return isNamed(pattern, method, path);
  if (!takesMethod(pattern, method) || !hasLength(pattern, path.length)) return false;
  return pattern.segments.every((wanted, at) => wanted === '*' || wanted === path[at]);
}

/** @param template the segments of a route: `:name` is any one, a final `**` one or more */
export function coversRoute(pattern: Pattern, method: string, template: readonly string[]): boolean {
  if (template[0] !== 'api') return isNamed(pattern, method, template);
  const endsOpen = template.at(-1) === '**';
  if (!takesMethod(pattern, method) || (endsOpen && !pattern.isPrefix) || !hasLength(pattern, template.length))
    return false;
  return pattern.segments.every((wanted, at) => wanted === '*' || (wanted === template[at] && !wanted.startsWith(':')));
}

/** Whether any path of a route matches. */
export function canReach(pattern: Pattern, method: string, template: readonly string[]): boolean {
  if (template[0] !== 'api') return isNamed(pattern, method, template);
  const endsOpen = template.at(-1) === '**';
  const fixed = endsOpen ? template.slice(0, -1) : template;
  if (!takesMethod(pattern, method)) return false;
  // An open end takes one segment or more, so it can reach any greater length.
  const shortest = Math.max(fixed.length + (endsOpen ? 1 : 0), pattern.segments.length + (pattern.isPrefix ? 1 : 0));
  if (!endsOpen && fixed.length !== shortest) return false;
  if (!pattern.isPrefix && pattern.segments.length !== shortest) return false;
  return pattern.segments.every((wanted, at) => {
    const segment = fixed[at];
    return segment === undefined || wanted === '*' || segment.startsWith(':') || wanted === segment;
  });
}

function isNamed(pattern: Pattern, method: string, path: readonly string[]): boolean {
  return takesMethod(pattern, method) && !pattern.isPrefix && pattern.segments.join('/') === path.join('/');
}

function takesMethod(pattern: Pattern, method: string): boolean {
  return pattern.method === method || (pattern.method === '*' && method !== EXPLAIN);
}

/** `**` stands for the rest, and there must be one. */
function hasLength(pattern: Pattern, length: number): boolean {
  return pattern.isPrefix ? length > pattern.segments.length : length === pattern.segments.length;
}
