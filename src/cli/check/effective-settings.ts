import type { CallerConfig, Config, JwtConfig } from '../../config/config.ts';
import { readVariable, type Environment, type EnvironmentVariableName } from '../../config/environment-variables.ts';
import type { FileTrace } from '../../config/file-trace.ts';
import { DEFAULT, type EffectiveSetting } from './effective-setting.ts';
import { serviceSettings } from './service-settings.ts';
import { shownDigest, shownDuration, shownSize, shownValue } from './shown-value.ts';

export interface SettingSources {
  readonly env: Environment;
  readonly file: FileTrace;
}

/** Every setting that holds, with where it came from. No secret is in it. */
export function effectiveSettings(config: Config, sources: SettingSources): EffectiveSetting[] {
  return [
    ...environmentSettings(config, sources.env),
    ...limitSettings(config, sources.file),
    ...storeSettings(config),
    ...config.services.flatMap((service) => serviceSettings(service, sources.file)),
    ...config.callers.flatMap((caller) => callerSettings(caller, sources.file)),
  ];
}

function environmentSettings(config: Config, env: Environment): EffectiveSetting[] {
  const values: readonly (readonly [EnvironmentVariableName, unknown])[] = [
    ['PORT', config.listen.port],
    ['HOST', config.listen.host],
    ['LOG_LEVEL', config.logLevel],
    ['CORS_ORIGINS', config.corsOrigins],
    ['TRUSTED_PROXY_HOPS', config.trustedProxyHops],
    ['ALLOWED_HOSTS', config.allowedHosts ?? 'any'],
    ['PUBLIC_URL', config.publicUrl],
    ['ALLOW_ANONYMOUS', config.allowAnonymous],
    ['ALLOW_INSECURE_UPSTREAMS', config.allowInsecureUpstreams],
  ];
  const isPlatforms = (name: string) => ['TRUSTED_PROXY_HOPS', 'PUBLIC_URL'].includes(name);
  const unset = (name: string) =>
    isPlatforms(name) && readVariable(env, 'VCAP_APPLICATION') !== undefined ? 'VCAP_APPLICATION' : DEFAULT;
  return values.map(([name, value]) => ({
    setting: name,
    value: shownValue(value),
    from: readVariable(env, name) === undefined ? unset(name) : 'environment',
  }));
}

function limitSettings({ limits }: Config, file: FileTrace): EffectiveSetting[] {
  const values = {
    body: shownSize(limits.bodyBytes),
    concurrency: String(limits.concurrency),
    perService: String(limits.perService),
    timeout: shownDuration(limits.timeoutMs),
  };
  return Object.entries(values).map(([name, value]) => ({
    setting: `limits.${name}`,
    value,
    from: file.from(['limits', name]) ?? DEFAULT,
  }));
}

function storeSettings({ store }: Config): EffectiveSetting[] {
  if (store === undefined) return [];
  const { source, redis, encryptionKey } = store;
  const nodes = redis.nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const address = `${redis.mode} ${nodes}${redis.tls === undefined ? ', without TLS' : ', TLS'}`;
  return [
    { setting: 'redis', value: address, from: source },
    ...(redis.username === undefined ? [] : [{ setting: 'redis.username', value: redis.username, from: source }]),
    ...(redis.password === undefined
      ? []
      : [{ setting: 'redis.password', value: shownValue(redis.password), from: source }]),
    { setting: 'FLOWGATE_ENCRYPTION_KEY', value: shownValue(encryptionKey), from: 'environment' },
  ];
}

function callerSettings(caller: CallerConfig, file: FileTrace): EffectiveSetting[] {
  const { name, apiKeyDigests, allow, jwt, origins, rateLimit } = caller;
  const root = ['callers', name];
  const from = (setting: string): string => file.from([...root, setting]) ?? 'API_KEYS';
  const values: readonly (readonly [string, string | undefined])[] = [
    ['apiKeys', apiKeyDigests.length === 0 ? undefined : apiKeyDigests.map(shownDigest).join(', ')],
    ['origins', origins && shownValue(origins)],
    ['allow', allow?.join('; ') ?? 'every /api route'],
    ['rateLimit', rateLimit && `${rateLimit.requests} in ${rateLimit.perSeconds} s`],
  ];
  const own = values.flatMap(([setting, value]) =>
    value === undefined ? [] : [{ setting: [...root, setting].join('.'), value, from: from(setting) }],
  );
  return jwt === undefined ? own : [...own, ...jwtSettings(jwt, [...root, 'jwt'], file)];
}

/** Which tokens are a caller's; what the file leaves open comes from the binding that it names. */
function jwtSettings(jwt: JwtConfig, root: readonly string[], file: FileTrace): EffectiveSetting[] {
  const { issuer, jwksUrl, audiences, claims, scopes } = jwt;
  const isBound = file.from([...root, 'binding']) !== undefined;
  const values: readonly (readonly [string, string | undefined])[] = [
    ['issuer', issuer],
    ['jwksUrl', jwksUrl],
    ['audience', audiences.join(' or ')],
    ...Object.entries(claims).map(([name, value]) => [`claims.${name}`, value] as const),
    ['scopes', scopes.length === 0 ? undefined : scopes.join(', ')],
  ];
  return values.flatMap(([name, value]) => {
    if (value === undefined) return [];
    const inFile = file.from([...root, name.split('.', 1)[0] ?? '']);
    const from = inFile ?? (isBound ? [...root, 'binding'].join('.') : DEFAULT);
    return [{ setting: [...root, name].join('.'), value, from }];
  });
}
