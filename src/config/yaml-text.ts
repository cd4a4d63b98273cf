import { parseDocument, type YAMLError } from 'yaml';
import type { Fault } from './checked.ts';

/** Enough for every honest use of anchors; beyond it, aliases multiply (the "billion laughs" attack). */
const MOST_ALIASES = 100;

const CURE = 'Mend the YAML there. Indent with blanks, and put values with special characters in quotes.';

/** What the parser's codes mean. Its messages are not used: they quote the line, which may hold a secret. */
const MEANINGS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias has properties',
  BAD_ALIAS: 'an alias is not valid',
  BAD_DQ_ESCAPE: 'a text in double quotes has a backslash that escapes nothing',
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " inside needs quotes',
  DUPLICATE_KEY: 'a name stands there twice',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing',
  MULTIPLE_DOCS: 'a second document begins',
  NON_STRING_KEY: 'a name is not text',
  TAB_AS_INDENT: 'a tab is used for indentation',
  TAG_RESOLVE_FAILED: 'a tag (a word that begins with "!") is not known',
};

export type ParsedYaml =
  { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly faults: readonly Fault[] };

/** The content of a YAML text as plain data, or every fault in it with its line. YAML 1.2, without merge keys. */
export function parseYaml(text: string): ParsedYaml {
  try {
    const document = parseDocument(text, { version: '1.2', stringKeys: true, uniqueKeys: true });
    const found = [...document.errors, ...document.warnings];
    if (found.length > 0) return { ok: false, faults: causesOf(found).map(faultOf) };
    return { ok: true, data: document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown };
  } catch {
    // Aliases to nothing and aliases that multiply are found only here; so is nesting too deep for the stack.
    const problem = 'it has an alias without an anchor, too many aliases, or too deep a nesting';
    return { ok: false, faults: [{ problem, cure: CURE }] };
  }
}

/** One slip makes the parser stumble on and on: of what has no name of its own only the first is a cause. */
function causesOf(errors: readonly YAMLError[]): readonly YAMLError[] {
  return errors.filter((error, at) => {
    const isTold = errors.slice(0, at).some((earlier) => placeOf(earlier) === placeOf(error));
    return at === 0 || (!isTold && Object.hasOwn(MEANINGS, error.code));
  });
}

function faultOf(error: YAMLError): Fault {
  return { problem: placeOf(error) + (MEANINGS[error.code] ?? 'this is not valid YAML'), cure: CURE };
}

function placeOf({ linePos }: YAMLError): string {
  const [start] = linePos ?? [];
  return start === undefined ? '' : `line ${start.line}, column ${start.col}: `;
}
