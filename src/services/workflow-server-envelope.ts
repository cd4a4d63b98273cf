import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { Problem } from '../problems/problem.ts';
import { isSuccess, parseJson } from './answers.ts';
import { memberBytes } from './json-members.ts';
import type { FollowUp, OperationRequest } from './operation.ts';
import type { WorkflowServerApi } from './workflow-server-api.ts';

/** `{"data":…,"success":true,"error":"","message":""}`: what the Workflow API wraps all its answers in. */
export interface Envelope {
  /** A failed operation is told here, under status 200. Its text, in `error`, is that of an exception: never shown. */
  readonly success: boolean;
  /** The bytes of `data`; `undefined` where there is none. */
  readonly data: Buffer | undefined;
  /** `data` parsed, for looking only. */
  readonly value: unknown;
}

/** The envelope in an answer, or `undefined` where it is none. */
export function readEnvelope(answer: BufferedAnswer): Envelope | undefined {
  if (!isSuccess(answer) || answer.truncated) return undefined;
  const envelope = parseJson(answer);
  if (typeof envelope !== 'object' || envelope === null) return undefined;
  const { success, data } = envelope as { success?: unknown; data?: unknown };
  if (typeof success !== 'boolean') return undefined;
  return { success, data: memberBytes(answer.body, 'data'), value: data };
}

/** Whether a command was taken and not executed: it is not possible now, and nothing was done. */
export function wasNotExecuted(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'WasExecuted' in value && value.WasExecuted === false;
}

/**
 * Whether a process exists, where the server can say so.
 *
 * @param id of the process
 */
export async function processExists(id: string, api: WorkflowServerApi, followUp: FollowUp): Promise<unknown> {
  return ask(api('isexistprocess', { processId: id }), followUp);
}

/** The `data` of a further question, parsed. Without an answer less can be told, and no more is lost: `undefined`. */
export async function ask(request: OperationRequest, followUp: FollowUp): Promise<unknown> {
  try {
    const envelope = readEnvelope(await followUp(request));
    return envelope?.success ? envelope.value : undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
