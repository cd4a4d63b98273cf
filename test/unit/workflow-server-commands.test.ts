import { describe, expect, it } from '@jest/globals';
import { checkOffered } from '../../src/services/workflow-server-commands.ts';
import type { OperationInput } from '../../src/services/operation.ts';
import { problemOf } from '../support/token-fixtures.ts';

const ID = 'f54104f0-5de2-4a7b-a3be-47c9199a3967';

function check(command: string, names: readonly string[]): void {
  const input: OperationInput = {
    method: 'POST',
    params: { id: ID, command },
    query: [],
    body: undefined,
    json: undefined,
    headers: {},
    caller: 'tester',
    idempotencyKey: undefined,
    freshId: ID,
    identity: undefined,
    mayCall: (method, path) => `${method} ${path}` === `GET /api/approvals/instances/${ID}/commands`,
  };
  const list = JSON.stringify(names.map((CommandName) => ({ CommandName })));
  checkOffered('approvals', { status: 200, body: Buffer.from(list) }, input);
}

async function hintOf(command: string, names: readonly string[]): Promise<string> {
  return (await problemOf(() => check(command, names))).details.hint;
}

describe('a command', () => {
  it('that is offered is not refused', () => {
    expect(() => check('Grant leave', ['Reject', 'Grant leave'])).not.toThrow();
  });

  it('that is not offered is a conflict which names it', async () => {
    const problem = await problemOf(() => check('grant', ['Reject']));
    expect(problem).toMatchObject({ code: 'upstream-conflict', status: 409, retryable: false });
    expect(problem.details.detail).toContain('"grant"');
  });
});

describe('the hint', () => {
  it('names first what was probably meant', async () => {
    expect(await hintOf('aprove', ['reject', 'approve', 'escalate'])).toContain('"approve", "reject", "escalate".');
  });

  it('names a command once, though it leads to several states', async () => {
    expect(await hintOf('x', ['approve', 'approve'])).toContain('offers "approve".');
  });

  it('says how many more there are than it names', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `command-${index}`);
    expect(await hintOf('something else', names)).toContain('"command-9" and 2 more.');
  });

  it('leaves out names that no path can hold', async () => {
    expect(await hintOf('x', ['a/b', 'line\nbreak', 'approve'])).toContain('offers "approve".');
  });

  it('says where nothing is offered', async () => {
    expect(await hintOf('approve', [])).toContain('no command');
  });
});
