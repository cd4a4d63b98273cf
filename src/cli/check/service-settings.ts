import type { IdentityConfig, ServiceConfig } from '../../config/config.ts';
import type { FileTrace } from '../../config/file-trace.ts';
import { Secret } from '../../config/secret.ts';
import { DEFAULT, type EffectiveSetting } from './effective-setting.ts';
import { shownDuration, shownSize, shownValue } from './shown-value.ts';

/** What the configuration calls settings that have another name, or another form, once they are read. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  apiUrl: 'url',
  runtimeUrl: 'url',
  graphqlUrl: 'url',
  timeoutMs: 'timeout',
  maxBodyBytes: 'maxBody',
};

/** Told in the heading, or no setting of their own. */
const NOT_LISTED = new Set(['name', 'kind', 'source', 'maxLifeSeconds', 'discovery']);

/** Parameters that say what a token is for. */
const SHOWN_FIELDS = new Set(['audience', 'resource', 'scope']);

/** What a service key or a binding fills where the file leaves it open. */
const IN_KEYS = new Set([
  'url',
  'token.url',
  'token.clientId',
  'token.clientSecret',
  'token.certificate',
  'token.key',
  'environmentId',
  'apiKey',
]);

/** The settings of one service, whatever its kind: each by its name in the file, with where it came from. */
export function serviceSettings(service: ServiceConfig, file: FileTrace): EffectiveSetting[] {
  const root = ['services', service.name];
  const keySource = file.from([...root, 'key']) === undefined ? service.source : `${root.join('.')}.key`;
  const from = (path: readonly string[]): string => {
    const inFile = file.from([...root, ...path]);
    if (inFile !== undefined) return inFile;
    if (service.token?.discovery === true && path.join('.') === 'token.url') return 'OpenID discovery';
    if (IN_KEYS.has(path.join('.'))) return keySource;
    const isForeignFlow = path[0] === 'flows' && file.from([...root, ...path.slice(0, 2)]) === undefined;
    return isForeignFlow && path[2] === 'address' ? 'INTEGRATION_FLOWS' : DEFAULT;
  };
  const kind = {
    setting: `${root.join('.')}.kind`,
    value: service.kind,
    from: file.from([...root, 'kind']) ?? keySource,
  };
  const settings = leavesOf(service, []).map(({ path, value }) => ({
    setting: [...root, ...path].join('.'),
    value,
    from: from(path),
  }));
  return [kind, ...settings];
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: string;
}

/** The settings in a group, by their names in the file. Named entries of a list become groups. */
function leavesOf(group: object, path: readonly string[]): Leaf[] {
  return Object.entries(group).flatMap(([name, value]: [string, unknown]): Leaf[] => {
    const at = [...path, FILE_NAMES[name] ?? name];
    if (value === undefined || (path.length < 2 && NOT_LISTED.has(name))) return [];
    if (name === 'timeoutMs') return [{ path: at, value: shownDuration(Number(value)) }];
    if (name === 'maxBodyBytes') return [{ path: at, value: shownSize(Number(value)) }];
    if (path.at(-1) === 'token' && (name === 'headers' || name === 'params')) return tokenFields(at, value);
    if (name === 'identity') return identityLeaves(value as IdentityConfig, at);
    if (name === 'routes' || name === 'document') return [{ path: at, value: summaryOf(value) }];
    if (isNamedList(value)) return value.flatMap(({ name, ...entry }) => leavesOf(entry, [...at, name]));
    return isGroup(value) ? leavesOf(value, at) : [{ path: at, value: shownValue(value) }];
  });
}

function identityLeaves(identity: IdentityConfig, path: readonly string[]): Leaf[] {
  const caller = identity.claim === undefined ? [{ path: [...path, 'from'], value: 'caller' }] : [];
  return [...caller, ...leavesOf(identity, path)];
}

/** Further parameters and headers of token requests may be credentials, of gateways for example. */
function tokenFields(path: readonly string[], fields: unknown): Leaf[] {
  return Object.entries(fields as Readonly<Record<string, string>>).map(([name, value]) => ({
    path: [...path, name],
    value: SHOWN_FIELDS.has(name) ? value : shownValue(new Secret(value)),
  }));
}

/** Routes as they are written; of a GraphQL document only what it is. */
function summaryOf(value: unknown): string {
  if (Array.isArray(value)) {
    const routes = value as readonly { method: string; path: string; target: string }[];
    return routes.map(({ method, path, target }) => `${method} ${path} -> ${target}`).join('; ');
  }
  return (value as { type: string }).type;
}

function isNamedList(value: unknown): value is readonly ({ readonly name: string } & object)[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isGroup(item) && 'name' in item);
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}
