import type { FlowConfig } from '../../config/config.ts';
import { csrfFetchHeaders, wantsCsrfToken } from '../../forward/csrf-sessions.ts';
import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { Problem } from '../../problems/problem.ts';
import { header, isHtml, isSuccess } from '../../services/answers.ts';
import { askService, refusalOf } from './ask-service.ts';
import { failed, failedBy, ok, skipped, warning, type Finding } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';

/** Flows that are asked at once. */
const AT_ONCE = 16;
/** One flow, milliseconds. */
const FLOW_MS = 4_000;

/** Asks every flow of the service for a sign of life. */
export const flows: Step<Patient> = {
  name: 'flows',
  limitMs: 6_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    const { service } = patient;
    const all = service.kind === 'sap-integration' ? service.flows : [];
    if (all.length === 0)
      return [warning('flows', 'No flow is configured.', 'Set INTEGRATION_FLOWS, or "flows" of the service.')];
    const findings = await askAll(patient, all, performance.now() + limitMs);
    const unasked = findings.filter(({ mark }) => mark === 'skipped').length;
    return unasked === 0 ? findings : [...findings, tooMany(unasked, all.length)];
  },
};

/** In their order. What the time does not suffice for is skipped. */
async function askAll(patient: Patient, all: readonly FlowConfig[], endMs: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const leftMs = Math.min(FLOW_MS, endMs - performance.now());
    const found = some.map((flow) =>
      leftMs > 0
        ? flowFinding(patient, flow, leftMs)
        : Promise.resolve(skipped(stepOf(flow), 'not asked: there was no time left for it')),
    );
    findings.push(...(await Promise.all(found)));
  }
  return findings;
}

function tooMany(unasked: number, all: number): Finding {
  return failed(
    'flows',
    `Not known of ${unasked} of ${all}: there was no time left for them.`,
    'See why the others took so long. With --service the doctor asks no other service beside.',
  );
}

function stepOf({ name }: FlowConfig): string {
  return `flow ${name}`;
}

/** A sender's answer, and the method that it was asked by. */
interface Sign {
  readonly method: 'HEAD' | 'OPTIONS';
  readonly answer: BufferedAnswer;
}

/** @param limitMs for all requests to this flow together */
async function flowFinding(patient: Patient, flow: FlowConfig, limitMs: number): Promise<Finding> {
  const step = stepOf(flow);
  const endMs = performance.now() + limitMs;
  const remaining = (): number => Math.max(1, endMs - performance.now());
  try {
    const sign = await signOfLife(patient, flow, remaining);
    const refusal = await refusalBy(patient, flow, sign.answer, remaining);
    return refusal ? failedBy(step, refusal) : livingFlow(step, flow, sign);
  } catch (error) {
    if (error instanceof Problem) return failedBy(step, error);
    throw error;
  }
}

/**
 * Asks a sender without running its flow. `HEAD` with a wish for a CSRF token is answered by the adapter itself, where
 * the sender is protected: so it is sent where that is configured, and where the sender has said so. All others are
 * asked by `OPTIONS`, so that no flow runs that takes GET.
 */
async function signOfLife(patient: Patient, flow: FlowConfig, remaining: () => number): Promise<Sign> {
  const headers = { accept: '*/*', ...(flow.csrf === 'off' ? {} : csrfFetchHeaders) };
  const ask = async (method: Sign['method']): Promise<Sign> => ({
    method,
    answer: await askService(patient, { method, path: flow.address, headers }, remaining()),
  });
  if (flow.csrf === 'always' && !flow.methods.includes('GET')) return ask('HEAD');
  const sign = await ask('OPTIONS');
  return flow.csrf !== 'off' && wantsCsrfToken(sign.answer) ? ask('HEAD') : sign;
}

/** A sender that does not know the method, or wants a CSRF token first, is there all the same. */
async function refusalBy(
  patient: Patient,
  flow: FlowConfig,
  answer: BufferedAnswer,
  remaining: () => number,
): Promise<Problem | undefined> {
  const operation = patient.offer.operations.find(({ path }) => path === `/flows/${flow.name}`);
  if (operation?.kind !== 'forward') throw new Error('a flow without an operation');
  const isThere = isMethodUnknown(answer) || wantsCsrfToken(answer);
  if (isThere || (operation.passes(answer) && answer.status !== 404)) return undefined;
  return refusalOf(patient, operation, answer, (request) => askService(patient, request, remaining()));
}

function isMethodUnknown({ status }: BufferedAnswer): boolean {
  return status === 405 || status === 501;
}

function livingFlow(step: string, flow: FlowConfig, { method, answer }: Sign): Finding {
  const csrfToken = header(answer, 'x-csrf-token');
  const isProtected = csrfToken !== undefined;
  if (isProtected && flow.csrf === 'off')
    return warning(
      step,
      'The sender is protected against CSRF, and csrf: off is set for the flow.',
      'Set csrf: auto for the flow, so that the handshake is made.',
    );
  if (method === 'HEAD' && !isMethodUnknown(answer) && (!isProtected || wantsCsrfToken(answer)))
    return withoutToken(step, flow);
  if (isSuccess(answer) && isHtml(answer))
    return warning(
      step,
      `What answers ${method} with ${answer.status} is a page (text/html).`,
      'The address of the service may be that of a web application or a login page. Take "url" of the service key.',
    );
  const note = isProtected ? ', protected against CSRF' : '';
  const answered = `answers ${method} with ${answer.status}${note}`;
  return ok(step, `${flow.address} ${answered}; it was not run`);
}

function withoutToken(step: string, { csrf }: FlowConfig): Finding {
  if (csrf === 'always')
    return warning(
      step,
      'The sender gave no CSRF token, and csrf: always is set for the flow.',
      'Set csrf: auto for the flow, or switch "CSRF Protected" on in its HTTPS sender.',
    );
  return warning(
    step,
    'The sender asks for a CSRF token, and gave none.',
    'Writing calls will fail with csrf-handshake-failed. Compare the address of the flow, or switch "CSRF Protected" off in its sender.',
  );
}
