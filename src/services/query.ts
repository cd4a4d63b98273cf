import { Problem } from '../problems/problem.ts';

export type QueryPair = readonly [name: string, value: string];

/** One filter of a list: how its value is checked and what it becomes upstream. */
export interface Filter {
  readonly description: string;
  /** May be given several times; the values are alternatives. */
  readonly repeatable: boolean;
  /**
   * @returns the upstream's value
   * @throws {RangeError} whose message says what values there are
   */
  readonly toUpstream: (value: string) => string;
  /** JSON Schema of one value, for documents; plain text where it is not given. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** The upstream's name, where it differs from ours. */
  readonly upstreamName?: string;
}

/** The filters of one list by their public names; `prefix.` stands for every name that begins so. */
export type FilterTable = ReadonlyMap<string, Filter>;

/**
 * Reads a query string strictly: `application/x-www-form-urlencoded`, UTF-8.
 *
 * @throws {Problem} `invalid-parameter` for a broken percent-encoding
 */
export function parseQuery(query: string): QueryPair[] {
  if (query === '') return [];
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      return equals === -1 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
    });
}

/** The reverse of `parseQuery`, with the leading `?` when there is anything. */
export function formatQuery(pairs: readonly QueryPair[]): string {
  if (pairs.length === 0) return '';
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

/**
 * Checks the filters of a list and gives them their upstream's names. SAP ignores an unknown filter and takes an empty
 * one for none: both would bring the whole list, so both are refused here.
 *
 * @throws {Problem} `invalid-parameter` that names the filter
 */
export function toUpstreamQuery(pairs: readonly QueryPair[], filters: FilterTable): QueryPair[] {
  const seen = new Set<string>();
  return pairs.map(([name, value]) => {
    const [filter, upstreamName] = findFilter(name, filters);
    if (value === '') throw invalid(name, 'has no value', 'Give it a value or leave it out.');
    if (seen.has(upstreamName) && !filter.repeatable) throw invalid(name, 'is given twice', 'Give it once.');
    seen.add(upstreamName);
    try {
      return [upstreamName, filter.toUpstream(value)];
    } catch (error) {
      if (error instanceof RangeError) throw invalid(name, 'has a value that is not allowed', error.message);
      throw error;
    }
  });
}

function findFilter(name: string, filters: FilterTable): [Filter, string] {
  const exact = name.endsWith('.') ? undefined : filters.get(name);
  if (exact) return [exact, exact.upstreamName ?? name];
  const dot = name.indexOf('.');
  const family = dot > 0 && dot < name.length - 1 ? filters.get(name.slice(0, dot + 1)) : undefined;
  if (family) return [family, name];
  const names = [...filters.keys()].map((known) => (known.endsWith('.') ? `${known}<name>` : known));
  const offered = names.filter((known) => !known.startsWith('$')).join(', ');
  throw invalid(name, 'is not known here', offered === '' ? 'This route takes none.' : `There are: ${offered}.`);
}

function invalid(name: string, what: string, hint: string): Problem {
  return new Problem('invalid-parameter', { detail: `The query parameter ${quoteName(name)} ${what}.`, hint });
}

/** A name that a caller made up may be told back only in part and only in plain characters. */
function quoteName(name: string): string {
  return /^[$A-Za-z0-9._-]{1,64}$/.test(name) ? `"${name}"` : 'with odd characters';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Problem('invalid-parameter', {
      detail: 'The query holds a broken percent-encoding.',
      hint: 'Encode each name and value as UTF-8, a percent sign as %25.',
    });
  }
}
