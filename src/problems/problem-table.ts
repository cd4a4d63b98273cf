/** Who a problem is about: the caller's request, Flowgate itself, the authorization server, or the service behind. */
export type ProblemSource = 'caller' | 'flowgate' | 'token' | 'upstream';

export interface ProblemType {
  /** The HTTP status, unless one problem overrides it (`outcome-unknown` is 504 after a timeout). */
  readonly status: number;
  readonly source: ProblemSource;
  /** One short line, the same for every occurrence (RFC 9457, section 3.1.4). */
  readonly title: string;
  /** Whether the same request may succeed when it is sent again, unless one problem overrides it. */
  readonly retryable: boolean;
}

function type(status: number, source: ProblemSource, title: string, retryable = false): ProblemType {
  return { status, source, title, retryable };
}

/** Every problem that Flowgate can answer with. The codes and statuses are public: clients branch on them. */
export const problemTable = {
  'invalid-request': type(400, 'caller', 'The request is not valid'),
  'invalid-parameter': type(400, 'caller', 'A parameter is not valid'),
  'invalid-body': type(400, 'caller', 'The body is not valid'),
  unauthenticated: type(401, 'caller', 'A credential is needed'),
  forbidden: type(403, 'caller', 'The caller may not do this'),
  'origin-not-allowed': type(403, 'caller', 'The web origin is not allowed'),
  'not-found': type(404, 'caller', 'No such route'),
  'method-not-allowed': type(405, 'caller', 'The route does not take this method'),
  'idempotency-in-flight': type(409, 'caller', 'A request with this Idempotency-Key is still running', true),
  'payload-too-large': type(413, 'caller', 'The body is too large'),
  'unsupported-media-type': type(415, 'caller', 'The content type is not supported'),
  'misdirected-request': type(421, 'caller', 'This server does not answer for that host'),
  'idempotency-key-reused': type(422, 'caller', 'The Idempotency-Key belongs to another request'),
  'rate-limited': type(429, 'caller', 'The caller sends too many requests', true),
  internal: type(500, 'flowgate', 'Flowgate failed'),
  overloaded: type(503, 'flowgate', 'Too many requests at once', true),
  'shutting-down': type(503, 'flowgate', 'Flowgate is shutting down', true),
  'store-unavailable': type(503, 'flowgate', 'The shared store cannot be reached', true),
  'token-unavailable': type(503, 'token', 'No access token can be had', true),
  'credentials-rejected': type(502, 'token', 'The authorization server refuses the OAuth client'),
  'token-rejected': type(502, 'upstream', 'The service refuses a fresh access token'),
  'authority-missing': type(502, 'upstream', 'The OAuth client lacks an authority'),
  'wrong-service-plan': type(502, 'upstream', 'The service key is of the wrong plan'),
  'definition-not-found': type(404, 'upstream', 'No such workflow definition'),
  'instance-not-found': type(404, 'upstream', 'No such workflow instance'),
  'task-not-found': type(404, 'upstream', 'No such task'),
  'upstream-conflict': type(409, 'upstream', 'The state of the resource does not allow this'),
  'context-invalid': type(422, 'upstream', 'The context does not fit the workflow'),
  'message-not-consumed': type(422, 'upstream', 'No workflow instance waits for this message'),
  'upstream-invalid-request': type(400, 'upstream', 'The service does not accept the request'),
  'upstream-rate-limited': type(429, 'upstream', 'The service limits the rate of requests', true),
  'csrf-handshake-failed': type(502, 'upstream', 'The CSRF handshake with the flow failed'),
  'flow-not-found': type(502, 'upstream', 'The integration flow does not answer at its address'),
  'flow-failed': type(502, 'upstream', 'The integration flow failed'),
  'upstream-failed': type(502, 'upstream', 'The service failed'),
  'upstream-protocol-error': type(502, 'upstream', 'The answer of the service cannot be understood'),
  'upstream-redirected': type(502, 'upstream', 'The service answered with a redirect'),
  'upstream-unreachable': type(502, 'upstream', 'The service cannot be reached', true),
  'upstream-unavailable': type(503, 'upstream', 'The service is not available', true),
  'upstream-timeout': type(504, 'upstream', 'The service did not answer in time'),
  'outcome-unknown': type(502, 'upstream', 'It is not known whether this happened'),
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problemTable;

/** The problems whose answer carries `Retry-After` (RFC 9110, section 10.2.3), whether or not one was given. */
export const retryAfterCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'idempotency-in-flight',
  'rate-limited',
  'overloaded',
  'shutting-down',
  'store-unavailable',
  'token-unavailable',
  'upstream-rate-limited',
  'upstream-unavailable',
]);
