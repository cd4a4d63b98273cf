import { bad, good, type Checked } from './checked.ts';
import { editDistance } from './closest-name.ts';
import type { Config, LogLevel } from './config.ts';
import {
  commaSeparated,
  environmentVariables,
  readVariable,
  type Environment,
  type EnvironmentVariableName,
} from './environment-variables.ts';
import type { Findings } from './findings.ts';
import { parseHost, parseOrigin } from './origins.ts';
import { readPlatform, type Platform } from './platform.ts';
import { parseBoolean, parseInteger } from './quantities.ts';

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const MOST_PROXIES = 16;

/** Shorter names are near to too many others to guess a slip. */
const SHORTEST_GUESSED_NAME = 8;
const MOST_SLIPS = 2;

/** What the environment alone decides. */
export type EnvironmentSettings = Pick<
  Config,
  | 'listen'
  | 'logLevel'
  | 'corsOrigins'
  | 'trustedProxyHops'
  | 'allowedHosts'
  | 'publicUrl'
  | 'allowAnonymous'
  | 'allowInsecureUpstreams'
>;

/** Reads every setting that is an environment variable and nothing else. A faulty one is noted and has its default. */
export function readEnvironment(environment: Environment, findings: Findings): EnvironmentSettings {
  const platform = readPlatform(environment);
  function read<T>(name: EnvironmentVariableName, parse: (text: string) => Checked<T>, fallback: T): T {
    const text = readVariable(environment, name);
    return text === undefined ? fallback : (findings.take(name, parse(text)) ?? fallback);
  }
  function readList(name: EnvironmentVariableName, parse: (text: string) => Checked<string>): readonly string[] {
    const parts = commaSeparated(readVariable(environment, name));
    return [...new Set(parts.flatMap((part, index) => findings.take(name, parse(part), `entry ${index + 1}`) ?? []))];
  }

  checkCertificateChecks(environment, platform, findings);
  const port = read('PORT', (text) => parseInteger(text, 0, 65_535), 3000);
  const allowedHosts = readList('ALLOWED_HOSTS', parseHost);
  const ownOrigin = platform.firstRoute === undefined ? `http://localhost:${port}` : `https://${platform.firstRoute}`;
  return {
    listen: { host: read('HOST', parseListenHost, '127.0.0.1'), port },
    logLevel: read('LOG_LEVEL', parseLogLevel, 'info'),
    corsOrigins: readList('CORS_ORIGINS', parseOrigin),
    trustedProxyHops: read(
      'TRUSTED_PROXY_HOPS',
      (text) => parseInteger(text, 0, MOST_PROXIES),
      platform.isCloudFoundry ? 1 : 0,
    ),
    allowedHosts: allowedHosts.length === 0 ? undefined : allowedHosts,
    publicUrl: read('PUBLIC_URL', parseOrigin, ownOrigin),
    allowAnonymous: readAllowAnonymous(read('ALLOW_ANONYMOUS', parseBoolean, false), platform, findings),
    allowInsecureUpstreams: read('ALLOW_INSECURE_UPSTREAMS', parseBoolean, false),
  };
}

/** With this variable Node accepts any certificate, so anybody on the way could read tokens and secrets. */
function checkCertificateChecks(environment: Environment, platform: Platform, findings: Findings): void {
  const name = 'NODE_TLS_REJECT_UNAUTHORIZED';
  if (readVariable(environment, name) !== '0') return;
  if (!platform.isProduction) {
    findings.notice(`${name} is 0: certificates are not checked. Use NODE_EXTRA_CA_CERTS for a private authority.`);
    return;
  }
  findings.problem(name, {
    problem: 'switches off the check of certificates',
    cure: 'Unset it; for a private certificate authority use NODE_EXTRA_CA_CERTS.',
  });
}

function readAllowAnonymous(allow: boolean, platform: Platform, findings: Findings): boolean {
  if (!allow) return false;
  if (platform.isProduction) {
    findings.problem('ALLOW_ANONYMOUS', {
      problem: 'would let anybody call the services, on a platform or in production',
      cure: 'Unset it and give each caller a key (API_KEYS, or callers in the file).',
    });
  } else {
    findings.notice('ALLOW_ANONYMOUS is true: whoever reaches this server may call every route.');
  }
  return true;
}

function parseLogLevel(text: string): Checked<LogLevel> {
  const level = LOG_LEVELS.find((level) => level === text);
  return level === undefined ? bad('is not a log level', `Choose one of: ${LOG_LEVELS.join(', ')}.`) : good(level);
}

function parseListenHost(text: string): Checked<string> {
  if (/^[\w.:%-]{1,255}$/.test(text)) return good(text);
  return bad('is not an address to listen on', 'Write a host name or an IP address alone, such as 0.0.0.0.');
}

/** Tells of variables that are a slip or two away from ours: they would be ignored in silence otherwise. */
export function noticeNearMisses(environment: Environment, used: ReadonlySet<string>, findings: Findings): void {
  const known: readonly string[] = environmentVariables.map(({ name }) => name);
  const guessable = known.filter((name) => name.length >= SHORTEST_GUESSED_NAME);
  const strange = Object.keys(environment).filter((name) => !known.includes(name) && !used.has(name));
  for (const name of strange) {
    const meant = guessable.find((candidate) => isNear(name, candidate));
    if (meant !== undefined) findings.notice(`The environment variable ${name} is not known; did you mean ${meant}?`);
  }
}

function isNear(name: string, candidate: string): boolean {
  return Math.abs(name.length - candidate.length) <= MOST_SLIPS && editDistance(name, candidate) <= MOST_SLIPS;
}
