import { Problem } from '../problems/problem.ts';
import type { AccessToken } from './access-token.ts';
import { contentKind, type HttpAnswer } from './http-answer.ts';
import { TokenFailure } from './token-failure.ts';
import { tokenAddress } from './token-address.ts';
import { parseObject, unverifiedClaims } from './unverified-claims.ts';

/** RFC 6750, section 2.1 (b64token): what may stand after `Bearer`. Keeps line breaks and blanks out of headers. */
const B64_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const LONGEST_TOKEN = 16 * 1024;
/** RFC 6749, section 3.3 (scope-token); the length is ours. */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/;
/** The life of a token that nothing is known about. */
const UNKNOWN_LIFE_S = 60;

type JsonObject = Readonly<Record<string, unknown>>;

/** What the answer itself does not say. */
export interface TokenAnswerContext {
  /** Wall clock, milliseconds, when the request was sent. */
  readonly requestedAtMs: number;
  /** The longest time a token is used, in seconds. */
  readonly maxLifeSeconds: number;
}

/**
 * Reads the 200 of a token endpoint (RFC 6749, section 5.1) like hostile input.
 * @throws {Problem} `token-unavailable` when there is no usable token in it.
 */
export function readTokenAnswer(answer: HttpAnswer, context: TokenAnswerContext): AccessToken {
  const body = parseObject(answer.text);
  if (body === undefined) throw withoutToken('not-json', `without a token (${contentKind(answer)})`);
  const value = usableValue(body['access_token'], answer);
  if (!isBearer(body['token_type'])) throw withoutToken('not-bearer', 'with a token of another type than Bearer');

  const claims = unverifiedClaims(value);
  const lifeSeconds = wholeSeconds(body['expires_in']) ?? lifeByClaims(claims) ?? UNKNOWN_LIFE_S;
  const refreshInSeconds = wholeSeconds(body['refresh_in']);
  return Object.freeze({
    value,
    requestedAtMs: context.requestedAtMs,
    lifeSeconds: Math.max(0, Math.min(lifeSeconds, context.maxLifeSeconds)),
    ...(refreshInSeconds !== undefined && refreshInSeconds > 0 ? { refreshInSeconds } : {}),
    scopes: Object.freeze(scopesOf(body, claims)),
  });
}

function usableValue(value: unknown, answer: HttpAnswer): string {
  if (value === undefined) throw withoutToken('no-token', `without a token (${contentKind(answer)})`);
  if (typeof value !== 'string' || !B64_TOKEN.test(value)) {
    throw withoutToken('bad-token', 'with a token that cannot be sent in a header');
  }
  if (value.length > LONGEST_TOKEN) {
    throw withoutToken('token-too-large', 'with a token of more than 16 kB: its client has too many scopes');
  }
  return value;
}

/** Servers write it in any case (UAA: `bearer`), some leave it out. */
function isBearer(type: unknown): boolean {
  return type === undefined || type === null || (typeof type === 'string' && type.toLowerCase() === 'bearer');
}

/** A safe integer, as a number or as digits (Entra v1 sends `"3599"`); everything else counts as missing. */
function wholeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(seconds) ? (seconds as number) : undefined;
}

/** `exp - iat` of a JWT: a length of time, so that the two clocks need not agree. */
function lifeByClaims({ exp, iat }: JsonObject): number | undefined {
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined;
  const seconds = Math.floor(exp - iat);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}

/** From the answer's `scope` (RFC 6749: a text, some send an array), else from what tokens call it. */
function scopesOf(body: JsonObject, claims: JsonObject): string[] {
  const candidates = [body['scope'], claims['scope'], claims['scp'], claims['roles']];
  return candidates.map(scopeList).find((scopes) => scopes.length > 0) ?? [];
}

function scopeList(value: unknown): string[] {
  const items: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return items.filter((item): item is string => typeof item === 'string' && SCOPE_TOKEN.test(item));
}

function withoutToken(code: string, what: string): Problem {
  return new Problem('token-unavailable', {
    detail: `The authorization server answered 200 ${what}.`,
    hint: `Flowgate asks again after a pause. If this stays so, the address is not that of a token endpoint: compare ${tokenAddress}.`,
    cause: new TokenFailure('answer', 'answer', code, 200),
  });
}
