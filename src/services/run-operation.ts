import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { AnswerSink } from '../forward/answer-sink.ts';
import type { Deadline } from '../forward/deadline.ts';
import { answerHeaders } from '../forward/headers.ts';
import type { AnswerHead } from '../forward/upstream-request.ts';
import { Problem } from '../problems/problem.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { CallContext } from './call-context.ts';
import { explainRefusal } from './explain-refusal.ts';
import type {
  Beforehand,
  FollowUp,
  ForwardOperation,
  LookedUp,
  Offer,
  OperationAnswer,
  OperationInput,
  SentWindow,
} from './operation.ts';
import type { ServiceClient } from './service-client.ts';
import { withoutCoding } from './without-coding.ts';

/** Enough to read any refusal. */
const REFUSAL_BYTES = 64 * 1024;
/** The most that is held of an answer which is made over: a start answers with a few hundred bytes. */
const MADE_OVER_BYTES = 8 * 1024 * 1024;

/** What is found by its name is found whenever it was made. */
const SINCE_EVER: SentWindow = { fromMs: 0, upToMs: Number.MAX_SAFE_INTEGER };

/** A caller's body as it goes upstream: what the operation made of it, or a stream with its declared length. */
export interface StreamedBody {
  readonly stream: Readable;
  readonly length: number | undefined;
}

export interface RunContext {
  readonly offer: Offer;
  readonly client: ServiceClient;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly deadline: Deadline;
  /** The deadline is the caller's wish, and shorter than usual. */
  readonly isImpatient: boolean;
  readonly streamed: StreamedBody | undefined;
  /** Where the run is recorded: then it goes on when its caller leaves. */
  readonly watch?: StartWatch | undefined;
}

/** Who watches a run in order to remember it. */
export interface StartWatch {
  /** Called before the first byte goes out. What it throws ends the run, and nothing was sent. */
  aboutToSend(deadline: Deadline): Promise<void>;
  /** Where an answer is streamed to, in place of the caller's response alone. */
  sinkFor(
    response: ServerResponse,
    head: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  ): AnswerSink;
}

/**
 * Sends what an operation makes of its input, and answers: `undefined` when the answer has been streamed to the caller,
 * else the answer to write.
 *
 * @throws {Problem} that explains the refusal
 */
export async function runOperation(
  operation: ForwardOperation,
  input: OperationInput,
  context: RunContext,
): Promise<OperationAnswer | undefined> {
  try {
    return await sendAndRead(operation, input, context);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'outcome-unknown' || operation.namesWhatItMakes !== true)
      throw error;
    const found = await lookUpOutcome(operation, input, context, SINCE_EVER).catch(() => undefined);
    if (found === undefined || found === 'not-done') throw error; // sending it again is for the caller to decide
    return found;
  }
}

async function sendAndRead(
  operation: ForwardOperation,
  input: OperationInput,
  context: RunContext,
): Promise<OperationAnswer | undefined> {
  const { offer, client, record, streamed } = context;
  const built = operation.toRequest(input);
  if (operation.beforehand) await askBeforehand(operation.beforehand, input, context);
  const body = streamed?.stream ?? built.body ?? passedOn(operation, input.body);
  const call = callContext(operation, context);
  const headers = withContentType(built.headers, built.body, operation);
  const { answer: came, token } = await client.call({ ...built, headers, body, bodyLength: streamed?.length }, call);
  if (came.kind === 'relayed') {
    record.bytesOut = came.bytes;
    return undefined;
  }
  const answer = withoutCoding(came, call.maxBufferedBytes);
  const followUp: FollowUp = async (further) => withoutCoding(await client.read(further, call), call.maxBufferedBytes);
  const made = await operation.fromAnswer?.(answer, input, followUp);
  if (made) return made;
  throw await explainRefusal(
    offer,
    {
      operation,
      params: input.params,
      sent: input.json,
      answer,
      tokenScopes: token?.scopes ?? [],
      mayCall: input.mayCall,
    },
    followUp,
  );
}

/**
 * Reads what decides whether the request is sent. The run is not recorded as sent by that, and ends when its caller
 * leaves meanwhile.
 */
async function askBeforehand({ read, check }: Beforehand, input: OperationInput, context: RunContext): Promise<void> {
  const answer = await runOperation(read, input, { ...context, watch: undefined, streamed: undefined });
  if (answer === undefined) throw new Error('a read beforehand is never streamed');
  check(answer, input);
}

/** Asks the service whether a start whose outcome is unknown has happened. */
export async function lookUpOutcome(
  operation: ForwardOperation,
  input: OperationInput,
  context: RunContext,
  window: SentWindow,
): Promise<LookedUp> {
  const call = callContext(operation, context);
  return operation.lookUp?.(input, (further) => context.client.read(further, call), window);
}

function callContext(operation: ForwardOperation, context: RunContext): CallContext {
  const { deadline, isImpatient, record, watch, response, streamed } = context;
  return {
    operation,
    deadline,
    isImpatient,
    record,
    caller: watch === undefined ? response : undefined,
    outlivesCaller: outlivesCaller(operation, streamed),
    relay: (head) => (operation.passes(head) ? beginAnswer(head, operation, context) : undefined),
    maxBufferedBytes: operation.fromAnswer ? MADE_OVER_BYTES : REFUSAL_BYTES,
    ...(watch && { aboutToSend: (left: Deadline) => watch.aboutToSend(left) }),
  };
}

/** The caller's own bytes, on routes that take any. */
function passedOn(operation: ForwardOperation, body: Buffer | undefined): Buffer | undefined {
  return operation.body.kind === 'stream' && body !== undefined && body.length > 0 ? body : undefined;
}

/** JSON routes send what they checked to be JSON, unless they name another type; a flow's is among its headers. */
function withContentType(
  headers: Readonly<Record<string, string>>,
  body: Buffer | undefined,
  operation: ForwardOperation,
): Readonly<Record<string, string>> {
  return body !== undefined && operation.body.kind === 'json'
    ? { 'content-type': 'application/json', ...headers }
    : headers;
}

/**
 * A start that has been sent runs on when its caller leaves: cutting the connection would not undo it, only hide how it
 * ended. Reads and streams end with their caller.
 */
function outlivesCaller({ effect, body }: ForwardOperation, streamed: StreamedBody | undefined): boolean {
  return effect === 'start' && body.kind === 'json' && streamed === undefined;
}

/** Writes the head of a passing answer: its status, and of its headers those that the operation lists. */
function beginAnswer(head: AnswerHead, operation: ForwardOperation, context: RunContext): AnswerSink {
  const { request, response, watch } = context;
  response.statusCode = head.status;
  const headers = answerHeaders(head, [...operation.answerHeaders, 'content-length']);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // An answer before the end of the caller's body: what is left of it must not be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  if (watch === undefined) return response;
  const { 'content-length': _, ...recorded } = headers;
  return watch.sinkFor(response, { status: head.status, headers: recorded });
}
