import type { Command, Option } from './command.ts';
import { optionsOf } from './parse-words.ts';

/** Columns of a usual terminal. */
const WIDTH = 80;

/** The list of all commands. */
export function overview(commands: readonly Command[]): string {
  const lines = columns(commands.map(({ name, summary }) => [name, summary]));
  return `flowgate <command> [options]\n\n${lines}\n\nflowgate help <command>, or <command> --help, tells more of one.\n`;
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const { name, usage, summary, description } = command;
  const options = columns(optionsOf(command).map((option) => [flag(option), option.meaning]));
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  const paragraphs = [sentence, ...description].map((paragraph) => wrapped(paragraph, WIDTH));
  return `${[`flowgate ${name} ${usage}`.trim(), ...paragraphs, `Options:\n${options}`].join('\n\n')}\n`;
}

function flag({ name, value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** Rows of two columns, indented; what is too long for the second goes on below in its column. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length)) + 4;
  const newLine = `\n${' '.repeat(width)}`;
  return rows
    .map(([first, second]) => `  ${first.padEnd(width - 2)}${wrapped(second, WIDTH - width).replaceAll('\n', newLine)}`)
    .join('\n');
}

function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
