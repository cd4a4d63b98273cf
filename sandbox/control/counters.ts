import type { Upstream } from '../http/upstream.ts';
import { upstreamNames } from './canned-answers.ts';
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
  return {
    tokenRequests: upstreams.authorizationServer.seen.count('POST /oauth/token'),
    requests: ofEach(upstreams, ({ seen }) => seen.perRoute()),
    flowRuns,
    openSockets: ofEach(upstreams, ({ listener }) => listener.openSockets),
  };
}

function ofEach<T>(
  upstreams: Readonly<Record<UpstreamName, Upstream>>,
  read: (upstream: Upstream) => T,
): Record<UpstreamName, T> {
  return Object.fromEntries(upstreamNames.map((name) => [name, read(upstreams[name])])) as Record<UpstreamName, T>;
}
