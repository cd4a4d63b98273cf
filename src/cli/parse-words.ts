import { parseArgs } from 'node:util';
import { editDistance } from '../config/closest-name.ts';
import { UsageError, type Command, type CommandInput, type Option } from './command.ts';

/** A word that may be told back: anything else could be a secret that was pasted into the wrong place. */
const SHOWABLE = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;

/** Two letters that changed places count as two slips. */
const MOST_SLIPS = 2;

const HELP: Option = { name: 'help', meaning: 'shows this help' };

/** The options that a command knows, with the one that all commands have. */
export function optionsOf({ options }: Command): readonly Option[] {
  return [...options, HELP];
}

/**
 * Reads what stands after the name of a command: `--name value`, `--name=value`, and words. What follows `--` is words.
 *
 * @throws {UsageError} that names the nearest option
 */
export function parseWords(command: Command, args: readonly string[]): CommandInput {
  const options = optionsOf(command);
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(options.map(({ name, value }) => [name, { type: value ? 'string' : 'boolean' }])),
  });
  const given = new Map<string, string | undefined>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = findOption(options, token.name, token.rawName);
    checkValue(option, token.inlineValue === false && token.value.startsWith('--') ? undefined : token.value);
    if (given.has(option.name)) throw new UsageError(`--${option.name} is given twice.`);
    given.set(option.name, token.value);
  }
  if (!given.has(HELP.name)) checkCount(command, words.length);
  return { words, has: (name) => given.has(name), value: (name) => given.get(name) };
}

function findOption(options: readonly Option[], name: string, rawName: string): Option {
  if (rawName === '-h') return HELP;
  const option = rawName.startsWith('--') ? options.find((known) => known.name === name) : undefined;
  if (option) return option;
  const names = options.map((known) => known.name);
  const closest = nearestName(name, names);
  const known = names.map((known) => `--${known}`).join(', ');
  throw new UsageError(
    `There is no option ${SHOWABLE.test(name) ? rawName : 'of that name'}.` +
      (closest === undefined ? ` There are: ${known}.` : ` Did you mean --${closest}?`),
  );
}

function checkValue({ name, value: valueName }: Option, value: string | undefined): void {
  if (valueName === undefined && value !== undefined) throw new UsageError(`--${name} takes no value.`);
  if (valueName !== undefined && (value === undefined || value === ''))
    throw new UsageError(`--${name} needs a value: --${name} ${valueName}`);
}

function checkCount({ name, usage, words }: Command, count: number): void {
  if (count < words.least) throw new UsageError(`Something is missing: flowgate ${name} ${usage}`);
  if (count > words.most) throw new UsageError(`That is one word too many: flowgate ${name} ${usage}`.trim());
}

/** The command of that name. @throws {UsageError} that names the nearest one */
export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find((known) => known.name === name);
  if (command) return command;
  const names = commands.map((known) => known.name);
  const closest = nearestName(name, names);
  throw new UsageError(
    `There is no command ${SHOWABLE.test(name) ? `"${name}"` : 'of that name'}.` +
      (closest === undefined ? ` There are: ${names.join(', ')}.` : ` Did you mean "${closest}"?`),
  );
}

/** The name that was probably meant. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  if (name.length > 32) return undefined;
  const begun = names.find((known) => name.length > 1 && known.startsWith(name));
  const ranked = names
    .map((known) => ({ known, slips: editDistance(name.toLowerCase(), known) }))
    .filter(({ slips }) => slips <= MOST_SLIPS && slips < name.length)
    .sort((one, other) => one.slips - other.slips);
  return begun ?? ranked[0]?.known;
}
