import type { Deadline } from '../../forward/deadline.ts';
import { Problem } from '../../problems/problem.ts';
import { failed, failedBy, skipped, type Finding } from './finding.ts';

/** One thing to look at. */
export interface Step<Patient> {
  readonly name: string;
  /** The longest it may take, milliseconds. */
  readonly limitMs: number;
  /** Why there is no sense in taking it; `undefined`: take it. */
  readonly skip?: (patient: Patient) => string | undefined;
  /**
   * @param limitMs what is left for it: what it waits for should give up a little earlier, to say more of it
   * @throws {Problem} as the one finding
   */
  readonly run: (patient: Patient, limitMs: number) => Promise<readonly Finding[]>;
}

/** Time that a step has beyond what its own waits may take, milliseconds. */
const GRACE_MS = 250;

/**
 * Takes steps one after the other, whatever each of them brings. None takes longer than its limit, and all of them not
 * longer than the deadline.
 *
 * @param begin called with the name of each step that is taken
 */
export async function runSteps<Patient>(
  steps: readonly Step<Patient>[],
  patient: Patient,
  deadline: Deadline,
  begin: (step: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const step of steps) {
    const why = step.skip?.(patient);
    if (why === undefined) begin(step.name);
    findings.push(...(why === undefined ? await runStep(step, patient, deadline) : [skipped(step.name, why)]));
  }
  return findings;
}

async function runStep<Patient>(
  { name, limitMs, run }: Step<Patient>,
  patient: Patient,
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const ms = Math.min(limitMs, deadline.remainingMs());
  if (ms === 0) return [tooSlow(name, 'there was no time left for it')];
  const { promise, resolve } = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(() => resolve([tooSlow(name, `no result within ${ms / 1000} s`)]), ms + GRACE_MS);
  try {
    return await Promise.race([run(patient, ms), promise]);
  } catch (error) {
    return [error instanceof Problem ? failedBy(name, error) : unexpected(name, error)];
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(step: string, what: string): Finding {
  return failed(step, `Not known: ${what}.`, 'Look at what was slow before, and run the doctor again.');
}

/** Only the class of the error: its message may hold anything. */
function unexpected(step: string, error: unknown): Finding {
  const name = error instanceof Error ? error.name : typeof error;
  return failed(step, `The check itself failed (${name}).`, 'This is a mistake of the doctor: please report it.');
}
