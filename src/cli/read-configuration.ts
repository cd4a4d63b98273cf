import { readdirSync, readFileSync } from 'node:fs';
import { checkGrants } from '../callers/check-grants.ts';
import { ConfigurationError, formatConfigurationProblems } from '../config/configuration-error.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { offerOf } from '../services/offers.ts';

/** sysexits.h, EX_CONFIG. */
const EXIT_CONFIGURATION = 78;

/**
 * Reads the configuration of this process. Problems go to stderr, all at once.
 *
 * @returns the configuration, or the exit status where there are problems
 */
export function readConfiguration(): Config | number {
  try {
    const config = loadConfig({
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      listDirectory: (path) => readdirSync(path),
      cwd: process.cwd(),
    });
    checkGrants(
      config.callers,
      config.services.map((service) => offerOf(service)),
    );
    return config;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${formatConfigurationProblems(error.problems)}\n`);
    return EXIT_CONFIGURATION;
  }
}
