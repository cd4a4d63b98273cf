import type { z } from 'zod';
import type { Fault } from './checked.ts';
import { closestName } from './closest-name.ts';
import type { Findings } from './findings.ts';
import { settingName, shownName, type SettingPath } from './setting-name.ts';
import type { IssueParams } from './settings-schema.ts';

type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text (put it in quotes if it looks like a number)',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of named entries',
};

/**
 * Reads one section of the file. Everything that is wrong in it is noted; what is left after the faulty settings are
 * taken out is still returned if it makes sense, so that later checks can find their problems in the same run.
 *
 * @param at where the section stands in the file
 */
export function parseSection<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  at: SettingPath,
  findings: Findings,
): T | undefined {
  const whole = schema.safeParse(raw);
  if (whole.success) return whole.data;
  const { issues } = whole.error;
  // Those about something missing come last: they count only where nothing else explains them.
  const missing = issues.filter((issue) => valueAt(raw, issue.path) === undefined);
  for (const issue of issues.filter((issue) => !missing.includes(issue))) {
    findings.problem(settingName([...at, ...issue.path]), faultOf(issue));
  }
  for (const issue of missing) {
    const setting = settingName([...at, ...issue.path]);
    findings.missing(setting, { problem: 'is missing', cure: faultOf(issue).cure });
  }
  // Without its missing part the group around that part makes no sense either.
  const faulty = issues.map((issue) => (missing.includes(issue) ? issue.path.slice(0, -1) : issue.path));
  const rest = schema.safeParse(faulty.reduce(without, raw));
  return rest.success ? rest.data : undefined;
}

function faultOf(issue: Issue): Fault {
  switch (issue.code) {
    case 'custom':
      return ownFault(issue.params as IssueParams | undefined, issue.path);
    case 'invalid_type':
      return wrongType([issue.expected]);
    case 'invalid_value':
      return wrongChoice(issue.values.map(String));
    case 'invalid_union':
      if ('options' in issue) return wrongChoice((issue.options ?? []).map(String));
      return wrongType(issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : [])));
    case 'invalid_key':
      return issue.issues[0] === undefined ? NOT_VALID : faultOf(issue.issues[0]);
    case 'too_small':
      return { problem: 'is empty', cure: 'Give it a value, or leave the setting out.' };
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'too_big':
    case 'unrecognized_keys':
      return NOT_VALID;
  }
}

const NOT_VALID: Fault = { problem: 'is not valid', cure: 'Compare it with docs/configuration.md.' };

function ownFault(params: IssueParams | undefined, path: SettingPath): Fault {
  if (params === undefined) return NOT_VALID;
  if ('problem' in params) return params;
  return unknownSetting(String(path.at(-1)), params.knownSettings);
}

/** The problem of a setting that does not exist, with the nearest one that does. */
export function unknownSetting(name: string, known: readonly string[]): Fault {
  const closest = closestName(name, known);
  const cure = closest === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${closest}"?`;
  return { problem: `is not a known setting`, cure };
}

function wrongType(expected: readonly string[]): Fault {
  const names = [...new Set(expected)].map((name) => TYPE_NAMES[name] ?? shownName(name));
  return { problem: 'has the wrong type', cure: `Write ${names.join(' or ')}.` };
}

function wrongChoice(choices: readonly string[]): Fault {
  return { problem: 'has an unknown value', cure: `Choose one of: ${choices.join(', ')}.` };
}

/** The value at a path of plain objects and arrays. */
function valueAt(root: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>((value, part) => (isGroup(value) ? value[part] : undefined), root);
}

/** A copy without the value at the path. A faulty element takes its whole list along. */
function without(root: unknown, path: SettingPath): unknown {
  const [first, ...rest] = path;
  if (first === undefined || !isGroup(root) || !(first in root)) return root;
  const child = root[first];
  const { [first]: _removed, ...others } = root;
  if (rest.length === 0 || Array.isArray(child)) return others;
  return { ...others, [first]: without(child, rest) };
}

function isGroup(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
