import type { Log } from '../telemetry/log.ts';
import type { TokenEvent } from './token-events.ts';

/**
 * Writes what happens to tokens: for people who look for a fault, save what somebody has to act on.
 *
 * @param services those that use the token
 */
export function logTokenEvent(log: Log, event: TokenEvent, services: readonly string[] = []): void {
  if (event.type !== 'secret-changed') return log.debug({ token: event, services }, 'token');
  const other = event.inUse === 'clientSecret' ? 'nextClientSecret' : 'clientSecret';
  log.warn({ token: event, services }, `the authorization server refuses ${other} and takes ${event.inUse}`);
}
