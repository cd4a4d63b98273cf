import { describe, expect, it } from '@jest/globals';
import type { OperationInput } from '../../src/services/operation.ts';
import { processIdOf } from '../../src/services/workflow-server-start.ts';

const first: OperationInput = {
  method: 'POST',
  params: { id: 'TestScheme' },
  query: [],
  body: Buffer.from('{}'),
  json: {},
  headers: {},
  caller: 'tester',
  idempotencyKey: 'key',
  freshId: 'f54104f0-5de2-4a7b-a3be-47c9199a3967',
  identity: undefined,
  mayCall: () => true,
};

function idOf(changes: Partial<OperationInput> = {}, service = 'approvals'): string {
  return processIdOf(service, { ...first, ...changes });
}

describe('the id of a process that a start makes', () => {
  it('is the same for the same key, whichever request it stands in', () => {
    expect(idOf({ freshId: 'another', body: Buffer.from('{"a":1}') })).toBe(idOf());
  });

  it.each<[string, string]>([
    ['another key', idOf({ idempotencyKey: 'other' })],
    ['another caller', idOf({ caller: 'other' })],
    ['another who acts', idOf({ identity: 'ada@example.com' })],
    ['another scheme', idOf({ params: { id: 'Other' } })],
    ['another service', idOf({}, 'other')],
    ['no key', idOf({ idempotencyKey: undefined })],
  ])('is another one for %s', (_what, id) => {
    expect(id).not.toBe(idOf());
  });

  it('is not confused by names that hold what separates them', () => {
    expect(idOf({ caller: 'a","b', identity: 'c' })).not.toBe(idOf({ caller: 'a', identity: 'b","c' }));
  });

  it('is the fresh one without a key', () => {
    expect(idOf({ idempotencyKey: undefined })).toBe(first.freshId);
  });
});
