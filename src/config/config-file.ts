import { dirname, resolve } from 'node:path';
import { readVariable, type Environment } from './environment-variables.ts';
import { expandVariables } from './expand-variables.ts';
import type { Findings } from './findings.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import { settingName } from './setting-name.ts';
import { unknownSetting } from './settings-issues.ts';
import { errorCode, readTextFile, type ReadFile } from './text-files.ts';
import { parseYaml } from './yaml-text.ts';

/** The name of the file where `FLOWGATE_CONFIG` gives no other. */
export const DEFAULT_FILE = 'flowgate.yaml';

const SECTIONS = ['services', 'callers', 'limits'] as const;

/** The configuration file as plain data: variables are in their places, the entries are not checked yet. */
export interface ConfigFile {
  /** How problems and people name the file: `flowgate.yaml`, or the variable that names it. */
  readonly label: string;
  /** What paths in the file are relative to. */
  readonly folder: string;
  /** False where the file could not be understood, so that nothing can be said about what is missing in it. */
  readonly readable: boolean;
  readonly services: ReadonlyMap<string, JsonObject>;
  readonly callers: ReadonlyMap<string, JsonObject>;
  readonly limits: JsonObject;
  /** The environment variables that the file takes values from. */
  readonly usedVariables: ReadonlySet<string>;
}

export interface FileSources {
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly cwd: string;
}

/** Reads `FLOWGATE_CONFIG`, or `flowgate.yaml` if it exists; a file that is not there is an empty one. */
export function readConfigFile(sources: FileSources, findings: Findings): ConfigFile {
  const named = readVariable(sources.env, 'FLOWGATE_CONFIG');
  const path = resolve(sources.cwd, named ?? DEFAULT_FILE);
  const label = named === undefined ? DEFAULT_FILE : 'FLOWGATE_CONFIG';
  const usedVariables = new Set<string>();
  const isThere = named !== undefined || exists(sources.readFile, path);
  const data = isThere ? readData(path, label, sources, usedVariables, findings) : {};
  return {
    label,
    folder: dirname(path),
    readable: data !== undefined,
    usedVariables,
    ...sectionsOf(data ?? {}, findings),
  };
}

/** The settings with their variables in place; `undefined` after a problem that leaves nothing to look at. */
function readData(
  path: string,
  label: string,
  sources: FileSources,
  usedVariables: Set<string>,
  findings: Findings,
): JsonObject | undefined {
  const text = findings.take(label, readTextFile(sources.readFile, path));
  if (text === undefined) return undefined;
  const parsed = parseYaml(text);
  if (!parsed.ok) {
    for (const fault of parsed.faults) findings.problem(label, fault);
    return undefined;
  }
  const data = expandVariables(parsed.data ?? {}, sources.env, findings, usedVariables);
  if (isJsonObject(data)) return data;
  findings.problem(label, { problem: 'holds no settings', cure: `Begin with one of: ${SECTIONS.join(', ')}.` });
  return undefined;
}

function sectionsOf(data: JsonObject, findings: Findings): Pick<ConfigFile, (typeof SECTIONS)[number]> {
  for (const name of Object.keys(data)) {
    if (!SECTIONS.some((section) => section === name)) {
      findings.problem(settingName([name]), unknownSetting(name, SECTIONS));
    }
  }
  return {
    services: entriesOf(data['services'], 'services', findings),
    callers: entriesOf(data['callers'], 'callers', findings),
    limits: groupOf(data['limits'], 'limits', findings),
  };
}

function entriesOf(value: unknown, section: string, findings: Findings): ReadonlyMap<string, JsonObject> {
  const entries = Object.entries(groupOf(value, section, findings));
  return new Map(entries.map(([name, entry]) => [name, groupOf(entry, settingName([section, name]), findings)]));
}

/** A group of settings; a name with nothing behind it (`limits:`) is an empty one. */
function groupOf(value: unknown, setting: string, findings: Findings): JsonObject {
  if (isJsonObject(value)) return value;
  if (value !== undefined && value !== null) {
    findings.problem(setting, { problem: 'has the wrong type', cure: 'Write a group of settings, indented below it.' });
  }
  return {};
}

function exists(readFile: ReadFile, path: string): boolean {
  try {
    readFile(path);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOENT';
  }
}
