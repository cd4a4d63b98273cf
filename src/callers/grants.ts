/** `METHOD /path` patterns that say what a caller may call (`allow` in the configuration). */
export class Grants {
  readonly #patterns: readonly Pattern[] | undefined;

  /** @param allow the patterns; `undefined`: every `/api` route */
  constructor(allow: readonly string[] | undefined) {
    this.#patterns = allow?.map(parsePattern);
  }

  /**
   * Decides on the route that was matched, its parameters put in decoded: never on the URL as it was sent.
   *
   * @param segments of the path, such as `['api', 'workflow', 'definitions', 'onboarding']`
   */
  allows(method: string, segments: readonly string[]): boolean {
    if (this.#patterns === undefined) return segments[0] === 'api';
    return this.#patterns.some((pattern) => matches(pattern, method, segments));
  }
}

interface Pattern {
  /** `*`: any. */
  readonly method: string;
  readonly segments: readonly string[];
  /** Ends in `**`. */
  readonly isPrefix: boolean;
}

function parsePattern(text: string): Pattern {
  const [method = '', path = ''] = text.trim().split(/\s+/, 2);
  const segments = path.slice(1).split('/');
  const isPrefix = segments.at(-1) === '**';
  return { method, segments: isPrefix ? segments.slice(0, -1) : segments, isPrefix };
}

function matches(pattern: Pattern, method: string, segments: readonly string[]): boolean {
  if (pattern.method !== '*' && pattern.method !== method) return false;
  // `**` stands for the rest, and there must be one.
  if (pattern.isPrefix ? segments.length <= pattern.segments.length : segments.length !== pattern.segments.length)
    return false;
  return pattern.segments.every((wanted, at) => wanted === '*' || wanted === segments[at]);
}
