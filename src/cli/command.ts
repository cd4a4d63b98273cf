/** One command of the command line. Its help is made of what stands here. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name: `METHOD /path --caller NAME`. */
  readonly usage: string;
  /** Paragraphs below the usage. */
  readonly description: readonly string[];
  readonly options: readonly Option[];
  /** How many words it takes beside its options. */
  readonly words: { readonly least: number; readonly most: number };
  /** @returns the exit status */
  run(input: CommandInput): number | Promise<number>;
}

export interface Option {
  /** Without its two hyphens. */
  readonly name: string;
  /** What its value is called in the help; an option without one is a switch. */
  readonly value?: string;
  readonly meaning: string;
}

/** What a command was called with. */
export interface CommandInput {
  readonly words: readonly string[];
  /** Whether a switch was given. */
  has(option: string): boolean;
  /** The value of an option. */
  value(option: string): string | undefined;
}

/** The command was called in a wrong way; the message says how, and what was probably meant. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
