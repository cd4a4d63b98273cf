import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { RequestError, TimeoutError } from 'got';
import { classifyFailure, codeOf, type FailureFacts } from '../../forward/classify-failure.ts';
import { Deadline } from '../../forward/deadline.ts';
import { TransportFailure, type TransportPhase } from '../../forward/transport-failure.ts';
import type { BufferedAnswer } from '../../forward/upstream-request.ts';
import { Problem } from '../../problems/problem.ts';
import { failureProblem } from '../../services/failure-problem.ts';

export interface ControlRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Lists may be long; what is longer is told to be cut. */
const LARGEST_ANSWER = 1024 * 1024;

/** No connection is kept and no TLS session resumed: each call meets the server as the first one does. */
const agent = {
  http: new HttpAgent({ keepAlive: false }),
  https: new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 }),
};

/**
 * One exchange with a service: no repeat, no redirect, no proxy, whatever the environment says.
 *
 * @param timeoutMs over all of it
 * @throws {Problem} when there is no whole answer, as the server would say it
 */
export async function controlCall(request: ControlRequest, timeoutMs: number): Promise<BufferedAnswer> {
  const deadline = new Deadline(timeoutMs, 'the doctor itself');
  try {
    return await exchange(request, timeoutMs);
  } catch (error) {
    throw failureOf(error, deadline);
  }
}

async function exchange({ method, url, headers, body }: ControlRequest, timeoutMs: number): Promise<BufferedAnswer> {
  const phaseMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
  const stream = got.stream(url, {
    method,
    headers: { 'user-agent': 'flowgate', ...headers },
    ...(body === undefined ? {} : { body }),
    agent,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { lookup: phaseMs, connect: phaseMs, secureConnect: phaseMs, request: timeoutMs },
    https: { rejectUnauthorized: true }, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
  });
  // The library takes bodies of other methods than these as a stream, and would wait for one.
  if (body === undefined && method !== 'GET' && method !== 'HEAD') stream.end();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_ANSWER) break; // leaving the loop ends the connection
  }
  const { statusCode: status = 0, headers: answerHeaders = {} } = stream.response ?? {};
  const truncated = size > LARGEST_ANSWER;
  return { kind: 'buffered', status, headers: answerHeaders, body: Buffer.concat(chunks), truncated };
}

/** Keeps the facts and forgets the error, which carries the whole request, the token with it. */
function failureOf(error: unknown, deadline: Deadline): Problem {
  const phase = phaseOf(error);
  const failure = new TransportFailure({ phase, ...factsOf(error, phase), bytesSent: phase !== 'connect' });
  const problem = failureProblem(failure, 'read', deadline);
  if (!(problem instanceof Problem)) return brokenOff(error);
  if (failure.bytesSent && failure.reason === 'certificate') return wantsCertificate(failure.code);
  return problem.code === 'upstream-timeout' ? withHint(problem, SLOW) : problem;
}

function factsOf(error: unknown, phase: TransportPhase): FailureFacts {
  if (error instanceof TimeoutError) return { reason: 'timeout', code: 'TIMEOUT' };
  const code = codeOf(error);
  // The words of Node's own HTTP parser, which the data path does not use.
  return code.startsWith('HPE_') ? { reason: 'protocol', code } : classifyFailure(error, phase);
}

const SLOW =
  'The doctor waits no longer. The service may be overloaded, or a proxy or firewall hold its answers back: run the doctor again, and ask whoever runs it.';

function withHint({ code, details }: Problem, hint: string): Problem {
  return new Problem(code, { ...details, hint });
}

/** With TLS 1.3 the alert comes after the handshake (RFC 8446, section 4.4.2.4). */
function wantsCertificate(code: string): Problem {
  return new Problem('upstream-unreachable', {
    detail: `The host asks for a client certificate (${code}).`,
    hint: 'Flowgate shows one to token endpoints only, with token.auth: tls_client_auth. Use the address of the service that takes tokens alone.',
  });
}

function brokenOff(error: unknown): Problem {
  return new Problem('upstream-failed', {
    detail: `The connection broke (${codeOf(error)}).`,
    hint: 'Run the doctor again.',
  });
}

/** How far the request had come, by the moments that got has noted. */
function phaseOf(error: unknown): TransportPhase {
  if (!(error instanceof RequestError)) return 'answer-body';
  const { timings, options } = error;
  const isSecure = new URL(String(options.url)).protocol === 'https:';
  const connected = isSecure ? timings?.secureConnect : timings?.connect;
  if (connected === undefined) return 'connect';
  return timings?.response === undefined ? 'answer-head' : 'answer-body';
}
