import type { FlowConfig } from '../../config/config.ts';
import { API_PLAN_FAULT } from '../../config/api-plan.ts';
import { csrfFetchHeaders, wantsCsrfToken } from '../../forward/csrf-sessions.ts';
import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { Problem } from '../../problems/problem.ts';
import { header } from '../../services/answers.ts';
import { SENDER_ROLE } from '../../services/sap-integration.ts';
import { askService, refusalOf } from './ask-service.ts';
import { failed, failedBy, ok, warning, type Finding } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';
import { audiencesOf } from './token-facts.ts';

/** Flows that are asked at once. */
const AT_ONCE = 8;
/** One flow, milliseconds. */
const FLOW_MS = 4_000;

const roles: Step<Patient> = {
  name: 'roles',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not compared: there is no token' : undefined),
  async run({ token }) {
    const scopes = token?.scopes ?? [];
    const isHeld = scopes.some((scope) => scope === SENDER_ROLE || scope.endsWith(`.${SENDER_ROLE}`));
    return [
      isHeld
        ? ok('roles', `the client has ${SENDER_ROLE}`)
        : warning(
            'roles',
            `The client has no ${SENDER_ROLE}, which senders ask for unless their "User Role" was changed.`,
            `Set it with the parameters of the service instance, {"grant-types":["client_credentials"],"redirect-uris":[],"roles":["${SENDER_ROLE}"]}; a change takes up to 1 hour to arrive.`,
          ),
    ];
  },
};

const plan: Step<Patient> = {
  name: 'plan',
  limitMs: 1_000,
  skip: ({ token }) => (token === undefined ? 'not known: there is no token' : undefined),
  async run({ token }) {
    const audiences = audiencesOf(token);
    if (audiences.some((audience) => /^it!b\d+$/.test(audience)))
      return [failed('plan', `The key ${API_PLAN_FAULT.problem}.`, API_PLAN_FAULT.cure)];
    if (audiences.some((audience) => audience.startsWith('it-rt-'))) return [ok('plan', 'integration-flow')];
    return [
      warning(
        'plan',
        'The token does not say that it is for an integration runtime.',
        `If flows answer 401: ${API_PLAN_FAULT.cure}`,
      ),
    ];
  },
};

const flows: Step<Patient> = {
  name: 'flows',
  limitMs: 6_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    const { service } = patient;
    const all = service.kind === 'sap-integration' ? service.flows : [];
    if (all.length === 0)
      return [warning('flows', 'No flow is configured.', 'Set INTEGRATION_FLOWS, or "flows" of the service.')];
    const findings: Finding[] = [];
    const endMs = performance.now() + limitMs;
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const leftMs = Math.max(1, Math.min(FLOW_MS, endMs - performance.now()));
      const some = all.slice(at, at + AT_ONCE);
      findings.push(...(await Promise.all(some.map((flow) => flowFinding(patient, flow, leftMs)))));
    }
    return findings;
  },
};

/**
 * Asks a sender for a sign of life that runs no flow. `HEAD` with a wish for a CSRF token is answered by the adapter
 * itself, where the sender is protected; all others are asked by `OPTIONS`, so that no flow runs that takes GET.
 */
async function flowFinding(patient: Patient, flow: FlowConfig, limitMs: number): Promise<Finding> {
  const step = `flow ${flow.name}`;
  const method = flow.csrf === 'always' && !flow.methods.includes('GET') ? 'HEAD' : 'OPTIONS';
  const headers = { accept: '*/*', ...(flow.csrf === 'off' ? {} : csrfFetchHeaders) };
  try {
    const answer = await askService(patient, { method, path: flow.address, headers }, limitMs);
    const refusal = await refusalBy(patient, flow, answer, limitMs);
    return refusal ? failedBy(step, refusal) : livingFlow(step, flow, method, answer);
  } catch (error) {
    if (error instanceof Problem) return failedBy(step, error);
    throw error;
  }
}

/** A sender that knows no OPTIONS or wants a CSRF token first is there all the same. */
async function refusalBy(
  patient: Patient,
  flow: FlowConfig,
  answer: BufferedAnswer,
  limitMs: number,
): Promise<Problem | undefined> {
  const operation = patient.offer.operations.find(({ path }) => path === `/flows/${flow.name}`);
  if (operation?.kind !== 'forward') throw new Error('a flow without an operation');
  const isThere = answer.status === 405 || answer.status === 501 || wantsCsrfToken(answer);
  if (isThere || (operation.passes(answer) && answer.status !== 404)) return undefined;
  return refusalOf(patient, operation, answer, (request) => askService(patient, request, limitMs));
}

function livingFlow(step: string, flow: FlowConfig, method: string, answer: BufferedAnswer): Finding {
  const token = header(answer, 'x-csrf-token');
  const isProtected = token !== undefined;
  const answered = `answers ${method} with ${answer.status}`;
  if (isProtected && flow.csrf === 'off')
    return warning(
      step,
      `The sender is protected against CSRF, and csrf: off is set for the flow.`,
      'Set csrf: auto for the flow, so that the handshake is made.',
    );
  if (flow.csrf === 'always' && method === 'HEAD' && !isProtected)
    return warning(
      step,
      'The sender gave no CSRF token, and csrf: always is set for the flow.',
      'Set csrf: auto for the flow, or switch "CSRF Protected" on in its HTTPS sender.',
    );
  return ok(step, `${flow.address} ${answered}${isProtected ? ', protected against CSRF' : ''}; it was not run`);
}

export const sapIntegrationSteps: readonly Step<Patient>[] = [roles, plan, flows];
