import { closestNames } from '../config/closest-name.ts';
import { Problem } from '../problems/problem.ts';
import type { OperationAnswer, OperationInput } from './operation.ts';
import { name } from './workflow-server-filters.ts';

/** How many names a hint has room for. */
const MOST_NAMES = 10;

/**
 * Refuses a command that is not among those that the server offers to who is acting. Their names count by case
 * (workflowengine.io, "Commands"). Of an answer that is no list of commands nothing is concluded: then the server decides.
 *
 * @param offered the answer to `GET /instances/:id/commands`
 * @throws {Problem} `upstream-conflict`
 */
export function checkOffered(service: string, offered: OperationAnswer, { params, mayCall }: OperationInput): void {
  const command = params['command'] ?? '';
  const names = commandNames(offered.body);
  if (names === undefined || names.includes(command)) return;
  const list = `/api/${service}/instances/${params['id']}/commands`;
  throw new Problem('upstream-conflict', {
    service,
    detail: `The process does not offer the command "${command}" in its present state, or not to who is acting. It was not sent.`,
    // What a caller may not list is not told to it here either.
    hint: `${mayCall('GET', list) ? offeredInWords(command, names) : `See what is possible now: GET ${list}.`} Trying again does not help.`,
  });
}

/** What is offered, the names first that were probably meant. */
function offeredInWords(command: string, names: readonly string[]): string {
  const usable = names.filter((candidate) => name.pattern.test(candidate));
  if (usable.length === 0) return 'At present it offers no command at all.';
  const ordered = [...new Set([...closestNames(command, usable, MOST_NAMES), ...usable])];
  const shown = ordered.slice(0, MOST_NAMES).map((candidate) => `"${candidate}"`);
  const more = ordered.length - shown.length;
  return `At present it offers ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

function commandNames(list: Buffer | undefined): string[] | undefined {
  const commands: unknown = list === undefined ? undefined : JSON.parse(list.toString('utf8'));
  if (!Array.isArray(commands)) return undefined;
  const names = commands.map(nameOf);
  return names.every((candidate) => candidate !== undefined) ? names : undefined;
}

function nameOf(command: unknown): string | undefined {
  const isNamed = typeof command === 'object' && command !== null && 'CommandName' in command;
  return isNamed && typeof command.CommandName === 'string' ? command.CommandName : undefined;
}
