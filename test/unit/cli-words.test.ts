import { describe, expect, it } from '@jest/globals';
import { UsageError, type Command } from '../../src/cli/command.ts';
import { helpOf, overview } from '../../src/cli/help.ts';
import { findCommand, parseWords } from '../../src/cli/parse-words.ts';

const command: Command = {
  name: 'greet',
  summary: 'greets somebody',
  usage: 'NAME [--loud] [--language LANGUAGE]',
  description: [
    'A sentence that is long enough to be wrapped, because it has more letters than a terminal has columns.',
  ],
  options: [
    { name: 'loud', meaning: 'greets in capitals' },
    { name: 'language', value: 'LANGUAGE', meaning: 'the language of the greeting' },
  ],
  words: { least: 1, most: 1 },
  run: () => 0,
};

function usageError(args: readonly string[]): string {
  try {
    parseWords(command, args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('the words of a command line', () => {
  it.each([[['Ada', '--language', 'en']], [['--language=en', 'Ada']], [['--language', 'en', '--', 'Ada']]])(
    '%j: an option has its value before or after the words, with a blank or "="',
    (args) => {
      const input = parseWords(command, args);
      expect([input.words, input.value('language'), input.has('loud')]).toEqual([['Ada'], 'en', false]);
    },
  );

  it('take what follows "--" as words, whatever it looks like', () => {
    expect(parseWords(command, ['--', '--loud']).words).toEqual(['--loud']);
  });

  it('name the nearest option when there is none of that name', () => {
    expect(usageError(['Ada', '--lodu'])).toBe('There is no option --lodu. Did you mean --loud?');
  });

  it('list the options when none is near', () => {
    expect(usageError(['Ada', '--quietly'])).toBe(
      'There is no option --quietly. There are: --loud, --language, --help.',
    );
  });

  it('do not tell back what may be a secret', () => {
    expect(usageError(['Ada', '--s3cret$value=1'])).not.toContain('s3cret');
  });

  it.each([
    ['a value for a switch', ['Ada', '--loud=yes'], '--loud takes no value.'],
    ['no value where one is needed', ['Ada', '--language'], '--language needs a value: --language LANGUAGE'],
    ['another option in place of a value', ['Ada', '--language', '--loud'], '--language needs a value'],
    ['the same option twice', ['Ada', '--loud', '--loud'], '--loud is given twice.'],
    ['a word too few', [], 'Something is missing: flowgate greet NAME'],
    ['a word too many', ['Ada', 'Grace'], 'That is one word too many: flowgate greet NAME'],
  ])('refuse %s', (_name, args, message) => {
    expect(usageError(args)).toContain(message);
  });

  it.each([['--help'], ['-h']])('need no words where help is asked for: %s', (flag) => {
    expect(parseWords(command, [flag]).has('help')).toBe(true);
  });
});

describe('a command that does not exist', () => {
  it('is answered with the nearest one', () => {
    expect(() => findCommand([command], 'great')).toThrow('There is no command "great". Did you mean "greet"?');
  });

  it('is answered with all of them where none is near', () => {
    expect(() => findCommand([command], 'serve')).toThrow('There is no command "serve". There are: greet.');
  });
});

describe('the help', () => {
  it('lists every command with what it does', () => {
    expect(overview([command])).toContain('greet  greets somebody');
  });

  it('shows usage and every option of a command, and stays within 80 columns', () => {
    const help = helpOf(command);
    for (const part of [command.usage, '--loud', '--language LANGUAGE', '--help']) expect(help).toContain(part);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
