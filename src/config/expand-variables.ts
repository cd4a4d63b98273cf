import type { Fault } from './checked.ts';
import type { Environment } from './environment-variables.ts';
import type { Findings } from './findings.ts';
import { isJsonObject } from './json-object.ts';
import { settingName, type SettingPath } from './setting-name.ts';

const REFERENCE = /\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/**
 * A copy of the file's data in which each `${NAME}` in a text is replaced by that environment variable. What comes in
 * is not searched again. A setting with a name that is not set is noted and left out. The names in use are added to
 * `used`.
 */
export function expandVariables(
  data: unknown,
  environment: Environment,
  findings: Findings,
  used: Set<string>,
): unknown {
  function expand(value: unknown, path: SettingPath): unknown {
    if (typeof value === 'string') return expandText(value, path);
    if (Array.isArray(value)) return expandList(value, path);
    if (!isJsonObject(value)) return value;
    if (Object.hasOwn(value, '__proto__')) findings.problem(settingName([...path, '__proto__']), NO_SETTING);
    const names = Object.entries(value).filter(([name]) => name !== '__proto__');
    const entries = names.map(([name, inner]) => [name, expand(inner, [...path, name])] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
  }

  function expandList(list: readonly unknown[], path: SettingPath): readonly unknown[] | undefined {
    const expanded = list.map((value, index) => expand(value, [...path, index]));
    return expanded.includes(undefined) ? undefined : expanded;
  }

  function expandText(text: string, path: SettingPath): string | undefined {
    let complete = true;
    const expanded = text.replaceAll(REFERENCE, (_, name: string) => {
      const value = NAME.test(name) ? environment[name]?.trim() || undefined : undefined;
      used.add(name);
      if (value !== undefined) return value;
      complete = false;
      findings.problem(settingName(path), unsetVariable(name));
      return '';
    });
    return complete ? expanded : undefined;
  }

  return expand(data, []);
}

/** The schema library passes over this one name in silence, so it is refused here. */
const NO_SETTING: Fault = { problem: 'is not a known setting', cure: 'Take it out.' };

function unsetVariable(name: string): Fault {
  if (!NAME.test(name)) {
    return {
      problem: 'has "${…}" around something that is no name',
      cure: 'Between the braces stands the name of an environment variable.',
    };
  }
  return {
    problem: `takes its value from the environment variable ${name}, which is not set or empty`,
    cure: `Set ${name}, or write the value into the file.`,
  };
}
