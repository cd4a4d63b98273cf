import { Problem } from '../../problems/problem.ts';
import type { ServiceConfig } from '../../config/config.ts';
import { authoritiesJson, heldAuthorities } from '../../services/sap-workflow-authorities.ts';
import { readOperation } from './ask-service.ts';
import { failed, failedBy, ok, warning, type Finding } from './finding.ts';
import { grantedOperations, listed, neededAuthorities } from './needed-authorities.ts';
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

function compareAuthorities(patient: Patient): Finding {
  const { offer, config, token, service } = patient;
  const needed = neededAuthorities(grantedOperations(offer, config));
  const held = heldAuthorities(token?.scopes ?? []);
  const missing = [...needed.keys()].filter((authority) => !held.includes(authority));
  if (missing.length === 0) return ok('authorities', `all ${needed.size} that the callers' routes need are there`);
  if (token?.scopes.length === 0 && !isProcessAutomation(service))
    return warning(
      'authorities',
      'The token does not tell what the client may do, so nothing could be compared.',
      `The callers' routes need ${listed(needed, missing)}. Compare them with "authorities" of the service instance before you change it: the list replaces the old one.`,
    );
  const detail = `The client lacks ${listed(needed, missing)}.`;
  if (held.length === 0 && isProcessAutomation(service))
    return warning(
      'authorities',
      'The token names no authorities of the workflow API, so they cannot be compared.',
      'In process automation the client needs the role ProcessAutomationParticipant to start, and ProcessAutomationAdmin for the rest.',
    );
  const json = authoritiesJson(held, missing);
  return failed(
    'authorities',
    detail,
    `The list replaces the old one, so this is the whole of it: cf update-service ${instanceName(service)} -c '${json}'`,
  );
}

/** Its gateway has the API below `/workflow/rest` or `/public/workflow/rest`. */
function isProcessAutomation(service: ServiceConfig): boolean {
  return service.kind === 'sap-workflow' && !service.apiUrl.includes('/workflow-service/');
}

/** What `cf` calls the service: the name of its binding, where it comes from one. */
function instanceName({ source }: ServiceConfig): string {
  return /^binding ([\w.-]+)$/.exec(source)?.[1] ?? '<instance>';
}

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
