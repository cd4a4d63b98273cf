import { problemTable, type ProblemCode } from '../problems/problem-table.ts';
import type { ForwardOperation, Operation } from '../services/operation.ts';
import type { DocumentedApi, DocumentedService } from './documented-api.ts';

/** What every request can meet before a route is looked at, or whatever its route is. */
export function commonProblems({ hasHosts }: Pick<DocumentedApi, 'hasHosts'>): ProblemCode[] {
  return ['invalid-request', ...(hasHosts ? (['misdirected-request'] as const) : []), 'internal', 'shutting-down'];
}

/** What can come of the connection to any service, or of the token for it. */
const FORWARD_PROBLEMS: readonly ProblemCode[] = [
  'token-unavailable',
  'credentials-rejected',
  'token-rejected',
  'authority-missing',
  'upstream-rate-limited',
  'upstream-failed',
  'upstream-protocol-error',
  'upstream-redirected',
  'upstream-unreachable',
  'upstream-unavailable',
];

/**
 * The codes that an operation can answer with, in the order of the problem table. A test looks at every problem that the
 * integration tests meet, and compares.
 */
export function operationProblems(
  operation: Operation,
  kind: DocumentedService['kind'],
  api: DocumentedApi,
): ProblemCode[] {
  const codes = new Set<ProblemCode>([
    ...commonProblems(api),
    ...checkProblems(operation, api),
    ...(operation.kind === 'forward' ? [...forwardProblems(operation), ...KIND_PROBLEMS[kind](operation)] : []),
  ]);
  return (Object.keys(problemTable) as ProblemCode[]).filter((code) => codes.has(code));
}

/** An `Idempotency-Key` means something on every POST that starts or sends something. */
export function takesIdempotencyKey({ method, effect }: Operation): boolean {
  return method === 'POST' && effect === 'start';
}

/** The checks before anything is sent. */
function checkProblems(operation: Operation, { takes, hasStore }: DocumentedApi): ProblemCode[] {
  const { body } = operation;
  return [
    'invalid-parameter',
    'invalid-body',
    'unauthenticated',
    'forbidden',
    'origin-not-allowed',
    'rate-limited',
    'overloaded',
    // The issuer of a JWT may be away as well.
    ...(takes.jwts ? (['token-unavailable'] as const) : []),
    ...(body.kind === 'none' ? [] : (['payload-too-large'] as const)),
    ...(body.kind === 'json' ? (['unsupported-media-type'] as const) : []),
    ...(takesIdempotencyKey(operation) ? (['idempotency-in-flight', 'idempotency-key-reused'] as const) : []),
    ...(takesIdempotencyKey(operation) && hasStore ? (['store-unavailable'] as const) : []),
  ];
}

function forwardProblems({ effect, csrf, beforehand }: ForwardOperation): ProblemCode[] {
  return [
    ...FORWARD_PROBLEMS,
    ...(effect === 'start' ? (['outcome-unknown'] as const) : []),
    // A CSRF handshake, or a read beforehand, that takes too long sends nothing of a start.
    ...(effect !== 'start' || csrf || beforehand ? (['upstream-timeout'] as const) : []),
  ];
}

/** What the refusal rules of each kind say beside that. */
const KIND_PROBLEMS: Readonly<Record<DocumentedService['kind'], (operation: ForwardOperation) => ProblemCode[]>> = {
  'sap-workflow': (operation) => [
    'upstream-invalid-request',
    ...(isBelow(operation, '/definitions') || operation.id === 'start-instance'
      ? (['definition-not-found'] as const)
      : []),
    ...(isBelow(operation, '/tasks') ? (['task-not-found'] as const) : []),
    ...((isBelow(operation, '/instances') && operation.id !== 'start-instance') || operation.id === 'send-message'
      ? (['instance-not-found'] as const)
      : []),
    ...(operation.effect === 'read' ? [] : (['upstream-conflict', 'context-invalid'] as const)),
    ...(operation.id === 'send-message' ? (['message-not-consumed'] as const) : []),
  ],
  'sap-integration': () => ['wrong-service-plan', 'csrf-handshake-failed', 'flow-not-found', 'flow-failed'],
  'workflow-server': (operation) => [
    'upstream-invalid-request',
    ...(operation.id === 'start-definition' ? (['definition-not-found'] as const) : []),
    ...(isBelow(operation, '/instances/:id') ? (['instance-not-found'] as const) : []),
    ...(operation.id === 'execute-command' ? (['upstream-conflict'] as const) : []),
  ],
  workflowgen: (operation) => [
    'upstream-invalid-request',
    ...(operation.id === 'start-definition' ? (['definition-not-found'] as const) : []),
    ...(isBelow(operation, '/instances/:id') ? (['instance-not-found'] as const) : []),
  ],
  http: () => [],
};

function isBelow({ path }: ForwardOperation, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
