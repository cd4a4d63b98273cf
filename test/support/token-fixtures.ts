import type { TokenClient } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { Problem } from '../../src/problems/problem.ts';
import type { AccessToken } from '../../src/tokens/access-token.ts';
import type { Clock } from '../../src/tokens/clock.ts';

/** The secret of every test client: no output may hold it. */
export const PLANTED_SECRET = 'planted-s3cret+%$=/canary';

export function tokenClient(changes: Partial<TokenClient> = {}): TokenClient {
  return {
    url: 'http://127.0.0.1:9/oauth/token',
    clientId: 'sb-test!b1|workflow!b2',
    auth: 'client_secret_post',
    clientSecret: new Secret(PLANTED_SECRET),
    certificate: undefined,
    key: undefined,
    params: {},
    headers: {},
    maxLifeSeconds: 7200,
    ...changes,
  };
}

/** A clock that only moves when it is told to. */
export class FakeClock implements Clock {
  #wallMs = Date.UTC(2030, 0, 1);
  #monotonicMs = 1000;

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** To the whole millisecond, so that sums stay exact. */
  advanceSeconds(seconds: number): void {
    const ms = Math.round(seconds * 1000);
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the wall clock; no time passes. */
  setWallBy(seconds: number): void {
    this.#wallMs += seconds * 1000;
  }

  /** The machine sleeps: the wall clock goes on, the monotonic one stands still. */
  suspendSeconds(seconds: number): void {
    this.#wallMs += seconds * 1000;
  }
}

export function accessToken(value: string, changes: Partial<AccessToken> = {}): AccessToken {
  return { value, requestedAtMs: 0, lifeSeconds: 3600, scopes: [], ...changes };
}

/** An unsigned JWT with these claims. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** The problem that `action` ends with. */
export async function problemOf(action: () => unknown): Promise<Problem> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem arose');
}
