import type { Secret } from './secret.ts';

/** Where a Redis listens, and how it is spoken to. */
export interface RedisAddress {
  /** `cluster`: the nodes are some of its nodes; `sentinel`: they are sentinels, which name the master. */
  readonly mode: 'single' | 'cluster' | 'sentinel';
  /** One at least; of a single Redis exactly one. */
  readonly nodes: readonly RedisNode[];
  /** What the sentinels call the master. */
  readonly masterName: string | undefined;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly database: number;
  /** `undefined`: plain TCP. */
  readonly tls: RedisTls | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisTls {
  /** PEM: whom to trust in place of the system's authorities. */
  readonly ca: string | undefined;
  /** The name that the certificate must have; `undefined`: the host's. */
  readonly serverName: string | undefined;
}
