import { ConfigurationError, formatConfigurationProblems } from '../config/configuration-error.ts';
import type { Config } from '../config/config.ts';
import { traceFile } from '../config/file-trace.ts';
import { effectiveSettings } from './check/effective-settings.ts';
import type { EffectiveSetting } from './check/effective-setting.ts';
import { keyFileWarnings, type FileWarning } from './check/key-file-warnings.ts';
import type { Command, CommandInput } from './command.ts';
import { EXIT } from './exit-status.ts';
import { loadChecked, processSources } from './read-configuration.ts';

/** Longer values push the last column out of sight. */
const WIDEST_VALUE = 68;

/** Reads the configuration as the server would, and says what came of it. Asks nobody: `doctor` does. */
export const check: Command = {
  name: 'check',
  summary: 'reads the configuration as the server would, and shows what holds',
  usage: '[--json]',
  description: [
    'Prints every problem with its cure, or else each setting as it holds and where it came from. Of secrets it tells only that they are set and the beginning of their SHA-256, so that two can be compared. Sends nothing.',
    'Exit status: 0, or 78 when there are problems.',
  ],
  options: [{ name: 'json', meaning: 'prints JSON' }],
  words: { least: 0, most: 0 },
  run,
};

interface Findings {
  readonly settings: readonly EffectiveSetting[];
  readonly warnings: readonly FileWarning[];
  readonly notices: readonly string[];
}

function run(input: CommandInput): number {
  const isJson = input.has('json');
  try {
    const found = look(loadChecked(processSources));
    process.stdout.write(isJson ? asJson({ valid: true, ...found }) : asText(found));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { problems } = error;
    if (isJson) process.stdout.write(asJson({ valid: false, problems }));
    else process.stderr.write(`${formatConfigurationProblems(problems)}\n`);
    return EXIT.configuration;
  }
}

function look(config: Config): Findings {
  const file = traceFile(processSources);
  return {
    settings: effectiveSettings(config, { env: processSources.env, file }),
    warnings: keyFileWarnings(file.secretFiles),
    notices: config.notices,
  };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function asText({ settings, warnings, notices }: Findings): string {
  const groups = Map.groupBy(settings, ({ setting }) => groupOf(setting));
  const blocks = [...groups].map(([group, members]) => groupText(group, members));
  const noted = notices.map((notice) => `note     ${notice}`);
  const warned = warnings.map(({ setting, warning, cure }) => `warning  ${setting} ${warning}.\n         -> ${cure}`);
  const closing = [noted, warned, ['The configuration is valid.']].filter((lines) => lines.length > 0);
  return `${[...blocks, ...closing.map((lines) => lines.join('\n'))].join('\n\n')}\n`;
}

/** `services.workflow` of `services.workflow.token.url`; the variables of the environment stand alone. */
function groupOf(setting: string): string {
  const parts = setting.split('.');
  if (parts.length === 1) return 'environment';
  return parts.slice(0, parts[0] === 'services' || parts[0] === 'callers' ? 2 : 1).join('.');
}

/** The settings of a group in three columns: name, value, where from. */
function groupText(group: string, settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ setting, value, from }) => ({ name: nameIn(group, setting), value, from }));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.min(WIDEST_VALUE, Math.max(...rows.map(({ value }) => value.length)));
  const lines = rows.map(
    ({ name, value, from }) => `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${from}`,
  );
  return [group, ...lines].join('\n');
}

function nameIn(group: string, setting: string): string {
  return setting.startsWith(`${group}.`) ? setting.slice(group.length + 1) : setting;
}
