import type { HttpAnswer } from './http-answer.ts';
import { parseObject } from './unverified-claims.ts';

/** What a refusal of a token endpoint says of itself (RFC 6749, section 5.2), as far as it may be used. */
export interface OAuthRefusal {
  /** The error code if it is a known one, `another error` if not: a server's own words are not shown. */
  readonly error: string;
  /** The server's description. To be matched against, never shown: it may quote our configuration. */
  readonly description: string;
  /** Entra's numbers (`AADSTS…`). */
  readonly errorCodes: readonly number[];
}

const KNOWN_ERRORS = new Set([
  // RFC 6749, section 5.2; RFC 8707, section 2
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  // RFC 6749, section 4.1.2.1, used here by Auth0 and others
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  // UAA, Entra v1, older servers
  'unauthorized',
  'invalid_resource',
  'unsupported_token_type',
]);

const DESCRIPTIONS = ['error_description', 'error_hint', 'errorSummary'];

/** `undefined` when the body is not an OAuth error. */
export function readOAuthRefusal({ text }: HttpAnswer): OAuthRefusal | undefined {
  const body = parseObject(text);
  // Okta's organisation server says `errorCode` and `errorSummary`.
  const error = body?.['error'] ?? body?.['errorCode'];
  if (body === undefined || typeof error !== 'string') return undefined;
  return {
    error: KNOWN_ERRORS.has(error) ? error : 'another error',
    description: DESCRIPTIONS.map((name) => body[name])
      .filter((value) => typeof value === 'string')
      .join(' '),
    errorCodes: entraCodes(body['error_codes']),
  };
}

/** At most three, and numbers only. */
function entraCodes(value: unknown): number[] {
  const items: unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item): item is number => Number.isSafeInteger(item)).slice(0, 3);
}
