import { z } from 'zod';
import { parseAllowPattern } from './allow-patterns.ts';
import { parseApiKey } from './api-key.ts';
import { bad, good, type Checked } from './checked.ts';
import { parseOrigin } from './origins.ts';
import { parseRate } from './quantities.ts';
import { checked, checkedText, settings, text } from './settings-schema.ts';
import { parseUpstreamAddress } from './upstream-address.ts';

/** Which tokens are a caller's. What a named binding gives may be replaced. */
const jwtSchema = settings({
  binding: text().optional(),
  issuer: checkedText(parseIssuer).optional(),
  jwksUrl: checkedText(parseJwksUrl).optional(),
  audience: z.union([text().transform((audience) => [audience]), z.array(text()).min(1)]).optional(),
  claims: z.record(z.string().min(1), checked(good)).optional(),
  scopes: z.array(checkedText(parseScope)).min(1).optional(),
});

export const callerSchema = settings({
  apiKeys: z.array(checkedText(parseApiKey)).min(1).optional(),
  jwt: jwtSchema.optional(),
  origins: z.array(checkedText(parseOrigin)).min(1).optional(),
  allow: z.array(checked(parseAllowPattern)),
  rateLimit: checked(parseRate).optional(),
});

export type JwtEntry = z.output<typeof jwtSchema>;

/** Compared with `iss` letter by letter, so it is kept as it is written. */
function parseIssuer(text: string): Checked<string> {
  const issuer = text.trim();
  const address = parseKeyAddress(issuer);
  if (!address.ok) return address;
  const { search, hash } = address.value;
  if (search !== '' || hash !== '') return bad('has a query or a fragment', 'Copy "iss" of one of its tokens.');
  return good(issuer);
}

function parseJwksUrl(text: string): Checked<string> {
  const address = parseKeyAddress(text);
  return address.ok ? good(address.value.href) : address;
}

/** Whoever can change the keys on their way can be every caller, so plain http is for loopback alone. */
function parseKeyAddress(text: string): Checked<URL> {
  const address = parseUpstreamAddress(text, { allowInsecure: true });
  if (!address.ok || parseUpstreamAddress(text, { allowInsecure: false }).ok) return address;
  return bad('is plain http beyond loopback: anybody on the way could make tokens', 'Use https.');
}

/** RFC 6749, section 3.3. */
function parseScope(text: string): Checked<string> {
  if (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) return good(text);
  return bad('is not a scope', 'Write one scope per entry, without blanks.');
}
