import {
  canReach,
  coversRoute,
  EXPLAIN,
  formatPattern,
  matchesPath,
  parsePattern,
  type Pattern,
} from './grant-pattern.ts';

/** What is known of a route before a request comes: it is granted whatever its parameters are, never, or by some. */
type Decision = 'always' | 'never' | 'sometimes';

/** `METHOD /path` patterns that say what a caller may call (`allow` in the configuration). */
export class Grants {
  readonly #patterns: readonly Pattern[] | undefined;
  /** By route template and method. There are as many as routes, and they are decided once. */
  readonly #decisions = new Map<string, Map<string, Decision>>();

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
    return this.matching(method, segments) !== undefined;
  }

  /** The first grant that allows it, in words: for those who ask why something is allowed. */
  matching(method: string, segments: readonly string[]): string | undefined {
    if (this.#patterns === undefined) return isOfApi(method, segments) ? 'every /api route' : undefined;
    const pattern = this.#patterns.find((pattern) => matchesPath(pattern, method, segments));
    return pattern && formatPattern(pattern);
  }

  /**
   * The same for a route of the table: where its parameters do not matter, the path is not even put together.
   *
   * @param template such as `/api/workflow/definitions/:id`
   */
  allowsRoute(method: string, template: string, segments: () => readonly string[]): boolean {
    const decision = this.#decide(method, template);
    return decision === 'sometimes' ? this.allows(method, segments()) : decision === 'always';
  }

  /** Whether there are parameters with which the caller may call this route: for lists of what is offered. */
  reaches(method: string, template: string): boolean {
    return this.#decide(method, template) !== 'never';
  }

  #decide(method: string, template: string): Decision {
    let ofTemplate = this.#decisions.get(template);
    if (ofTemplate === undefined) this.#decisions.set(template, (ofTemplate = new Map<string, Decision>()));
    let decision = ofTemplate.get(method);
    if (decision === undefined) ofTemplate.set(method, (decision = this.#decideOnce(method, template)));
    return decision;
  }

  #decideOnce(method: string, template: string): Decision {
    const segments = template.slice(1).split('/');
    if (this.#patterns === undefined) return isOfApi(method, segments) ? 'always' : 'never';
    if (this.#patterns.some((pattern) => coversRoute(pattern, method, segments))) return 'always';
    return this.#patterns.some((pattern) => canReach(pattern, method, segments)) ? 'sometimes' : 'never';
  }
}

/** What callers without a list may call. Explanations are granted by name alone. */
function isOfApi(method: string, segments: readonly string[]): boolean {
  return segments[0] === 'api' && method !== EXPLAIN;
}
