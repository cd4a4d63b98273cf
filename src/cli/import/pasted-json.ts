/** What was read, or why nothing can be: a sentence without anything of the text, which may be a secret. */
type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: string };

/**
 * JSON as people have it in files: with a byte order mark, in UTF-16 as PowerShell's `>` writes it, or behind the line of
 * text that `cf service-key` prints first.
 */
export function parsePastedJson(bytes: Buffer): ParsedJson {
  const text = decodeText(bytes);
  const whole = parse(text);
  if (whole.ok) return whole;
  // A text that begins as JSON is broken, whatever a part of it may be.
  const begin = text.search(/[{[]/);
  if (begin <= 0 || text.slice(0, begin).trim() === '') return whole;
  const inner = parse(text.slice(begin, Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1));
  return inner.ok ? inner : whole;
}

/** A text in UTF-8 or UTF-16, without its byte order mark. */
export function decodeText(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
}

function parse(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    // Of the parser's message only the place is taken: the message quotes the text.
    const place = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : '')?.[0];
    return { ok: false, fault: `is not valid JSON${place === undefined ? '' : ` ${place}`}. ${CURE}` };
  }
}

const CURE =
  'Copy it again, whole, from the first "{" to the last "}": JSON has no comments, and no line breaks within texts.';
