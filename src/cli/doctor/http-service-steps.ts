import type { ForwardOperation } from '../../services/operation.ts';
import { askService, refusalOf } from './ask-service.ts';
import { ok } from './finding.ts';
import { whyNotAsked, type Patient } from './patient.ts';
import type { Step } from './run-steps.ts';

/** What an API says of our credential, or what says that something else answers. */
const TELLING = new Set([401, 403, 407]);

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
    const method = readable === undefined ? 'OPTIONS' : 'HEAD';
    const path = readable === undefined ? '/' : targetOf(readable);
    const answer = await askService(patient, { method, path, headers: { accept: '*/*' } }, limitMs);
    const { status } = answer;
    const isRefusal = TELLING.has(status) || (status >= 300 && status < 400) || (status >= 500 && status !== 501);
    if (!isRefusal) return [ok('API', `answers ${method} with ${status}`)];
    throw await refusalOf(patient, asked, answer, (request) => askService(patient, request, limitMs));
  },
};

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
