import type { Fault } from './checked.ts';
import type { Config } from './config.ts';

/** One thing that is wrong in the configuration: the name of the setting, what is wrong, how to mend it; never a value. */
export interface ConfigurationProblem extends Fault {
  /** `PORT`, `services.workflow.url`, `binding my-workflow`, `flowgate.yaml`. */
  readonly setting: string;
}

/** The services, all of them, and the callers that could be read. */
export type PartialConfig = Pick<Config, 'services' | 'callers'>;

/** Thrown by `loadConfig` with every problem at once. The process ends with status 78 (EX_CONFIG of sysexits.h). */
export class ConfigurationError extends Error {
  readonly problems: readonly ConfigurationProblem[];
  /** What could be read nevertheless, where the services are complete: for further checks in the same report. */
  readonly partial: PartialConfig | undefined;

  constructor(problems: readonly ConfigurationProblem[], partial?: PartialConfig) {
    super(`The configuration has ${counted(problems.length)}: ${problems.map(({ setting }) => setting).join(', ')}`);
    this.name = 'ConfigurationError';
    this.problems = problems;
    this.partial = partial;
  }
}

/** The problems as lines for a terminal, without colours and without a line break at the end. */
export function formatConfigurationProblems(problems: readonly ConfigurationProblem[]): string {
  const blocks = problems.map(({ setting, problem, cure }) => `  ${setting}\n    ${problem}\n    -> ${cure}`);
  return [`Flowgate cannot start: the configuration has ${counted(problems.length)}.`, ...blocks].join('\n\n');
}

function counted(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`;
}
