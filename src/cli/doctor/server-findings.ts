import { LIMITS } from '../../app/http-server.ts';
import { findJwksUrl } from '../../callers/find-jwks-url.ts';
import { FetchFailure, fetchJson } from '../../callers/fetch-json.ts';
import type { Config, JwtConfig } from '../../config/config.ts';
import { SharedStore } from '../../store/shared-store.ts';
import { StoreUnavailable } from '../../store/store-unavailable.ts';
import { shownValue } from '../check/shown-value.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import type { Step } from './run-steps.ts';

/** For which Cloud Foundry's router keeps idle connections. */
const ROUTER_KEEP_ALIVE_MS = 90_000;

const cors: Step<Config> = {
  name: 'CORS',
  limitMs: 1_000,
  run: async ({ corsOrigins, callers, publicUrl }) => {
    const ofCallers = callers.flatMap(({ name, origins }) =>
      origins === undefined ? [] : [`${name}: ${shownValue(origins)}`],
    );
    const common = `own origin ${publicUrl}; for all callers ${shownValue(corsOrigins)}`;
    return [ok('CORS', [common, ...ofCallers].join('; '))];
  },
};

const keepAlive: Step<Config> = {
  name: 'keep-alive',
  limitMs: 1_000,
  run: async () => {
    const router = `Cloud Foundry's router keeps its own for ${ROUTER_KEEP_ALIVE_MS / 1000} s`;
    return [ok('keep-alive', `idle connections are kept for ${LIMITS.keepAliveMs / 1000} s; ${router}`)];
  },
};

const redis: Step<Config> = {
  name: 'Redis',
  limitMs: 6_000,
  run: async ({ store: config }) => {
    if (config === undefined) return [ok('Redis', 'none: each instance keeps its own records')];
    const store = new SharedStore(config);
    const startMs = performance.now();
    try {
      await store.run((client) => client.ping());
      return [ok('Redis', `answers in ${Math.round(performance.now() - startMs)} ms, from ${config.source}`)];
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return [redisFailed(error.code, config.source)];
    } finally {
      await store.close();
    }
  },
};

const REDIS_CURES: Readonly<Record<string, string>> = {
  NOAUTH: 'It wants a password: put it into the URL, or bind the service again.',
  WRONGPASS: 'Its password is another: bind the service again, or correct the URL.',
  NOPERM: 'The user may not do this: give it the rights on all keys that begin with "flowgate:".',
  ENOTFOUND: 'Compare its host; this machine does not know the name.',
};

const REDIS_CURE = 'Compare its host and port, whether it wants TLS (rediss://), and whether it runs.';

const REDIS_CERTIFICATE =
  'Its certificate is not trusted, has expired, or is for another host. A private certificate authority is added with NODE_EXTRA_CA_CERTS.';

function redisFailed(code: string, source: string): Finding {
  const cure = /CERT|^ERR_TLS_/.test(code) ? REDIS_CERTIFICATE : (REDIS_CURES[code] ?? REDIS_CURE);
  return failed('Redis', `That of ${source} does not answer as it should (${code}).`, cure);
}

const issuers: Step<Config> = {
  name: 'issuers',
  limitMs: 6_000,
  run: async ({ callers }) => {
    const jwts = callers.flatMap(({ name, jwt }) => (jwt === undefined ? [] : [{ name, jwt }]));
    return Promise.all(jwts.map(({ name, jwt }) => issuerFinding(`issuer of ${name}`, jwt)));
  },
};

async function issuerFinding(step: string, { issuer, jwksUrl }: JwtConfig): Promise<Finding> {
  try {
    const keys = (await fetchJson(jwksUrl ?? (await findJwksUrl(issuer)))) as { keys?: unknown } | null;
    const count = Array.isArray(keys?.keys) ? keys.keys.length : 0;
    if (count > 0) return ok(step, `${new URL(issuer).host} shows ${count} ${count === 1 ? 'key' : 'keys'}`);
    return warning(step, 'The document of its keys has none.', 'Compare jwt.jwksUrl of the caller with the issuer.');
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    return failed(
      step,
      `Its keys cannot be fetched (${error.code}), so no JWT of this caller can be verified.`,
      'Compare jwt.issuer and jwt.jwksUrl of the caller with the issuer, and ask whether this machine may reach it.',
    );
  }
}

/** What is looked at in the server itself. */
export const serverSteps: readonly Step<Config>[] = [cors, keepAlive, redis, issuers];
