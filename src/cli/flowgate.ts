#!/usr/bin/env node
import { check } from './check.ts';
import { hashKey } from './hash-key.ts';

/** sysexits.h, EX_USAGE. */
const EXIT_USAGE = 64;

const USAGE = `flowgate <command>

  check             validates the configuration and exits: 0, or 78 with every problem and its cure
  hash-key          reads a key from the terminal or a pipe and prints it as sha256:<hex> for the configuration
  hash-key --new    makes a new key and prints it with its hash
`;

const commands: Readonly<Record<string, (args: readonly string[]) => number | Promise<number>>> = {
  check,
  'hash-key': hashKey,
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command) process.exitCode = await command(args);
else {
  const asked = name === '' || name === 'help' || name === '--help';
  (asked ? process.stdout : process.stderr).write(asked ? USAGE : `There is no command "${name}".\n\n${USAGE}`);
  process.exitCode = asked ? 0 : EXIT_USAGE;
}
