import { unverifiedClaims } from '../../tokens/unverified-claims.ts';
import { shownDuration } from '../check/shown-value.ts';
import { ok, warning, type Finding } from './finding.ts';
import type { Patient, TimedToken } from './patient.ts';
import type { Step } from './run-steps.ts';

/** A token of a shorter life makes the authorization server a part of every call, seconds. */
const SHORT_LIFE_S = 120;
const SHORT_LIFE_CURE =
  'Make its life longer at the authorization server: an hour is usual. Where neither expires_in nor the token tells it, 60 s are assumed.';
/** Web servers refuse requests whose header fields are larger than 8 or 16 kB in all. */
const LARGE_TOKEN_BYTES = 6 * 1024;

/** Name, port, certificate and clock of the hosts: that of the service, and that of the authorization server. */
export const hosts: Step<Patient> = {
  name: 'hosts',
  limitMs: 9_000,
  async run(patient) {
    const { baseUrl, shared, service } = patient;
    const tokenUrl = service.token && new URL(service.token.url);
    const [ofService, ofToken] = await Promise.all([shared.host(baseUrl), tokenUrl && shared.host(tokenUrl)]);
    patient.usableService = ofService.usable;
    patient.usableTokenHost = ofToken?.usable ?? false;
    return tokenUrl?.origin === baseUrl.origin
      ? ofService.findings
      : [...ofService.findings, ...(ofToken?.findings ?? [])];
  },
};

/** A token, as the server gets it: how long it takes, how long it lives, how large it is. */
export const token: Step<Patient> = {
  name: 'token',
  limitMs: 5_000,
  skip: ({ service, usableTokenHost }) =>
    service.token !== undefined && !usableTokenHost ? 'not asked for: its host cannot be reached' : undefined,
  async run(patient, limitMs) {
    const client = patient.service.token;
    if (client === undefined) return [ok('token', 'a static access token is configured, so none is fetched')];
    const timed = await patient.shared.token(client, limitMs);
    patient.token = timed.token;
    return [tokenFinding(timed)];
  },
};

function tokenFinding({ token, durationMs }: TimedToken): Finding {
  const bytes = Buffer.byteLength(token.value);
  const lifeSeconds = statedLife(token.value) ?? token.lifeSeconds;
  const used = token.lifeSeconds < lifeSeconds ? `, used for ${shownDuration(token.lifeSeconds * 1000)}` : '';
  const detail = `obtained in ${Math.round(durationMs)} ms; lives ${lifeSeconds} s${used}; ${bytes} bytes`;
  if (token.lifeSeconds < SHORT_LIFE_S) return warning('token', detail, SHORT_LIFE_CURE);
  if (bytes > LARGE_TOKEN_BYTES)
    return warning('token', detail, 'Give the client fewer authorities: some servers refuse headers of this size.');
  return ok('token', detail);
}

/** What the token says of its own life; how long it is used is decided by us. */
function statedLife(value: string): number | undefined {
  const { exp, iat } = unverifiedClaims(value);
  return typeof exp === 'number' && typeof iat === 'number' && exp > iat ? Math.round(exp - iat) : undefined;
}
