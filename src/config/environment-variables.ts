/** One environment variable of the public contract, in the words of the documentation. */
export interface EnvironmentVariable {
  readonly name: string;
  /** What holds when it is not set, for people. */
  readonly default: string;
  readonly meaning: string;
}

/** Every variable of the contract, in its order. `.env.example` and docs/configuration.md list the same ones. */
export const environmentVariables = [
  { name: 'PORT', default: '3000', meaning: 'The port to listen on.' },
  {
    name: 'HOST',
    default: '127.0.0.1',
    meaning: 'The address to listen on. `0.0.0.0` makes the server reachable from other machines.',
  },
  { name: 'LOG_LEVEL', default: 'info', meaning: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.' },
  {
    name: 'FLOWGATE_CONFIG',
    default: 'flowgate.yaml if it exists',
    meaning: 'Path of the configuration file.',
  },
  {
    name: 'WORKFLOW_SERVICE_KEY',
    default: '–',
    meaning:
      'A service key as downloaded from the cockpit, as JSON or as the path of a file: gives a service named `workflow`.',
  },
  {
    name: 'INTEGRATION_SERVICE_KEY',
    default: '–',
    meaning: 'The same for the Process Integration Runtime: gives a service named `integration`.',
  },
  {
    name: 'INTEGRATION_FLOWS',
    default: '–',
    meaning:
      'The flows of `integration`: `name=address` pairs, comma separated, such as `product-details=/http/products`. Each takes POST and has the defaults of a flow.',
  },
  {
    name: 'API_KEYS',
    default: '–',
    meaning:
      'Callers: `name=key` pairs, comma separated. A key is plain text of 16 characters or more, or `sha256:<hex>`.',
  },
  {
    name: 'CORS_ORIGINS',
    default: 'none',
    meaning: 'Exact web origins, comma separated, for callers that name none of their own.',
  },
  {
    name: 'TRUSTED_PROXY_HOPS',
    default: '0 (1 on Cloud Foundry)',
    meaning: "How many proxies in front may be believed about the client's address.",
  },
  {
    name: 'ALLOWED_HOSTS',
    default: 'any',
    meaning: 'Host names that this server answers for, comma separated. Any other gets 421.',
  },
  {
    name: 'PUBLIC_URL',
    default: "the platform's route, else http://localhost:PORT",
    meaning: "This server's own origin: its pages may call it without being listed.",
  },
  {
    name: 'REDIS_URL',
    default: '–',
    meaning:
      'Shared state for several instances: `rediss://user:password@host:6379`. A bound `redis-cache` gives it too.',
  },
  {
    name: 'FLOWGATE_ENCRYPTION_KEY',
    default: '–',
    meaning: '32 bytes, base64: seals what is stored in Redis; required with Redis.',
  },
  {
    name: 'ALLOW_ANONYMOUS',
    default: 'false',
    meaning: '`true`: callers need no credential. Refused on a platform and where `NODE_ENV` is `production`.',
  },
  {
    name: 'ALLOW_INSECURE_UPSTREAMS',
    default: 'false',
    meaning: '`true`: upstreams and token endpoints over plain http are accepted beyond loopback.',
  },
] as const satisfies readonly EnvironmentVariable[];

/** What platforms and Node set; read, never documented as ours. */
type PlatformVariableName =
  | 'CF_INSTANCE_INDEX'
  | 'KUBERNETES_SERVICE_HOST'
  | 'NODE_ENV'
  | 'NODE_TLS_REJECT_UNAUTHORIZED'
  | 'SERVICE_BINDING_ROOT'
  | 'VCAP_APPLICATION'
  | 'VCAP_SERVICES'
  | 'VCAP_SERVICES_FILE_PATH';

export type EnvironmentVariableName = (typeof environmentVariables)[number]['name'];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value without blanks around it; `undefined` where it is not set or empty (`NAME=` in an env file). */
export function readVariable(
  environment: Environment,
  name: EnvironmentVariableName | PlatformVariableName,
): string | undefined {
  return environment[name]?.trim() || undefined;
}

/** The parts of a comma separated value, without blanks around them; empty parts are dropped. */
export function commaSeparated(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
