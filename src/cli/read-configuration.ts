import { readdirSync, readFileSync } from 'node:fs';
import { ConfigurationError, formatConfigurationProblems } from '../config/configuration-error.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';

/** sysexits.h, EX_CONFIG. */
const EXIT_CONFIGURATION = 78;

/**
 * Reads the configuration of this process. Problems go to stderr, all at once.
 *
 * @returns the configuration, or the exit status where there are problems
 */
export function readConfiguration(): Config | number {
  try {
    return loadConfig({
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      listDirectory: (path) => readdirSync(path),
      cwd: process.cwd(),
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${formatConfigurationProblems(error.problems)}\n`);
    return EXIT_CONFIGURATION;
  }
}
