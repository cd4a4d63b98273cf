import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../src/telemetry/log.ts';
import { logTokenEvent } from '../../src/tokens/log-token-event.ts';
import type { TokenEvent } from '../../src/tokens/token-events.ts';

/** The lines that an event leaves in a log of this level. */
function linesOf(level: string, event: TokenEvent): Record<string, unknown>[] {
  const lines: string[] = [];
  logTokenEvent(createLog(level, { write: (line) => lines.push(line) }), event, ['workflow']);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of token events', () => {
  it('warns when the second secret is in use, because somebody has to move it', () => {
    expect(linesOf('info', { type: 'secret-changed', inUse: 'nextClientSecret' })).toMatchObject([
      {
        level: 'warn',
        msg: 'the authorization server refuses clientSecret and takes nextClientSecret',
        services: ['workflow'],
      },
    ]);
  });

  it('warns when the first is in use again', () => {
    expect(linesOf('info', { type: 'secret-changed', inUse: 'clientSecret' })).toMatchObject([
      { level: 'warn', msg: 'the authorization server refuses nextClientSecret and takes clientSecret' },
    ]);
  });

  it('is silent about the rest, unless it is asked for details', () => {
    const event = { type: 'obtained', durationMs: 5, lifeSeconds: 60 } as const;
    expect(linesOf('info', event)).toEqual([]);
    expect(linesOf('debug', event)).toMatchObject([{ level: 'debug', msg: 'token', token: event }]);
  });
});
