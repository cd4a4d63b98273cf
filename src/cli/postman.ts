import { postmanCollection, postmanEnvironment } from '../pages/postman/postman-collection.ts';
import type { Command } from './command.ts';
import { callerOption, printDocument } from './documented.ts';

/** Prints what `GET /postman.json` answers, without a server, and the environment that goes with it. */
export const postman: Command = {
  name: 'postman',
  summary: 'prints the routes of this configuration as a Postman collection',
  usage: '[--environment] [--caller NAME]',
  description: [
    'The same collection (format 2.1) is at /postman.json of a running server, for each caller with what it may call. Import it, and the environment with it; put the key into the environment.',
    'Exit status: 0, or 78 when the configuration has problems.',
  ],
  options: [
    { name: 'environment', meaning: 'prints the environment: the address, and a place for the key' },
    callerOption,
  ],
  words: { least: 0, most: 0 },
  run: (input) => printDocument(input, input.has('environment') ? postmanEnvironment : postmanCollection),
};
