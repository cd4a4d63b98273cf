import type { Upstream } from '../http/upstream.ts';
import type { UpstreamName } from './canned-answers.ts';

/** What the upstreams have seen since the start or the last reset. */
export interface SandboxCounters {
  /** Requests to `POST /oauth/token`, refused ones and ones that met a fault included. */
  readonly tokenRequests: number;
  /** Per upstream and route, such as `POST /workflow-instances`. */
  readonly requests: Readonly<Record<UpstreamName, Readonly<Record<string, number>>>>;
  /** How often each flow has run, by address. */
  readonly flowRuns: Readonly<Record<string, number>>;
  /** Connections that are open right now. */
  readonly openSockets: Readonly<Record<UpstreamName, number>>;
}

export function countersOf(
  upstreams: Readonly<Record<UpstreamName, Upstream>>,
  flowRuns: Readonly<Record<string, number>>,
): SandboxCounters {
  const { authorizationServer, workflow, integration } = upstreams;
  return {
    tokenRequests: authorizationServer.seen.count('POST /oauth/token'),
    requests: {
      authorizationServer: authorizationServer.seen.perRoute(),
      workflow: workflow.seen.perRoute(),
      integration: integration.seen.perRoute(),
    },
    flowRuns,
    openSockets: {
      authorizationServer: authorizationServer.listener.openSockets,
      workflow: workflow.listener.openSockets,
      integration: integration.listener.openSockets,
    },
  };
}
