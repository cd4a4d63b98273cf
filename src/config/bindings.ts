import type { Binding } from './binding.ts';
import { readBindingFolder, type ListDirectory } from './binding-files.ts';
import type { Fault } from './checked.ts';
import { readVariable, type Environment } from './environment-variables.ts';
import type { Findings } from './findings.ts';
import { isJsonObject, parseJsonObject, type JsonObject } from './json-object.ts';
import { readTextFile, type ReadFile } from './text-files.ts';

export interface BindingSources {
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly listDirectory: ListDirectory | undefined;
}

/** All bindings, whichever way the platform hands them over. */
export function readBindings(sources: BindingSources, findings: Findings): readonly Binding[] {
  return [...readVcapServices(sources, findings), ...readBindingRoot(sources, findings)];
}

/** Cloud Foundry: the file comes first, because with it the platform leaves the variable empty. */
function readVcapServices({ env, readFile }: BindingSources, findings: Findings): readonly Binding[] {
  const path = readVariable(env, 'VCAP_SERVICES_FILE_PATH');
  const setting = path === undefined ? 'VCAP_SERVICES' : 'VCAP_SERVICES_FILE_PATH';
  const text =
    path === undefined ? readVariable(env, 'VCAP_SERVICES') : findings.take(setting, readTextFile(readFile, path));
  if (text === undefined) return [];
  const services = parseJsonObject(text);
  const lists = Object.entries(services ?? {});
  if (services === undefined || !lists.every(([, list]) => Array.isArray(list))) {
    findings.problem(setting, MALFORMED);
    return [];
  }
  return lists.flatMap(([label, list]) =>
    (list as readonly unknown[]).flatMap((entry) => {
      const binding = isJsonObject(entry) ? vcapBinding(label, entry) : undefined;
      if (binding === undefined) findings.problem(setting, MALFORMED);
      return binding ?? [];
    }),
  );
}

const MALFORMED: Fault = {
  problem: 'is not the JSON that Cloud Foundry writes',
  cure: 'Leave the variable to the platform; for a test copy it whole from "cf env".',
};

function vcapBinding(listLabel: string, entry: JsonObject): Binding | undefined {
  const { name, label, plan, credentials } = entry;
  if (typeof name !== 'string' || name === '') return undefined;
  const aliases = [entry['instance_name'], entry['binding_name']];
  return {
    name,
    aliases: aliases.filter((alias) => typeof alias === 'string'),
    label: typeof label === 'string' ? label : listLabel,
    plan: typeof plan === 'string' ? plan : undefined,
    credentials: isJsonObject(credentials) ? credentials : {},
  };
}

function readBindingRoot({ env, readFile, listDirectory }: BindingSources, findings: Findings): readonly Binding[] {
  const root = readVariable(env, 'SERVICE_BINDING_ROOT');
  if (root === undefined || listDirectory === undefined) return [];
  try {
    return listDirectory(root)
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) => readBindingFolder(root, name, { readFile, listDirectory }) ?? []);
  } catch {
    findings.problem('SERVICE_BINDING_ROOT', {
      problem: 'names a folder that cannot be read',
      cure: 'Mount the bindings there, or unset the variable.',
    });
    return [];
  }
}
