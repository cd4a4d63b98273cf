import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { technicalError } from './workflow-error.ts';

const maxSkip = 4000;
const maxTop = 1000;
const defaultTop = 100;

/** Something that can be listed: by its sort keys and, among equals, in the order it was made. */
type SortKeys = Readonly<Record<string, string | null>>;

export interface ListRules<T> {
  /** The names that `$orderby` takes. */
  readonly orderFields: readonly string[];
  readonly defaultOrder: string;
  sortKeys(item: T): SortKeys;
  toJson(item: T): object;
}

/**
 * Answers with one page of `items`, which come in the order they were made. Reads `$orderby`, `$skip`, `$top` and
 * `$inlinecount`. @throws WorkflowError 400 for a value that the service does not take
 */
export function listAnswer<T>(items: readonly T[], query: URLSearchParams, rules: ListRules<T>): Answer {
  const skip = wholeNumber(query, '$skip', 0, maxSkip);
  const top = wholeNumber(query, '$top', defaultTop, maxTop);
  const count = given(query, '$inlinecount') ?? 'none';
  if (count !== 'none' && count !== 'allpages') {
    throw badParameter('$inlinecount');
  }
  const page = inOrder(items, given(query, '$orderby') ?? rules.defaultOrder, rules).slice(skip, skip + top);
  return jsonAnswer(
    200,
    page.map((item) => rules.toJson(item)),
    count === 'allpages' ? { 'X-Total-Count': String(items.length) } : {},
  );
}

/** The value of a parameter; an empty one counts as not given. */
export function given(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) === '' ? undefined : (query.get(name) ?? undefined);
}

/** All values of a parameter, repeated or as a comma list, without the empty ones. */
export function givenList(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** Whether a value equals the parameter, where that is given. */
export function matchesExactly(query: URLSearchParams, name: string, value: string | null): boolean {
  const wanted = given(query, name);
  return wanted === undefined || wanted === value;
}

/** Whether one of `values` contains the parameter `containsText`, where that is given. */
export function matchesText(query: URLSearchParams, values: readonly (string | null)[]): boolean {
  const wanted = given(query, 'containsText')?.toLowerCase();
  return wanted === undefined || values.some((value) => value?.toLowerCase().includes(wanted) === true);
}

/** Whether a time fits `<prefix>At`, `<prefix>From` and `<prefix>UpTo`, inclusive. @throws WorkflowError 400 */
export function matchesTime(query: URLSearchParams, prefix: string, value: string | null, exact = 'At'): boolean {
  const at = time(query, `${prefix}${exact}`);
  const from = time(query, `${prefix}From`);
  const upTo = time(query, `${prefix}UpTo`);
  const actual = value === null ? undefined : Date.parse(value);
  const fits = (wanted: number | undefined, compare: (actual: number, wanted: number) => boolean): boolean =>
    wanted === undefined || (actual !== undefined && compare(actual, wanted));
  return fits(at, (a, b) => a === b) && fits(from, (a, b) => a >= b) && fits(upTo, (a, b) => a <= b);
}

/** `attributes.<id>`: different ids must all fit, of a repeated one any value. */
export function matchesAttributes(
  query: URLSearchParams,
  attributes: readonly { readonly id: string; readonly value: string }[],
): boolean {
  const wanted = [...new Set(query.keys())].filter((name) => name.startsWith('attributes.'));
  return wanted.every((name) => {
    const values = query.getAll(name).filter((value) => value !== '');
    const actual = attributes.find(({ id }) => `attributes.${id}` === name)?.value;
    return values.length === 0 || (actual !== undefined && values.includes(actual));
  });
}

/** Whether the answer should hold the custom attributes: `$expand=attributes`. */
export function expandsAttributes(query: URLSearchParams): boolean {
  return givenList(query, '$expand').includes('attributes');
}

function inOrder<T>(items: readonly T[], order: string, rules: ListRules<T>): T[] {
  const [field = '', direction = 'asc', ...rest] = order.split(' ');
  if (!rules.orderFields.includes(field) || !['asc', 'desc'].includes(direction) || rest.length > 0) {
    throw badParameter('$orderby');
  }
  const sorted = items
    .map((item) => ({ item, key: rules.sortKeys(item)[field] ?? '' }))
    .sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
  return direction === 'desc' ? sorted.reverse() : sorted;
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const value = given(query, name);
  if (value === undefined) {
    return fallback;
  }
  if (!/^\d{1,9}$/.test(value) || Number(value) > max) {
    throw badParameter(name);
  }
  return Number(value);
}

/** `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'` or `yyyyMMddHHmmss.SSS`, in ms since 1970. */
function time(query: URLSearchParams, name: string): number | undefined {
  const value = given(query, name);
  if (value === undefined) {
    return undefined;
  }
  const compact = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})$/.exec(value);
  const text = compact === null ? value : value.replace(compact[0], isoFrom(compact));
  const milliseconds = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) || Number.isNaN(milliseconds)) {
    throw badParameter(name);
  }
  return milliseconds;
}

function isoFrom([, year, month, day, hour, minute, second, ms]: readonly string[]): string {
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
}

export function badParameter(name: string): Error {
  return technicalError(400, `The value of the query parameter '${name}' is invalid.`);
}
