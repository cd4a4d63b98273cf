/** The payload of a JWT, without any verification: good for caching times and hints, never for a decision. */
export function unverifiedClaims(token: string): Readonly<Record<string, unknown>> {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return {};
  return parseObject(Buffer.from(payload, 'base64url').toString('utf8')) ?? {};
}

/** The JSON object in a text, a byte order mark before it allowed; `undefined` for anything else. Never throws. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
