import { ConfigurationError, formatConfigurationProblems } from '../src/config/configuration-error.ts';
import { curlLine, placeToPaste, type Shell } from './curl-line.ts';
import { flowgateEnvironment, flowgateFile, type FlowgateSettings } from './flowgate-environment.ts';
import { prepareProblem } from './prepare-problem.ts';
import { curlArguments, expectation } from './problems.ts';
import type { SandboxProblem } from './problems/sandbox-problem.ts';
import { startFlowgate, type FlowgateSources, type RunningFlowgate } from './start-flowgate.ts';
import type { Sandbox } from './start-sandbox.ts';

/** The configuration under which a problem shows. */
export function sourcesOf(problem: SandboxProblem, sandbox: Sandbox, settings: FlowgateSettings): FlowgateSources {
  const { env = {}, file = '' } = problem.settings?.(sandbox) ?? {};
  return { env: { ...flowgateEnvironment(sandbox, settings), ...env }, file: `${flowgateFile}${file}` };
}

export interface ShowSettings extends FlowgateSettings {
  /** That the line is for. */
  readonly shell: Shell;
}

export interface ShownProblem {
  /** For people: what goes wrong, and the line to paste or the report of the configuration. */
  readonly text: string;
  /** `undefined`: it did not start, because its configuration is the problem. */
  readonly flowgate: RunningFlowgate | undefined;
}

/**
 * Starts Flowgate and breaks what has to break.
 *
 * @param print gets one line for people per request
 */
export async function runProblem(
  name: string,
  problem: SandboxProblem,
  sandbox: Sandbox,
  settings: ShowSettings,
  print: (line: string) => void,
): Promise<ShownProblem> {
  const heading = `Problem        ${name}\nSymptom        ${problem.symptom}\nFlowgate says  ${expectation(problem)}\n`;
  let flowgate: RunningFlowgate;
  try {
    flowgate = await startFlowgate(sourcesOf(problem, sandbox, settings), print);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { text: `${heading}\n${formatConfigurationProblems(error.problems)}\n`, flowgate: undefined };
  }
  if (problem.kind === 'settings') throw new Error(`Flowgate has started, which "${name}" should have prevented.`);
  const { apiKey } = settings;
  const request = await prepareProblem(problem, { url: flowgate.url, apiKey }, sandbox);
  const line = curlLine(curlArguments(flowgate.url, request, apiKey), settings.shell);
  const text = `\n${heading}\nPaste this line into ${placeToPaste(settings.shell)}:\n\n${line}\n\nCtrl-C ends it.\n`;
  return { text, flowgate };
}
