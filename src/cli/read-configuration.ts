import { readdirSync, readFileSync } from 'node:fs';
import { checkGrants } from '../callers/check-grants.ts';
import { ConfigurationError, formatConfigurationProblems } from '../config/configuration-error.ts';
import type { Config } from '../config/config.ts';
import { loadConfig, type ConfigSources } from '../config/load-config.ts';
import { offerOf } from '../services/offers.ts';
import { EXIT } from './exit-status.ts';

/** Where this process finds its configuration. */
export const processSources: ConfigSources = {
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  listDirectory: (path) => readdirSync(path),
  cwd: process.cwd(),
};

/**
 * Reads the configuration of this process. Problems go to stderr, all at once.
 *
 * @returns the configuration, or the exit status where there are problems
 */
export function readConfiguration(): Config | number {
  try {
    return loadChecked(processSources);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${formatConfigurationProblems(error.problems)}\n`);
    return EXIT.configuration;
  }
}

/**
 * The configuration, its grants compared with the routes that there are.
 *
 * @throws {ConfigurationError}
 */
export function loadChecked(sources: ConfigSources): Config {
  const config = loadConfig(sources);
  checkGrants(
    config.callers,
    config.services.map((service) => offerOf(service)),
  );
  return config;
}
