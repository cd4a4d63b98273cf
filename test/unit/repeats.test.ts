import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Deadline } from '../../src/forward/deadline.ts';
import { RepeatBudget } from '../../src/forward/repeat-budget.ts';
import { TransportFailure, type TransportCause } from '../../src/forward/transport-failure.ts';
import type { Effect, ForwardOperation } from '../../src/services/operation.ts';
import { repeatTable, setbackOf, type Setback } from '../../src/services/repeat-table.ts';
import { Repeats } from '../../src/services/repeats.ts';

function operation(effect: Effect, repeatable = false): ForwardOperation {
  return {
    kind: 'forward',
    id: 'x',
    method: 'POST',
    path: '/x',
    summary: '',
    effect,
    repeatable,
    authorities: [],
    query: { kind: 'none' },
    body: { kind: 'none' },
    status: 200,
    answerHeaders: [],
    toRequest: () => ({ method: 'POST', path: '/x', headers: {} }),
    passes: () => true,
  };
}

function failure(reason: TransportCause, bytesSent: boolean, answerBegun = false): TransportFailure {
  return new TransportFailure({
    phase: bytesSent ? 'answer-head' : 'connect',
    reason,
    bytesSent,
    code: 'X',
    answerBegun,
  });
}

/** How often an attempt that ended so may be repeated. */
function repeats(cause: Setback, of: ForwardOperation, method: string, body?: Buffer | Readable): number {
  const taken = new Repeats(of, { method, path: '/x', headers: {}, body }, new RepeatBudget());
  const deadline = new Deadline(10_000, 'the test');
  let times = 0;
  while (times < 10 && taken.take(cause, deadline) !== undefined) times++;
  return times;
}

const ways: [name: string, of: ForwardOperation, method: string][] = [
  ['a start', operation('start'), 'POST'],
  ['a PATCH', operation('change'), 'PATCH'],
  ['a PUT', operation('change'), 'PUT'],
  ['a read', operation('read'), 'GET'],
  ['a start that was declared to be harmless twice', operation('start', true), 'POST'],
];

describe('what may be sent again', () => {
  const rows: [name: string, failure: TransportFailure, times: number[]][] = [
    ['refused, unknown, unreachable', failure('refused', false), [1, 1, 1, 1, 1]],
    ['no connection in time', failure('timeout', false), [1, 1, 1, 1, 1]],
    ['a certificate that is not to be trusted', failure('certificate', false), [0, 0, 0, 0, 0]],
    ['a broken connection', failure('reset', true), [0, 0, 1, 1, 1]],
    ['a connection broken at once, maybe after a byte', failure('reset', false), [0, 0, 1, 1, 1]],
    ['no answer in time', failure('timeout', true), [0, 0, 0, 0, 0]],
    ['no valid HTTP', failure('protocol', true), [0, 0, 0, 0, 0]],
    ['an answer that is too large', failure('too-large', true), [0, 0, 0, 0, 0]],
    ['an answer that broke off on its way to the caller', failure('reset', true, true), [0, 0, 0, 0, 0]],
    ['a caller that left', failure('aborted', true), [0, 0, 0, 0, 0]],
    ["the caller's own body", failure('caller-body', true), [0, 0, 0, 0, 0]],
  ];
  it.each(rows)('after %s', (_name, failed, times) => {
    const cause = setbackOf(failed);
    expect(ways.map(([, of, method]) => repeats(cause, of, method))).toEqual(times);
  });

  it.each<[Setback, number]>([
    ['token-refused', 1],
    ['csrf-wanted', 1],
    ['busy', 2],
  ])('after %s, which proves that nothing was done: whatever it is', (cause, times) => {
    for (const [, of, method] of ways) expect(repeats(cause, of, method)).toBe(times);
  });

  it('is never a stream, which is gone once it was sent', () => {
    const causes = Object.keys(repeatTable) as Setback[];
    for (const cause of causes) expect(repeats(cause, operation('read'), 'GET', Readable.from([]))).toBe(0);
  });

  it('is nothing for which there is no time left', () => {
    const taken = new Repeats(
      operation('read'),
      { method: 'GET', path: '/', headers: {}, body: undefined },
      new RepeatBudget(),
    );
    expect(taken.take('not-connected', new Deadline(50, 'the test'))).toBeUndefined();
  });

  it('is counted for each cause by itself', () => {
    const taken = new Repeats(
      operation('read'),
      { method: 'GET', path: '/', headers: {}, body: undefined },
      new RepeatBudget(),
    );
    const deadline = new Deadline(10_000, 'the test');
    expect(taken.take('not-connected', deadline)).toBeDefined();
    expect(taken.take('token-refused', deadline)).toBeDefined();
    expect(taken.take('connection-broke', deadline)).toBeDefined();
    expect(taken.take('connection-broke', deadline)).toBeUndefined();
    expect(taken.mayHaveHappened).toBe(true);
  });

  it('is nothing more when trouble has used up the budget, save what is no trouble', () => {
    const budget = new RepeatBudget();
    while (budget.spend());
    const taken = new Repeats(operation('read'), { method: 'GET', path: '/', headers: {}, body: undefined }, budget);
    const deadline = new Deadline(10_000, 'the test');
    expect(taken.take('not-connected', deadline)).toBeUndefined();
    expect(taken.take('token-refused', deadline)).toBeDefined();
  });
});
