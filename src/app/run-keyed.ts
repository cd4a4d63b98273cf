import { once } from 'node:events';
import type { Deadline } from '../forward/deadline.ts';
import type { KeyedRequest } from '../ledger/keyed-request.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import { endUnknown } from '../ledger/ledger-problems.ts';
import type { Ledger, UnknownOutcome } from '../ledger/ledger.ts';
import { recordAnswer, replayed, type RecordedAnswer } from '../ledger/recorded-answer.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import type { ForwardOperation, LookedUp, Operation, OperationAnswer, SentWindow } from '../services/operation.ts';
import type { StartWatch } from '../services/run-operation.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { AnswerRecorder } from './answer-recorder.ts';

/** The clocks of the engines and ours need not agree. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What a keyed request needs to run, or to find out how its first run ended. */
export interface KeyedRun {
  readonly operation: ForwardOperation;
  readonly deadline: Deadline;
  readonly record: RequestRecord;
  run(watch: StartWatch): Promise<OperationAnswer | undefined>;
  /** Asks the engine. */
  lookUp(window: SentWindow): Promise<LookedUp>;
}

/** Whether an `Idempotency-Key` is heeded: on what starts or sends something. */
export function takesKey(operation: Operation): operation is ForwardOperation {
  if (operation.kind !== 'forward' || operation.method !== 'POST') return false;
  return operation.effect === 'start' || (operation.effect === 'change' && operation.body.kind === 'stream');
}

/**
 * Runs a request under its `Idempotency-Key`, or answers in its place: with the answer of the first run, or with what the
 * engine knows of it.
 *
 * @returns `undefined` when the answer has been streamed to the caller
 * @throws {Problem} of the ledger or of the run
 */
export async function runKeyed(
  ledger: Ledger,
  request: KeyedRequest,
  keyed: KeyedRun,
): Promise<OperationAnswer | undefined> {
  const begun = await ledger.begin(request, keyed.deadline.remainingMs());
  keyed.record.keyed = begun.kind;
  switch (begun.kind) {
    case 'replay':
      return replay(begun.answer, keyed.record);
    case 'run':
      return runAndNote(begun.entry, request.service, keyed);
    case 'unknown':
      if (keyed.operation.repeatable === true)
        return runAndNote(await begun.unknown.runAgain(), request.service, keyed);
      return reconcile(begun.unknown, request.service, keyed);
  }
}

function replay(answer: RecordedAnswer, record: RequestRecord): OperationAnswer {
  record.code = answer.code;
  return replayed(answer);
}

async function runAndNote(entry: LedgerEntry, service: string, keyed: KeyedRun): Promise<OperationAnswer | undefined> {
  let recorder: AnswerRecorder | undefined;
  try {
    const answer = await keyed.run({
      aboutToSend: (deadline) => entry.markSent(deadline.remainingMs()),
      sinkFor: (response, head) => (recorder = new AnswerRecorder(response, head, (whole) => entry.done(whole))),
    });
    if (answer !== undefined) await entry.done(recordAnswer(answer));
    else if (recorder && !recorder.closed) await once(recorder, 'close');
    return answer;
  } catch (error) {
    await noteFailure(entry, error, service, keyed);
    throw error;
  }
}

/** What was refused, or never sent, may be sent again under the same key; what was answered is given again. */
async function noteFailure(entry: LedgerEntry, error: unknown, service: string, keyed: KeyedRun): Promise<void> {
  const { operation, record } = keyed;
  const problem = error instanceof Problem ? error.forService(service) : endUnknown(service);
  if (!entry.isSent || operation.effect !== 'start' || wasNotDone(problem)) {
    await entry.release();
    return;
  }
  const answer = recordProblem(problem, record);
  await (problem.code === 'outcome-unknown' ? entry.unknown(answer) : entry.done(answer));
}

function recordProblem(problem: Problem, { correlationId }: RequestRecord): RecordedAnswer {
  const body = Buffer.from(JSON.stringify(problem.toDocument(correlationId)));
  const headers = { 'content-type': 'application/problem+json' };
  return recordAnswer({ status: problem.status, headers, body }, problem.code);
}

/** Refusals of our credentials, which the service makes before it does anything. */
const REFUSED: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'token-rejected',
  'authority-missing',
  'wrong-service-plan',
  'csrf-handshake-failed',
]);

function wasNotDone(problem: Problem): boolean {
  return problem.retryable || problem.source === 'caller' || problem.source === 'token' || REFUSED.has(problem.code);
}

/** Nobody knows how the first run ended, unless the engine does. What it has not done is sent again. */
async function reconcile(
  unknown: UnknownOutcome,
  service: string,
  keyed: KeyedRun,
): Promise<OperationAnswer | undefined> {
  const { sentAtMs } = unknown;
  const found = await keyed
    .lookUp({
      fromMs: sentAtMs - CLOCK_TOLERANCE_MS,
      upToMs: sentAtMs + keyed.deadline.limitMs + CLOCK_TOLERANCE_MS,
    })
    .catch(() => undefined);
  if (found === 'not-done') return runAndNote(await unknown.runAgain(), service, keyed);
  if (found !== undefined) {
    const answer = recordAnswer(found);
    await unknown.note('DONE', answer);
    return replay(answer, keyed.record);
  }
  if (unknown.answer !== undefined) return replay(unknown.answer, keyed.record);
  // The first one that asks is answered like all that follow.
  const answer = recordProblem(endUnknown(service), keyed.record);
  await unknown.note('UNKNOWN', answer);
  return replay(answer, keyed.record);
}
