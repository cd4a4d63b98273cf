import { Problem } from '../../problems/problem.ts';
import { heldAuthorities } from '../../services/sap-workflow-authorities.ts';
import { readOperation } from './ask-service.ts';
import { compareAuthorities } from './compare-authorities.ts';
import { failed, failedBy, ok } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';
import { audiencesOf } from './token-facts.ts';

/** Harmless reads, and what they need: the first one that the client may do is done. */
const READS = [
  ['list-definitions', 'WORKFLOW_DEFINITION_GET'],
  ['list-instances', 'WORKFLOW_INSTANCE_GET'],
  ['list-tasks', 'TASK_GET'],
] as const;

const authorities: Step<Patient> = {
  name: 'authorities',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not compared: there is no token' : undefined),
  run: async (patient) => [compareAuthorities(patient)],
};

const plan: Step<Patient> = {
  name: 'plan',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not known: there is no token' : undefined),
  async run({ token }) {
    const isRuntime = audiencesOf(token).some((audience) => /^it(-rt-[^!]*)?!b\d+$/.test(audience));
    return [
      isRuntime
        ? failed(
            'plan',
            'The token is for Process Integration Runtime.',
            'Use the key of an instance of Workflow or SAP Build Process Automation.',
          )
        : ok('plan', 'the token is not for another service'),
    ];
  },
};

const api: Step<Patient> = {
  name: 'API',
  limitMs: 4_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    const held = heldAuthorities(patient.token?.scopes ?? []);
    const [id] = READS.find(([, authority]) => held.includes(authority)) ?? READS[0];
    try {
      await readOperation(patient, id, [['top', '1']], limitMs);
      return [ok('API', `answers ${id}`)];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // That an authority is missing has been told already; that the API says so proves that it is there.
      if (error.code === 'authority-missing' && held.length > 0) return [ok('API', `answers, and refuses ${id}`)];
      return [failedBy('API', error)];
    }
  },
};

export const sapWorkflowSteps: readonly Step<Patient>[] = [authorities, plan, api];
