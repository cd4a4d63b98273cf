import type { ProblemCode } from '../problems/problem-table.ts';

/** A route of Flowgate's own, beside those of services. All of them take GET. */
export interface OwnRoute {
  /** Unique; names the operation in documents. */
  readonly id: string;
  readonly path: string;
  readonly summary: string;
  /** `grant`: the caller's `allow` list must name it. */
  readonly needs: 'nothing' | 'credential' | 'grant';
  readonly contentTypes: readonly string[];
  /** Beside those that every route can have. */
  readonly problems: readonly ProblemCode[];
}

const CREDENTIAL_PROBLEMS = ['unauthenticated', 'origin-not-allowed', 'rate-limited'] as const;

/** What this server answers itself. */
export const ownRoutes: readonly OwnRoute[] = [
  {
    id: 'get-health',
    path: '/health',
    summary: 'Says that the process is alive',
    needs: 'nothing',
    contentTypes: ['application/json'],
    problems: [],
  },
  {
    id: 'get-readiness',
    path: '/ready',
    summary: 'Says whether requests should be sent to this instance',
    needs: 'nothing',
    contentTypes: ['application/json'],
    problems: ['token-unavailable'],
  },
  {
    id: 'get-metrics',
    path: '/metrics',
    summary: 'What is counted and measured, for Prometheus',
    needs: 'grant',
    contentTypes: ['text/plain'],
    problems: [...CREDENTIAL_PROBLEMS, 'forbidden'],
  },
  {
    id: 'get-status',
    path: '/status',
    summary: 'What this instance knows about itself and its services',
    needs: 'grant',
    contentTypes: ['application/json'],
    problems: [...CREDENTIAL_PROBLEMS, 'forbidden'],
  },
  {
    id: 'get-console',
    path: '/console',
    summary: 'The page that shows them',
    needs: 'nothing',
    contentTypes: ['text/html'],
    problems: [],
  },
  {
    id: 'get-openapi',
    path: '/openapi.json',
    summary: 'Describes what this caller may call, as OpenAPI 3.1',
    needs: 'credential',
    contentTypes: ['application/json'],
    problems: CREDENTIAL_PROBLEMS,
  },
  {
    id: 'get-postman',
    path: '/postman.json',
    summary: 'Describes what this caller may call, as a Postman collection 2.1',
    needs: 'credential',
    contentTypes: ['application/json'],
    problems: CREDENTIAL_PROBLEMS,
  },
  {
    id: 'get-docs',
    path: '/docs',
    summary: 'The API page, to read and to try',
    needs: 'nothing',
    contentTypes: ['text/html'],
    problems: [],
  },
  {
    id: 'get-problem',
    path: '/problems/:code',
    summary: 'Says what a problem means and how to mend it',
    needs: 'nothing',
    contentTypes: ['text/html', 'application/json'],
    problems: ['not-found'],
  },
];
