import { problemTable, retryAfterCodes, type ProblemCode, type ProblemSource } from './problem-table.ts';

/** `Retry-After` when nobody gave one, in seconds. */
const DEFAULT_RETRY_AFTER_S = 5;

/** What may be told about the upstream's own answer. Never a text that was not made for callers. */
export interface UpstreamFacts {
  /** Absent when no answer came. */
  readonly status?: number;
  /** The platform's id of the request (`X-Vcap-Request-Id`), for SAP's support. */
  readonly requestId?: string;
  /** The message processing log of SAP Cloud Integration. */
  readonly messageProcessingLogId?: string;
  /** The upstream's own JSON error: only a 4xx of a workflow API. */
  readonly error?: unknown;
}

export interface ProblemDetails {
  /** What went wrong this time, in plain words. No secret, no configured value, no text of the upstream. */
  readonly detail: string;
  /** What to do about it, where to do it, and whether trying again helps. */
  readonly hint: string;
  readonly status?: number;
  readonly retryable?: boolean;
  readonly service?: string;
  readonly retryAfterSeconds?: number;
  /** The methods that the route takes, for a 405. */
  readonly allow?: readonly string[];
  readonly upstream?: UpstreamFacts;
  /** For the log only. */
  readonly cause?: unknown;
}

/** An answer that explains why there is no better one: everything that goes wrong becomes one of these (RFC 9457). */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly source: ProblemSource;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly details: ProblemDetails;

  constructor(code: ProblemCode, details: ProblemDetails) {
    super(`${code}: ${details.detail}`, { cause: details.cause });
    const type = problemTable[code];
    this.name = 'Problem';
    this.code = code;
    this.details = details;
    this.status = details.status ?? type.status;
    this.title = type.title;
    this.source = type.source;
    this.retryable = details.retryable ?? type.retryable;
    this.retryAfterSeconds =
      details.retryAfterSeconds ?? (retryAfterCodes.has(code) ? DEFAULT_RETRY_AFTER_S : undefined);
  }

  /** The same problem with the name of the service it happened to. */
  forService(service: string): Problem {
    return this.details.service === undefined ? new Problem(this.code, { ...this.details, service }) : this;
  }

  /** The members of the `application/problem+json` document, in the order of the public contract. */
  toDocument(correlationId: string): Record<string, unknown> {
    const { service, detail, hint, upstream } = this.details;
    return {
      type: `/problems/${this.code}`,
      title: this.title,
      status: this.status,
      code: this.code,
      source: this.source,
      ...(service === undefined ? {} : { service }),
      retryable: this.retryable,
      detail,
      hint,
      correlationId,
      ...(upstream === undefined ? {} : { upstream }),
    };
  }
}
