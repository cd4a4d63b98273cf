import { join } from 'node:path';
import type { Binding } from './binding.ts';
import { isJsonObject, parseJsonObject, type JsonObject } from './json-object.ts';
import type { ReadFile } from './text-files.ts';

/** The names in a folder; throws as `fs.readdirSync` does, also for what is no folder. */
export type ListDirectory = (path: string) => readonly string[];

interface FileReaders {
  readonly readFile: ReadFile;
  readonly listDirectory: ListDirectory;
}

/** The files of one binding: name and text. */
type Properties = ReadonlyMap<string, string>;

/** One property that `.metadata` describes. `container`: its members are the properties. */
interface PropertyDescription {
  readonly name: string;
  readonly isJson: boolean;
  readonly isContainer: boolean;
}

/**
 * A binding of the Service Binding Specification for Kubernetes: one folder, one file per property. SAP's file
 * `.metadata` tells which properties are credentials and which of them are JSON; without it `type` and `provider` are
 * metadata and everything else is a credential.
 *
 * @returns `undefined` for what is no binding: no folder, or one without a type
 */
export function readBindingFolder(root: string, name: string, readers: FileReaders): Binding | undefined {
  const folder = join(root, name);
  const properties = readProperties(folder, readers);
  const description = parseJsonObject(properties.get('.metadata') ?? '');
  const binding = description === undefined ? plainParts(properties) : describedParts(properties, description);
  const { type, label, plan, instance_name: instanceName } = binding.metadata;
  if (typeof type !== 'string' || type === '') return undefined;
  const bindingPlan = plan ?? binding.credentials['plan'];
  return {
    name,
    aliases: typeof instanceName === 'string' ? [instanceName] : [],
    label: typeof label === 'string' ? label : type,
    plan: typeof bindingPlan === 'string' ? bindingPlan : undefined,
    credentials: binding.credentials,
  };
}

interface BindingParts {
  readonly metadata: JsonObject;
  readonly credentials: JsonObject;
}

function describedParts(properties: Properties, description: JsonObject): BindingParts {
  return {
    metadata: pick(properties, descriptions(description['metaDataProperties'])),
    credentials: pick(properties, descriptions(description['credentialProperties'])),
  };
}

function plainParts(properties: Properties): BindingParts {
  const { type, provider, ...rest } = Object.fromEntries(properties);
  const values = Object.entries(rest).map(([name, text]) => [name, parseJsonObject(text) ?? text] as const);
  return { metadata: { type, provider }, credentials: Object.fromEntries(values) };
}

/** The files of a folder with their text, without the line break that most tools put at the end. */
function readProperties(folder: string, { readFile, listDirectory }: FileReaders): Properties {
  const names = attempt(() => listDirectory(folder)) ?? [];
  // Kubernetes keeps the real files in folders like "..2026_01_01" and links to them.
  const files = names.filter((name) => !name.startsWith('..'));
  const texts = files.map((name) => [name, attempt(() => readFile(join(folder, name)))?.trim()] as const);
  return new Map(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])));
}

function descriptions(value: unknown): readonly PropertyDescription[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly unknown[]).flatMap((item) => {
    if (!isJsonObject(item) || typeof item['name'] !== 'string') return [];
    return [{ name: item['name'], isJson: item['format'] === 'json', isContainer: item['container'] === true }];
  });
}

function pick(properties: Properties, wanted: readonly PropertyDescription[]): JsonObject {
  const picked = wanted.map(({ name, isJson, isContainer }): JsonObject => {
    const text = properties.get(name);
    if (text === undefined) return {};
    const value = isJson ? (parseJsonObject(text) ?? text) : text;
    return isContainer && isJsonObject(value) ? value : { [name]: value };
  });
  return Object.assign({}, ...picked) as JsonObject;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
