import { setImmediate as immediate } from 'node:timers/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem } from '../problems/problem.ts';
import { sendProblem } from '../problems/send-problem.ts';
import { CallerGone } from '../services/failure-problem.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { RequestTarget } from './request-target.ts';

/** How those are refused who send too much. */
const FLOOD_REFUSALS: ReadonlySet<string> = new Set(['overloaded', 'rate-limited']);

/** What our own middleware leaves for the steps after it, under `response.locals`. */
interface Locals {
  record: RequestRecord;
  target: RequestTarget;
}

export function localsOf(response: Response): Locals {
  return response.locals as Locals;
}

/** Turns whatever was thrown on the way of a request into its one answer. */
export function answerError(error: unknown, response: Response): void {
  const { record } = localsOf(response);
  if (error instanceof CallerGone || response.destroyed) {
    response.destroy();
    return;
  }
  const problem = error instanceof Problem ? error : internalProblem();
  record.code = problem.code;
  if (problem.code === 'internal' || problem.details.cause !== undefined)
    record.failure = problem.details.cause ?? error;
  record.bytesOut = sendProblem(response, problem, record.correlationId);
}

/** Answers a request, or throws or rejects. */
export type Handle = (request: Request, response: Response) => Promise<void> | void;

/** For Express: whatever goes wrong in it neither takes the process down nor leaves the caller waiting. */
export function handler(handle: Handle): RequestHandler {
  return async (request: Request, response: Response, _next: NextFunction) => {
    try {
      await handle(request, response);
    } catch (error) {
      // A small body mostly comes in one piece with its head, and the parser is about to read it. Once it has, the
      // connection can be kept: in a flood, closing it and taking the next would cost more than the refusal.
      if (error instanceof Problem && FLOOD_REFUSALS.has(error.code) && !request.complete) await immediate();
      answerError(error, response);
    }
  };
}

function internalProblem(): Problem {
  return new Problem('internal', {
    detail: 'Something in Flowgate itself went wrong.',
    hint: 'Find the correlation id in the log of this server, and report it to its operator.',
  });
}
