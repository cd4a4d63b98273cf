import { openApiDocument } from '../pages/openapi/openapi-document.ts';
import type { Command } from './command.ts';
import { callerOption, printDocument } from './documented.ts';

/** Prints what `GET /openapi.json` answers, without a server. */
export const openapi: Command = {
  name: 'openapi',
  summary: 'prints the routes of this configuration as OpenAPI 3.1',
  usage: '[--caller NAME]',
  description: [
    'The same document is at /openapi.json of a running server, for each caller with what it may call. It holds no secret.',
    'Exit status: 0, or 78 when the configuration has problems.',
  ],
  options: [callerOption],
  words: { least: 0, most: 0 },
  run: (input) => printDocument(input, openApiDocument),
};
