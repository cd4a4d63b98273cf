import { readdirSync, readFileSync } from 'node:fs';
import { checkGrants, grantProblems } from '../callers/check-grants.ts';
import { ConfigurationError, formatConfigurationProblems } from '../config/configuration-error.ts';
import type { Config } from '../config/config.ts';
import { loadConfig, type ConfigSources } from '../config/load-config.ts';
import { offerOf } from '../services/offers.ts';
import type { Offer } from '../services/operation.ts';
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
  const config = loadOrTell(sources);
  checkGrants(config.callers, offersOf(config));
  return config;
}

/** Where the services are in order, what is wrong with the grants is told together with all else. */
function loadOrTell(sources: ConfigSources): Config {
  try {
    return loadConfig(sources);
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.partial === undefined) throw error;
    const { partial, problems } = error;
    throw new ConfigurationError([...problems, ...grantProblems(partial.callers, offersOf(partial))]);
  }
}

function offersOf({ services }: Pick<Config, 'services'>): readonly Offer[] {
  return services.map((service) => offerOf(service));
}
