#!/usr/bin/env node
import { UsageError } from './command.ts';
import { commands } from './commands.ts';
import { EXIT } from './exit-status.ts';
import { helpOf, overview } from './help.ts';
import { findCommand, parseWords } from './parse-words.ts';

// Who reads may have read enough, as `head` has: the exit status tells all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

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
