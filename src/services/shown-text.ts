/** Longest text of an upstream that callers are shown, characters. */
const LONGEST = 1000;

/**
 * What was not made for callers, even within a text that was: markup, lines of a stack trace, names of exceptions, and
 * tokens or secrets that are quoted back.
 */
const NOT_FOR_CALLERS: readonly RegExp[] = [
  /<(?:!doctype|!--|\?xml|\/?(?:html|head|body|title|h[1-6]|p|br|hr|div|span|pre|b|i|a|img|script|style|svg|table|form|iframe|meta|link)\b)/i,
  /\n\s{0,8}at |\bat [\w$.<>]{1,200}\(/,
  /\b[\w$]{1,100}\.[\w$.]{0,200}(?:Exception|Error)\b/,
  /\beyJ[\w-]{8}|\b(?:bearer|basic) [\w+/=.-]{15}/i,
  /\b(?:client_?secret|secret|password|api_?key|token|authorization)["']?\s?[=:]\s?["']?[^\s"']{6}/i,
];

/** A text of an upstream as callers may see it; `undefined`: it is none, or holds what is not for them. */
export function shownText(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const beginning = text.slice(0, LONGEST);
  return NOT_FOR_CALLERS.some((sign) => sign.test(beginning)) ? undefined : beginning;
}

/** A code or an id of an upstream as callers may see it; `undefined`: it is none. */
export function shownName(name: unknown): string | undefined {
  return typeof name === 'string' && /^[\w.-]{1,200}$/.test(name) ? shownText(name) : undefined;
}
