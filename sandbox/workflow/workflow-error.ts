import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';

/** A refusal of the Workflow service. Thrown by whoever notices it, answered by the server. */
export class WorkflowError extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export interface ErrorDetail {
  readonly severity: string;
  readonly message: string;
}

interface TechnicalErrorOptions {
  /** Without its prefix `bpm.workflowruntime.`; not every error has one. */
  readonly code?: string;
  readonly details?: readonly ErrorDetail[];
}

/** The service's usual error body: `{ "error": { code?, message, logId, details? } }`. */
export function technicalError(status: number, message: string, options: TechnicalErrorOptions = {}): WorkflowError {
  const code = options.code === undefined ? {} : { code: `bpm.workflowruntime.${options.code}` };
  const details = options.details === undefined ? {} : { details: options.details };
  return new WorkflowError(jsonAnswer(status, { error: { ...code, message, logId: logId(), ...details } }));
}

/** The error body of a 409: it has no code. */
export function conflict(message: string): WorkflowError {
  return new WorkflowError(jsonAnswer(409, { error: { message, logId: logId() } }));
}

/** The error body of a 401: flat, unlike all others. */
export function unauthorized(error: string, description: string): WorkflowError {
  const headers = { 'WWW-Authenticate': `Bearer realm="workflow", error="${error}"` };
  return new WorkflowError(jsonAnswer(401, { error, error_description: description }, headers));
}

/** The id under which the service's support finds an error in its log. */
export function logId(): string {
  return randomBytes(16).toString('hex');
}
