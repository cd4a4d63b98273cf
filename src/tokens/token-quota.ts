import type { IncomingHttpHeaders } from 'node:http';

/** One quota of tokens that an authorization server tells of with its answers. */
export interface TokenQuota {
  /** Whose quota it is. */
  readonly of: 'client' | 'organization';
  /** The time it is for: Auth0 has `per_hour` and `per_day`. */
  readonly period: string;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until it begins anew. */
  readonly resetSeconds: number;
}

const HEADERS = {
  client: 'auth0-client-quota-limit',
  organization: 'auth0-organization-quota-limit',
} as const;

/** More periods than any server tells of. */
const MOST_QUOTAS = 4;
const QUOTA = /^b=([a-z_]{1,20});q=(\d{1,15});r=(\d{1,15});t=(\d{1,15})$/;

/**
 * The quotas in the headers of an answer. Auth0 writes them as `b=per_hour;q=100;r=99;t=3600`, comma separated. What is
 * written in another way is left out.
 */
export function readQuotas(headers: Readonly<IncomingHttpHeaders>): readonly TokenQuota[] {
  return (['client', 'organization'] as const).flatMap((of) => {
    const value = headers[HEADERS[of]];
    if (typeof value !== 'string') return [];
    return value
      .split(',', MOST_QUOTAS)
      .map((part) => QUOTA.exec(part.replaceAll(' ', '')))
      .filter((match) => match !== null)
      .map(([, period = '', limit, remaining, reset]) => ({
        of,
        period,
        limit: Number(limit),
        remaining: Number(remaining),
        resetSeconds: Number(reset),
      }));
  });
}
