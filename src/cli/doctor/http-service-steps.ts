import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { isHtml, isSuccess } from '../../services/answers.ts';
import type { ForwardOperation } from '../../services/operation.ts';
import { askService, refusalOf } from './ask-service.ts';
import { ok, warning, type Finding } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';

/** The API, or a proxy before it, knows the address but not the method. */
const METHOD_UNKNOWN = new Set([405, 501]);
const NOT_THERE = new Set([404, 410]);

/**
 * Nothing is known of the API but its routes. `HEAD` of one that is read without a parameter changes nothing (RFC 9110,
 * section 9.2.1); where there is none, `OPTIONS` shows at least whether the token is taken.
 */
const api: Step<Patient> = {
  name: 'API',
  limitMs: 4_000,
  skip: whyNotAsked,
  async run(patient, limitMs) {
    const operations = patient.offer.operations.filter((operation) => operation.kind === 'forward');
    const readable = operations.find(({ method, path }) => method === 'GET' && !/[:*]/.test(path));
    const asked = readable ?? operations[0];
    if (asked === undefined) return [ok('API', 'has no routes to ask')];
    const startMs = performance.now();
    const remaining = (): number => Math.max(1, limitMs - (performance.now() - startMs));
    const method = readable === undefined ? 'OPTIONS' : 'HEAD';
    const path = readable === undefined ? '/' : targetOf(readable);
    const answer = await askService(patient, { method, path, headers: { accept: '*/*' } }, limitMs);
    if (isRefusal(asked, answer))
      throw await refusalOf(patient, asked, answer, (request) => askService(patient, request, remaining()));
    return [readable === undefined ? ofOptions(answer) : ofHead(readable, answer)];
  },
};

/** What is not the API's own answer, or is about our credential. That a method is not known is no refusal. */
function isRefusal(asked: ForwardOperation, answer: BufferedAnswer): boolean {
  if (METHOD_UNKNOWN.has(answer.status)) return false;
  return !asked.passes(answer) || answer.status === 407 || answer.status === 429;
}

function ofOptions(answer: BufferedAnswer): Finding {
  if (isPage(answer)) return pageFinding('OPTIONS', answer);
  return ok('API', `answers OPTIONS with ${answer.status}; no route is read without a parameter, so none was asked`);
}

function ofHead({ path }: ForwardOperation, answer: BufferedAnswer): Finding {
  const { status } = answer;
  if (isPage(answer)) return pageFinding('HEAD', answer);
  if (NOT_THERE.has(status))
    return warning(
      'API',
      `The API answers HEAD of what the route ${path} leads to with ${status}.`,
      'Compare "url" of the service and the target of the route with the documentation of the API. If both are right, it may know no HEAD.',
    );
  const note = METHOD_UNKNOWN.has(status) ? '; it is there, but knows no HEAD' : '';
  return ok('API', `answers HEAD with ${status}${note}`);
}

/** An API may have pages; a login page is more likely. */
function isPage(answer: BufferedAnswer): boolean {
  return isSuccess(answer) && isHtml(answer);
}

function pageFinding(method: string, { status }: BufferedAnswer): Finding {
  return warning(
    'API',
    `What answers ${method} with ${status} is a page (text/html), not data.`,
    'If the API has no pages, "url" of the service may be that of a web application or a login page.',
  );
}

function targetOf(operation: ForwardOperation): string {
  return operation.toRequest({
    method: 'GET',
    params: {},
    query: [],
    body: undefined,
    json: undefined,
    headers: {},
    caller: 'doctor',
    idempotencyKey: undefined,
    freshId: '',
    identity: undefined,
    mayCall: () => false,
  }).path;
}

export const httpServiceSteps: readonly Step<Patient>[] = [api];
