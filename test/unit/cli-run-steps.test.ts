import { describe, expect, it } from '@jest/globals';
import { ok, type Finding } from '../../src/cli/doctor/finding.ts';
import { runSteps, type Step } from '../../src/cli/doctor/run-steps.ts';
import { Deadline } from '../../src/forward/deadline.ts';
import { Problem } from '../../src/problems/problem.ts';

type Look = Step<undefined>;

function step(name: string, run: Look['run'], limitMs = 1_000): Look {
  return { name, limitMs, run };
}

function findings(steps: readonly Look[], deadlineMs = 5_000): Promise<Finding[]> {
  return runSteps(steps, undefined, new Deadline(deadlineMs, 'the test'), () => undefined);
}

const fine = step('fine', async () => [ok('fine', 'yes')]);

describe('the steps of the doctor', () => {
  it('go on after one that fails, which tells detail and hint of its problem', async () => {
    const problem = new Problem('token-unavailable', { detail: 'No token.', hint: 'Try again.' });
    const failing = step('token', () => Promise.reject(problem));
    expect(await findings([failing, fine])).toEqual([
      { step: 'token', mark: 'failed', detail: 'No token.', cure: 'Try again.' },
      { step: 'fine', mark: 'ok', detail: 'yes' },
    ]);
  });

  it('show of an error that nobody expected its class alone', async () => {
    const failing = step('token', () => Promise.reject(new TypeError('the secret is hunter2')));
    const [finding] = await findings([failing]);
    expect(finding).toMatchObject({ mark: 'failed', detail: 'The check itself failed (TypeError).' });
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  it('give up one that never ends', async () => {
    const endless = step('endless', () => new Promise(() => undefined), 50);
    const [first, second] = await findings([endless, fine]);
    expect(first).toMatchObject({ step: 'endless', mark: 'failed', detail: 'Not known: no result within 0.05 s.' });
    expect(second?.mark).toBe('ok');
  });

  it('end with their deadline', async () => {
    const endless = step('endless', () => new Promise(() => undefined), 10_000);
    const [first, second] = await findings([endless, fine], 50);
    expect(first?.mark).toBe('failed');
    expect(second).toMatchObject({ mark: 'failed', detail: 'Not known: there was no time left for it.' });
  });

  it('say why one is not taken', async () => {
    const needless: Look = { ...fine, skip: () => 'nothing to look at' };
    expect(await findings([needless])).toEqual([{ step: 'fine', mark: 'skipped', detail: 'nothing to look at' }]);
  });
});
