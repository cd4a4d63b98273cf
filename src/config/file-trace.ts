import { dirname, resolve } from 'node:path';
import { readVariable, type Environment } from './environment-variables.ts';
import { expandVariables } from './expand-variables.ts';
import { DEFAULT_FILE, type FileSources } from './config-file.ts';
import { Findings } from './findings.ts';
import { isJsonObject } from './json-object.ts';
import { looksLikePem } from './pem.ts';
import { readTextFile } from './text-files.ts';
import { parseYaml } from './yaml-text.ts';

/** A file with a secret in it, and the setting that names it. */
export interface SecretFile {
  readonly setting: string;
  readonly path: string;
}

/** What a valid configuration was read from: to tell where a value came from, and which files hold secrets. */
export interface FileTrace {
  /**
   * Where the file says something: its label, with the variables that the value is taken from
   * (`flowgate.yaml, ${BPA_API_KEY}`). `undefined`: the file leaves it open.
   */
  from(path: readonly string[]): string | undefined;
  /** The files that hold keys: service keys and PEM files, and the configuration file where secrets stand in it. */
  readonly secretFiles: readonly SecretFile[];
}

const SECRET_NAMES = /^(?:clientSecret|nextClientSecret|apiKey|accessToken)$/;

/** Reads the configuration file once more, its variables not put in. Only for a configuration that is valid. */
export function traceFile(sources: FileSources): FileTrace {
  const { env, readFile, cwd } = sources;
  const named = readVariable(env, 'FLOWGATE_CONFIG');
  const label = named === undefined ? DEFAULT_FILE : 'FLOWGATE_CONFIG';
  const path = resolve(cwd, named ?? DEFAULT_FILE);
  const text = readTextFile(readFile, path);
  const parsed = parseYaml(text.ok ? text.value : '');
  const data = parsed.ok ? (parsed.data ?? {}) : {};
  const values = expandVariables(data, env, new Findings(), new Set());
  const own = holdsSecret(data) ? [{ setting: label, path }] : [];
  return {
    from(path) {
      const value = valueAt(data, path);
      if (value === undefined) return undefined;
      const variables = [...JSON.stringify(value).matchAll(/\$\{\w+\}/g)].map(([reference]) => reference);
      return [label, ...new Set(variables)].join(', ');
    },
    secretFiles: [...own, ...filesOfEnvironment(env, cwd), ...filesOfServices(values, dirname(path))],
  };
}

function filesOfEnvironment(env: Environment, cwd: string): readonly SecretFile[] {
  return (['WORKFLOW_SERVICE_KEY', 'INTEGRATION_SERVICE_KEY'] as const).flatMap((setting) => {
    const value = readVariable(env, setting);
    return value === undefined || /^'?\s*\{/.test(value) ? [] : [{ setting, path: resolve(cwd, value) }];
  });
}

function filesOfServices(data: unknown, folder: string): readonly SecretFile[] {
  const services = valueAt(data, ['services']);
  return Object.keys(isJsonObject(services) ? services : {}).flatMap((name) =>
    [['key'], ['token', 'key']].flatMap((path): SecretFile[] => {
      const value = valueAt(services, [name, ...path]);
      if (typeof value !== 'string' || looksLikePem(value)) return [];
      return [{ setting: ['services', name, ...path].join('.'), path: resolve(folder, value) }];
    }),
  );
}

/** Whether a secret stands in the data itself: neither a reference to a variable nor a hash. */
function holdsSecret(data: unknown): boolean {
  if (Array.isArray(data)) return data.some(holdsSecret);
  if (!isJsonObject(data)) return false;
  return Object.entries(data).some(([name, value]) => {
    if (name === 'apiKeys' && Array.isArray(value)) return value.some(isPlainSecret);
    return SECRET_NAMES.test(name) ? isPlainSecret(value) : holdsSecret(value);
  });
}

function isPlainSecret(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('${') && !value.startsWith('sha256:');
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    root,
  );
}
