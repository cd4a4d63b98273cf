import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../problems/problem.ts';
import { RefusedCredential } from './refused-credential.ts';

/** What a request shows to prove who sends it. */
export type Credential = { readonly kind: 'api-key' | 'jwt'; readonly value: string };

/** RFC 6750, section 2.1. The scheme is compared without case (RFC 9110, section 11.1). */
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

/**
 * The one credential of a request; `undefined`: it has none. What is in the query or the body is no credential.
 *
 * @throws {Problem} `invalid-request` for two; `unauthenticated` for a scheme that is not taken
 */
export function readCredential(headers: IncomingHttpHeaders): Credential | undefined {
  const { 'x-api-key': apiKey, authorization } = headers;
  if (authorization === undefined) return typeof apiKey === 'string' ? { kind: 'api-key', value: apiKey } : undefined;
  if (apiKey !== undefined)
    throw new Problem('invalid-request', {
      detail: 'The request carries two credentials.',
      hint: 'Send either x-api-key or Authorization.',
    });
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return { kind: 'jwt', value: token };
  throw /^basic\b/i.test(authorization) ? basicRefused() : schemeRefused();
}

/** People try the user name and password that they have; it is Flowgate that logs on, with its own key. */
function basicRefused(): RefusedCredential {
  return new RefusedCredential(
    true,
    'User name and password are not taken here.',
    'Send x-api-key or a Bearer JWT; Flowgate uses the service key itself.',
  );
}

function schemeRefused(): RefusedCredential {
  return new RefusedCredential(
    true,
    'The Authorization header is not understood.',
    'Send Authorization: Bearer <JWT>, or x-api-key: <key>.',
  );
}
