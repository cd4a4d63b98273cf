import type { CallerConfig, Config } from '../config/config.ts';
import { UsageError } from './command.ts';
import { nearestName } from './parse-words.ts';

/** All callers of a configuration; where nobody needs a credential, `anonymous` is one of them. */
export function allCallers({ callers, allowAnonymous }: Config): readonly CallerConfig[] {
  return allowAnonymous ? [...callers, { name: 'anonymous', apiKeyDigests: [], allow: undefined }] : callers;
}

/** @throws {UsageError} that names the nearest caller */
export function findCaller(config: Config, name: string): CallerConfig {
  const all = allCallers(config);
  const found = all.find((caller) => caller.name === name);
  if (found) return found;
  const names = all.map((caller) => caller.name);
  const nearest = nearestName(name, names);
  throw new UsageError(
    nearest === undefined
      ? `There is no caller of that name. There are: ${names.join(', ')}.`
      : `There is no caller of that name. Did you mean ${nearest}?`,
  );
}
