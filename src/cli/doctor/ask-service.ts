import { randomUUID } from 'node:crypto';
import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { Problem } from '../../problems/problem.ts';
import { parseJson } from '../../services/answers.ts';
import type { ForwardOperation, OperationInput, OperationRequest } from '../../services/operation.ts';
import type { QueryPair } from '../../services/query.ts';
import { explainRefusal } from '../../services/explain-refusal.ts';
import { controlCall } from './control-call.ts';
import type { Patient } from './patient.ts';

/** Sends a request to the service as the server would: below its base URL, with its token. */
export function askService(
  { baseUrl, token, shared }: Patient,
  request: Omit<OperationRequest, 'body'> & { readonly body?: Buffer },
  timeoutMs: number,
): Promise<BufferedAnswer> {
  const { method, path, headers, body } = request;
  return controlCall(
    {
      method,
      url: `${baseUrl.origin}${baseUrl.pathname.replace(/\/$/, '')}${path}`,
      headers: {
        ...headers,
        'x-correlation-id': shared.correlationId,
        ...(token && { authorization: `Bearer ${token.value}` }),
      },
      body,
    },
    timeoutMs,
  );
}

/**
 * Carries out a read of the operation table, without a parameter in its path.
 *
 * @throws {Problem} that a caller would get
 */
export async function readOperation(
  patient: Patient,
  id: string,
  query: readonly QueryPair[],
  timeoutMs: number,
): Promise<void> {
  const operation = forwardOperation(patient, id);
  const input: OperationInput = {
    method: operation.method,
    params: {},
    query,
    body: undefined,
    json: undefined,
    headers: {},
    caller: 'doctor',
    idempotencyKey: undefined,
    freshId: randomUUID(),
    identity: undefined,
    mayCall: () => false,
  };
  const startMs = performance.now();
  const remaining = (): number => Math.max(1, timeoutMs - (performance.now() - startMs));
  const followUp = (request: OperationRequest) => askService(patient, request, remaining());
  const answer = await followUp(operation.toRequest(input));
  if (operation.passes(answer) || (await operation.fromAnswer?.(answer, input, followUp))) return checkJson(answer);
  throw await refusalOf(patient, operation, answer, followUp);
}

/** What passes to a caller as it comes is not looked into there; here it is. */
function checkJson(answer: BufferedAnswer): void {
  if (answer.truncated) throw tooLong();
  if (parseJson(answer) !== undefined) return;
  throw new Problem('upstream-protocol-error', {
    detail: `The service answered with status ${answer.status}, and ${answer.body.length === 0 ? 'nothing in it' : 'no JSON in it'}.`,
    hint: 'Something else may answer at the address of the service, or cut its answers off. Compare the address with the service key.',
  });
}

/** What is asked for is one entry, or a list of names. */
function tooLong(): Problem {
  return new Problem('upstream-protocol-error', {
    detail: 'The service answered a small read with more than 1 MB.',
    hint: 'Something else may answer at the address of the service. Compare the address with the service key.',
  });
}

/** Why the service refused, by the rules of its kind. */
export function refusalOf(
  { offer, token }: Patient,
  operation: ForwardOperation,
  answer: BufferedAnswer,
  followUp: (request: OperationRequest) => Promise<BufferedAnswer>,
): Promise<Problem> {
  const refused = { operation, params: {}, answer, tokenScopes: token?.scopes ?? [] };
  return explainRefusal(offer, refused, followUp);
}

function forwardOperation({ offer }: Patient, id: string): ForwardOperation {
  const operation = offer.operations.find((known) => known.id === id);
  if (operation?.kind === 'forward') return operation;
  throw new Error(`the service has no operation ${id}`);
}
