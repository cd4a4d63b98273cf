/** A route as plain paths: `:p1` is one segment, a final `**` the rest. */
export interface PlainRoute {
  readonly path: string;
  readonly target: string;
  /** Whether it stands for the paths below, too. */
  readonly isPrefix: boolean;
  /** What is not quite the same any more. */
  readonly remarks: readonly string[];
}

export type ConvertedRoute = { readonly route: PlainRoute } | { readonly reason: string };

const NOT_PLAIN = 'its source is a pattern that plain routes cannot say';
const NOT_PLAIN_TARGET = 'its target puts the path together in a way that plain routes cannot say';

/** The rest of a path at the end of a pattern, with or without the slash before it. */
const TAIL = /(\/?)(\(\.[*+]\)|\.[*+])$/;

/** A pattern that is one whole segment. */
const ONE_SEGMENT = /^\((?:\[\^\/\][+*]|\\w\+|\\d\+)\)$/;

const LITERAL = /^[\w.~-]+$/;

/**
 * Turns the source of a route, a regular expression, and its target, a replacement with `$1`, into plain paths, where
 * they say nothing else: the usual `^/api/(.*)$` and `/v1/$1`.
 */
export function convertRoute(source: string, target: string | undefined): ConvertedRoute {
  const remarks: string[] = [];
  if (!source.startsWith('^')) remarks.push('its source was not anchored with "^": it is taken as if it were');
  const isClosed = source.endsWith('$') && !source.endsWith('\\$');
  const body = source.replace(/^\^/, '').replace(/\$$/, '').replaceAll('\\/', '/');
  const tail = TAIL.exec(body);
  const head = tail ? body.slice(0, tail.index) : body.replace(/\/$/, '');
  const isPrefix = tail !== null || !isClosed;
  const parts = readSegments(head);
  if (parts === undefined) return { reason: NOT_PLAIN };
  if (isPrefix) remarks.push('at least one segment must follow');
  const made = makeTarget({ target, parts, tail, isPrefix, isOpen: !isClosed && tail === null });
  if (made === undefined) return { reason: NOT_PLAIN_TARGET };
  const path = joined([...parts.map(({ text }) => text), ...(isPrefix ? ['**'] : [])]);
  return path === '/' ? { reason: 'it has no path of its own' } : { route: { path, target: made, isPrefix, remarks } };
}

interface Segment {
  readonly text: string;
  /** Its group in the pattern, from 1. */
  readonly group: number | undefined;
}

/** The segments before the rest: plain text, or a group that takes one segment. */
function readSegments(head: string): Segment[] | undefined {
  let groups = 0;
  const segments = splitPath(head).map((text): Segment | undefined => {
    if (ONE_SEGMENT.test(text)) {
      groups += 1;
      return { text: `:p${groups}`, group: groups };
    }
    const literal = text.replaceAll(/\\([.~-])/g, '$1');
    return LITERAL.test(literal) ? { text: literal, group: undefined } : undefined;
  });
  const known = segments.filter((segment) => segment !== undefined);
  return known.length === segments.length ? known : undefined;
}

/** Splits at slashes, but not within brackets. */
function splitPath(path: string): string[] {
  return path.split(/\/(?![^[]*\])/).filter((segment) => segment !== '');
}

interface Replacement {
  readonly target: string | undefined;
  readonly parts: readonly Segment[];
  readonly tail: RegExpExecArray | null;
  readonly isPrefix: boolean;
  /** The pattern has no end: what follows it is kept behind the target. */
  readonly isOpen: boolean;
}

function makeTarget({ target, parts, tail, isPrefix, isOpen }: Replacement): string | undefined {
  if (target === undefined) return joined([...parts.map(({ text }) => text), ...(isPrefix ? ['**'] : [])]);
  if (/[?#]/.test(target)) return undefined;
  const groups = new Map(parts.flatMap(({ group, text }) => (group === undefined ? [] : [[group, text] as const])));
  const tailGroup = tail?.[2]?.startsWith('(') === true ? groups.size + 1 : undefined;
  const withTail = tailGroup === undefined ? target : markTail(target, tailGroup, tail?.[1] === '/');
  if (withTail === undefined) return undefined;
  const segments = splitPath(withTail).map((segment) => {
    const group = /^\$(\d)$/.exec(segment)?.[1];
    return group === undefined ? segment : groups.get(Number(group));
  });
  const made = [...segments, ...(isOpen ? ['**'] : [])];
  const isFine = made.every((segment, at) =>
    segment === '**' ? at === made.length - 1 : segment !== undefined && /^:?[\w.~-]+$/.test(segment),
  );
  if (!isFine || isPrefix !== (made.at(-1) === '**')) return undefined;
  return joined(made.filter((segment) => segment !== undefined));
}

/** Puts a `**` in the place of the group that holds the rest; `undefined` where it does not make whole segments. */
function markTail(target: string, group: number, hasSlash: boolean): string | undefined {
  const mark = `$${group}`;
  if (!target.endsWith(mark)) return undefined;
  const before = target.slice(0, -mark.length);
  if (before === '' || before.endsWith('/')) return `${before}/**`;
  // The group begins with the slash itself where the pattern has none before it.
  return hasSlash ? undefined : `${before}/**`;
}

function joined(segments: readonly string[]): string {
  return `/${segments.join('/')}`;
}
