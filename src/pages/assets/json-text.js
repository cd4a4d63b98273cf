/**
 * JSON with line breaks and indents. The text is not parsed and printed anew: that would change numbers with many digits,
 * and what is shown would not be what came.
 *
 * @param {string} text
 * @returns {string} as it was, where it is not JSON
 */
export function indentedJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  const newLine = () => `\n${'  '.repeat(depth)}`;
  return (text.match(/"(?:\\.|[^"\\])*"|[^\s"[\]{},:]+|[[\]{},:]/g) ?? [])
    .map((token, at, tokens) => {
      if (token === '{' || token === '[') {
        if (isClosing(tokens[at + 1])) return token;
        depth += 1;
        return token + newLine();
      }
      if (isClosing(token)) {
        if (tokens[at - 1] === '{' || tokens[at - 1] === '[') return token;
        depth -= 1;
        return newLine() + token;
      }
      if (token === ',') return token + newLine();
      return token === ':' ? ': ' : token;
    })
    .join('');
}

/** @param {string | undefined} token */
function isClosing(token) {
  return token === '}' || token === ']';
}
