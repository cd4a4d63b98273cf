import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly help: boolean;
  /** Start the upstreams alone, without Flowgate in front of them. */
  readonly onlyUpstreams: boolean;
  /** Where to listen; see `helpText`. */
  readonly port: number | undefined;
  /** What is to go wrong, or `list`. */
  readonly problem?: string | undefined;
}

export const helpText = `Usage: npm run sandbox -- [options]

Starts emulated workflow services behind real OAuth servers on this machine, and Flowgate in front of them.
Needs no account and sends nothing to anybody. Ctrl-C ends it.

  --only-upstreams  start the services without Flowgate and print their keys as environment lines
  --port <number>   where Flowgate listens (3000, or any free port if that is taken); with --only-upstreams the
                    first of five ports in a row: authorization server, workflow, integration, control,
                    WorkflowServer (any free ones)
  --problem <name>  make one thing go wrong, and print the line that shows how Flowgate answers; "list" names them all
  --help            show this text
`;

/** @throws Error in words for people when an option is unknown or its value makes no sense */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'only-upstreams': { type: 'boolean', default: false },
      port: { type: 'string' },
      problem: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, 'only-upstreams': onlyUpstreams, port, problem } = values;
  return { help, onlyUpstreams, port: portNumber(port), ...(problem === undefined ? {} : { problem }) };
}

function portNumber(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535.`);
  }
  return port;
}
