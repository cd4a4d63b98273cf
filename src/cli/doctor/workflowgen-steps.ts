import { readOperation } from './ask-service.ts';
import { ok } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';

/** Asks for one action of the user behind the OAuth client. */
const api: Step<Patient> = {
  name: 'API',
  limitMs: 4_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    await readOperation(patient, 'list-tasks', [['size', '1']], limitMs);
    return [ok('API', 'answers viewer, with one action at most')];
  },
};

export const workflowgenSteps: readonly Step<Patient>[] = [api];
