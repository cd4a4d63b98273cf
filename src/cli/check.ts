import { readConfiguration } from './read-configuration.ts';

/**
 * `flowgate check`: reads the configuration as the server would, and says what came of it.
 *
 * @returns the exit status: 0, or 78 when there are problems
 */
export function check(): number {
  const config = readConfiguration();
  if (typeof config === 'number') return config;
  const lines = [
    ...config.services.map(({ name, kind, source }) => `service  ${name} (${kind}), from ${source}`),
    ...config.callers.map(
      ({ name, allow }) => `caller   ${name}, ${allow === undefined ? 'every /api route' : allow.join('; ')}`,
    ),
    ...config.notices.map((notice) => `note     ${notice}`),
    'The configuration is valid.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
