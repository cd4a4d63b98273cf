import { Grants } from '../callers/grants.ts';
import { documentedApi, reachableApi, type DocumentedApi } from '../pages/documented-api.ts';
import type { CommandInput, Option } from './command.ts';
import { EXIT } from './exit-status.ts';
import { findCaller } from './find-caller.ts';
import { readConfiguration } from './read-configuration.ts';

export const callerOption: Option = {
  name: 'caller',
  value: 'NAME',
  meaning: 'only what this caller may call; everything if not given',
};

/**
 * Prints a document about this configuration's routes as JSON.
 *
 * @returns the exit status
 */
export function printDocument(
  input: CommandInput,
  makeDocument: (api: DocumentedApi) => Record<string, unknown>,
): number {
  const config = readConfiguration();
  if (typeof config === 'number') return config;
  const whole = documentedApi(config);
  const name = input.value('caller');
  const grants = name === undefined ? undefined : new Grants(findCaller(config, name).allow);
  const api = grants ? reachableApi(whole, (method, template) => grants.reaches(method, template)) : whole;
  process.stdout.write(`${JSON.stringify(makeDocument(api), undefined, 2)}\n`);
  return EXIT.ok;
}
