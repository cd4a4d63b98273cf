import { randomBytes, randomUUID } from 'node:crypto';
import { allAuthorities } from '../workflow/authorities.ts';

export const clientNames = ['workflow', 'processAutomation', 'integration', 'integrationApiPlan'] as const;

export type ClientName = (typeof clientNames)[number];

/** An OAuth client of the emulated authorization server: one service instance with one key. */
export interface OAuthClient {
  readonly name: ClientName;
  readonly id: string;
  secret: string;
  /** What its tokens may do, without the landscape's prefix. Tokens already given out keep theirs. */
  authorities: readonly string[];
  /** The landscape's prefix of the scopes: `workflow!b10150` makes `workflow!b10150.WORKFLOW_INSTANCE_START`. */
  readonly scopePrefix: string;
  readonly audience: readonly string[];
  /** How long its tokens live, in seconds. */
  readonly lifeSeconds: number;
}

/** The tenant in the names of the integration runtime. */
export const integrationTenant = 'sandbox';

export interface OAuthClientOptions {
  /** Fixed secrets instead of fresh ones. */
  readonly secrets?: Partial<Record<ClientName, string>> | undefined;
  /** One life for all tokens, in seconds, instead of the 43199 and 3599 of the real services. */
  readonly tokenLifeSeconds?: number | undefined;
  /** What the workflow client may do; without it everything. */
  readonly authorities?: readonly string[] | undefined;
}

type Blueprint = Pick<OAuthClient, 'id' | 'authorities' | 'scopePrefix' | 'audience' | 'lifeSeconds'>;

/** The clients, with ids and secrets that look like real ones: `!`, `|`, `$` and `=` are in them on purpose. */
export class OAuthClients {
  readonly #byName: Record<ClientName, OAuthClient>;
  readonly #atStart: readonly OAuthClient[];

  constructor({ secrets = {}, tokenLifeSeconds, authorities = allAuthorities }: OAuthClientOptions) {
    const create = (name: ClientName, blueprint: Blueprint): OAuthClient => ({
      ...blueprint,
      name,
      secret: secrets[name] ?? freshSecret(),
      lifeSeconds: tokenLifeSeconds ?? blueprint.lifeSeconds,
    });
    this.#byName = {
      workflow: create('workflow', workflowClient(authorities)),
      processAutomation: create('processAutomation', processAutomationClient()),
      integration: create('integration', integrationClient()),
      integrationApiPlan: create('integrationApiPlan', integrationApiClient()),
    };
    this.#atStart = this.all().map((client) => ({ ...client }));
  }

  all(): OAuthClient[] {
    return Object.values(this.#byName);
  }

  get(name: ClientName): OAuthClient {
    return this.#byName[name];
  }

  find(id: string): OAuthClient | undefined {
    return this.all().find((client) => client.id === id);
  }

  /** Gives a client another secret; the old one is refused from now on. */
  rotateSecret(name: ClientName, secret: string = freshSecret()): string {
    this.#byName[name].secret = secret;
    return secret;
  }

  /** Secrets and authorities as they were at the start. */
  restore(): void {
    for (const { name, secret, authorities } of this.#atStart) {
      Object.assign(this.#byName[name], { secret, authorities });
    }
  }
}

/** The scope of an authority as it stands in a token; UAA's own scopes have no landscape prefix. */
export function scopeOf(client: Pick<OAuthClient, 'scopePrefix'>, authority: string): string {
  return authority.startsWith('uaa.') ? authority : `${client.scopePrefix}.${authority}`;
}

function workflowClient(authorities: readonly string[]): Blueprint {
  const id = `sb-clone-${randomUUID()}!b12345|workflow!b10150`;
  const scopePrefix = 'workflow!b10150';
  return { id, scopePrefix, authorities, audience: ['uaa', scopePrefix, id], lifeSeconds: 43_199 };
}

function processAutomationClient(): Blueprint {
  const id = `sb-${randomUUID()}!b12345|xsuaa!b12000`;
  const scopePrefix = 'xsuaa!b12000';
  return { id, scopePrefix, authorities: allAuthorities, audience: ['uaa', scopePrefix, id], lifeSeconds: 43_199 };
}

function integrationClient(): Blueprint {
  const scopePrefix = `it-rt-${integrationTenant}!b12000`;
  const id = `sb-${randomUUID()}!b12345|${scopePrefix}`;
  const authorities = ['ESBMessaging.send'];
  return { id, scopePrefix, authorities, audience: ['uaa', scopePrefix, id], lifeSeconds: 3599 };
}

function integrationApiClient(): Blueprint {
  const scopePrefix = 'it!b12000';
  const id = `sb-${randomUUID()}!b12345|${scopePrefix}`;
  const audience = ['uaa', scopePrefix, `${scopePrefix}.NodeManager`, id];
  return { id, scopePrefix, authorities: ['MonitoringDataRead'], audience, lifeSeconds: 43_199 };
}

/** 32 bytes end in one `=` as base64. */
function freshSecret(): string {
  return `${randomUUID()}$${randomBytes(32).toString('base64')}`;
}
