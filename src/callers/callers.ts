import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CallerConfig } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import { Grants } from './grants.ts';

/** Who sends a request, as far as it has been proven. */
export interface Caller {
  readonly name: string;
  readonly grants: Grants;
}

interface KnownKey {
  /** SHA-256. */
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** No key is longer; what is need not be hashed. */
const MAX_KEY_LENGTH = 1024;

/** All that may come in, found by what they show: the cost does not grow with their number. */
export class Callers {
  readonly #byKeyDigest = new Map<string, KnownKey>();
  readonly #anonymous: Caller | undefined;

  constructor(callers: readonly CallerConfig[], allowAnonymous: boolean) {
    for (const { name, apiKeyDigests, allow } of callers) {
      const caller = { name, grants: new Grants(allow) };
      for (const hex of apiKeyDigests) this.#byKeyDigest.set(hex, { digest: Buffer.from(hex, 'hex'), caller });
    }
    this.#anonymous = allowAnonymous ? { name: 'anonymous', grants: new Grants(undefined) } : undefined;
  }

  /**
   * @throws {Problem} `unauthenticated` without a credential or with one that is not known; `invalid-request` with two
   */
  authenticate(headers: IncomingHttpHeaders): Caller {
    const { 'x-api-key': apiKey, authorization } = headers;
    if (apiKey !== undefined && authorization !== undefined) throw twoCredentials();
    if (typeof apiKey === 'string') return this.#byApiKey(apiKey);
    if (authorization !== undefined) throw refuseAuthorization(authorization);
    if (this.#anonymous) return this.#anonymous;
    throw unauthenticated('The request carries no credential.');
  }

  /** Looks up and compares hashes: what the time of it tells is about the hash of the guess, not about a key. */
  #byApiKey(apiKey: string): Caller {
    if (apiKey.length > MAX_KEY_LENGTH) throw unknownKey();
    const digest = createHash('sha256').update(apiKey).digest();
    const known = this.#byKeyDigest.get(digest.toString('hex'));
    if (known === undefined || !timingSafeEqual(digest, known.digest)) throw unknownKey();
    return known.caller;
  }
}

function unauthenticated(detail: string, hint = 'Send x-api-key: <key>, or Authorization: Bearer <JWT>.'): Problem {
  return new Problem('unauthenticated', { detail, hint });
}

function unknownKey(): Problem {
  return unauthenticated(
    'The API key is not known.',
    'Ask the operator of this server for a key; keys are listed under callers, or in API_KEYS.',
  );
}

/** People try the user name and password that they have; it is Flowgate that logs on, with its own key. */
function refuseAuthorization(authorization: string): Problem {
  if (/^basic\b/i.test(authorization))
    return unauthenticated(
      'User name and password are not taken here.',
      'Send x-api-key or a Bearer JWT; Flowgate uses the service key itself.',
    );
  return unauthenticated(
    'The bearer token is not accepted.',
    'No caller of this server is configured for it. Send x-api-key: <key>.',
  );
}

function twoCredentials(): Problem {
  return new Problem('invalid-request', {
    detail: 'The request carries two credentials.',
    hint: 'Send either x-api-key or Authorization.',
  });
}
