#!/usr/bin/env node
import { check } from './check.ts';
import { UsageError, type Command } from './command.ts';
import { doctor } from './doctor.ts';
import { EXIT } from './exit-status.ts';
import { explain } from './explain.ts';
import { hashKey } from './hash-key.ts';
import { helpOf, overview } from './help.ts';
import { importFiles } from './import.ts';
import { openapi } from './openapi.ts';
import { findCommand, parseWords } from './parse-words.ts';
import { postman } from './postman.ts';

/** In the order of the help. */
const commands: readonly Command[] = [check, doctor, explain, importFiles, openapi, postman, hashKey];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.usage;
}

async function main([name = 'help', ...args]: readonly string[]): Promise<number> {
  if (['help', '--help', '-h'].includes(name)) return help(args);
  const command = findCommand(commands, name);
  const input = parseWords(command, args);
  return input.has('help') ? help([command.name]) : command.run(input);
}

function help([name]: readonly string[]): number {
  process.stdout.write(name === undefined ? overview(commands) : helpOf(findCommand(commands, name)));
  return EXIT.ok;
}
