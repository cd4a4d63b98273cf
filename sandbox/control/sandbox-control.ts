import type { AuthorizationServer } from '../authorization-server/authorization-server.ts';
import type { IssuedTokens } from '../authorization-server/issued-tokens.ts';
import type { OAuthClients } from '../authorization-server/oauth-clients.ts';
import { unknownZone } from '../authorization-server/xsuaa-answers.ts';
import type { Answer } from '../http/answer.ts';
import type { FaultScope } from '../http/faults.ts';
import type { HttpApiServer } from '../http-api/http-api-server.ts';
import type { SeenRequest } from '../http/seen-requests.ts';
import type { Upstream } from '../http/upstream.ts';
import type { IntegrationServer } from '../integration/integration-server.ts';
import { allAuthorities, freshInstanceAuthorities } from '../workflow/authorities.ts';
import type { OptimajetServer } from '../workflow-server/optimajet-server.ts';
import type { WorkflowServer } from '../workflow/workflow-server.ts';
import type { WorkflowgenServer } from '../workflowgen/workflowgen-server.ts';
import { failure, garbage, loginPage, rateLimited, redirect, unknownRoute, upstreamNames } from './canned-answers.ts';
import type { UpstreamName } from './canned-answers.ts';
import { countersOf } from './counters.ts';
import type { SandboxCounters } from './counters.ts';
import type { FaultOptions } from './fault-options.ts';

export interface SandboxServers {
  readonly clients: OAuthClients;
  readonly authorizationServer: AuthorizationServer;
  readonly workflow: WorkflowServer;
  readonly integration: IntegrationServer;
  readonly workflowServer: OptimajetServer;
  readonly workflowgen: WorkflowgenServer;
  readonly httpApi: HttpApiServer;
}

/** Faults on demand, and a look at what arrived. The same commands are served over HTTP (`control-server.ts`). */
export class SandboxControl {
  readonly #servers: SandboxServers;
  readonly #upstreams: Readonly<Record<UpstreamName, Upstream>>;

  constructor(servers: SandboxServers) {
    this.#servers = servers;
    this.#upstreams = {
      authorizationServer: servers.authorizationServer.upstream,
      workflow: servers.workflow.upstream,
      integration: servers.integration.upstream,
      workflowServer: servers.workflowServer.upstream,
      workflowgen: servers.workflowgen.upstream,
      httpApi: servers.httpApi.upstream,
    };
  }

  /** The tokens given out so far count as expired. */
  expireTokens(): void {
    for (const issued of this.#issued()) {
      issued.expireAll();
    }
  }

  /** The tokens given out so far are refused. */
  revokeTokens(): void {
    for (const issued of this.#issued()) {
      issued.revokeAll();
    }
  }

  /** Gives a client another secret, a fresh one unless told; the old one is refused. Returns the new one. */
  rotateSecret(options: FaultOptions<'rotateSecret'>): string {
    return this.#servers.clients.rotateSecret(options.client, options.secret);
  }

  /**
   * Sets what a client's next tokens may do: a list that replaces the old one, `all`, or `fresh` for what an instance
   * made without parameters holds. Tokens already given out keep what they have.
   */
  setAuthorities({ client = 'workflow', authorities }: FaultOptions<'setAuthorities'>): void {
    const lists = { all: allAuthorities, fresh: freshInstanceAuthorities };
    this.#servers.clients.get(client).authorities = typeof authorities === 'string' ? lists[authorities] : authorities;
  }

  /** Which of XSUAA's two bodies a refused client gets. */
  badCredentialsForm(options: FaultOptions<'badCredentialsForm'>): void {
    this.#servers.authorizationServer.badCredentialsForm = options.form;
  }

  /** Delays answers; the request is carried out after the delay, even if its client has left. */
  slow({ upstream, ms, ...scope }: FaultOptions<'slow'>): void {
    this.#upstreams[upstream].faults.add({ kind: 'delay', ms }, scope);
  }

  /** 429, with `Retry-After` in seconds where it is given. */
  rateLimit({ upstream, retryAfter, ...scope }: FaultOptions<'rateLimit'>): void {
    this.#answerWith(upstream, rateLimited(upstream, retryAfter), scope);
  }

  /** A 5xx; without a status 500. */
  fail({ upstream, status = 500, ...scope }: FaultOptions<'fail'>): void {
    this.#answerWith(upstream, failure(upstream, status), scope);
  }

  /** 200 with a login page in HTML. */
  html({ upstream, ...scope }: FaultOptions<'html'>): void {
    this.#answerWith(upstream, loginPage, scope);
  }

  redirect({ upstream, location = 'https://login.example.com/', ...scope }: FaultOptions<'redirect'>): void {
    this.#answerWith(upstream, redirect(location), scope);
  }

  /** 200, said to be JSON, cut off in the middle. */
  garbage({ upstream, ...scope }: FaultOptions<'garbage'>): void {
    this.#answerWith(upstream, garbage, scope);
  }

  /** The platform's router knows no such host: 404 with `X-Cf-RouterError: unknown_route`. */
  unknownRoute({ upstream, ...scope }: FaultOptions<'unknownRoute'>): void {
    this.#answerWith(upstream, unknownRoute(new URL(this.#upstreams[upstream].url).host), scope);
  }

  /** The authorization server knows no such subdomain. */
  unknownZone(scope: FaultOptions<'unknownZone'> = {}): void {
    this.#answerWith('authorizationServer', unknownZone, scope);
  }

  /** Any answer that has no command of its own. */
  answer({ upstream, status, headers = {}, body = '', ...scope }: FaultOptions<'answer'>): void {
    this.#answerWith(upstream, { status, headers, body }, scope);
  }

  /** Breaks the connection; see `ResetMoment` for when. */
  resetConnection({ upstream, when, ...scope }: FaultOptions<'resetConnection'>): void {
    this.#upstreams[upstream].faults.add({ kind: 'reset', when }, scope);
  }

  /** Refuses connections, and breaks the open ones, until `up`. */
  async down({ upstream }: FaultOptions<'upstream'>): Promise<void> {
    await this.#upstreams[upstream].listener.close();
  }

  /** Listens again, on the same port. */
  async up({ upstream }: FaultOptions<'upstream'>): Promise<void> {
    await this.#upstreams[upstream].listener.open();
  }

  /** The next changes to a context find their instance busy: 409. */
  busy({ client = 'workflow', times }: FaultOptions<'busy'>): void {
    this.#servers.workflow.engine(client).busyTimes = times;
  }

  /** Gives an instance a status at once, such as ERRONEOUS. Returns whether there is such an instance. */
  setInstanceStatus({ instanceId, status }: FaultOptions<'setInstanceStatus'>): boolean {
    for (const engine of this.#servers.workflow.engines()) {
      const instance = engine.instance(instanceId);
      if (instance !== undefined) {
        engine.forceStatus(instance, status);
        return true;
      }
    }
    return false;
  }

  /** Gives WorkflowServer another signing key, as a restart does: its tokens given out so far are refused. */
  async restartWorkflowServer(): Promise<void> {
    await this.#servers.workflowServer.openId.restart();
  }

  /** The next tokens of WorkflowServer do not allow these operations of its API; those given out already still do. */
  denyOperations({ operations }: FaultOptions<'denyOperations'>): void {
    this.#servers.workflowServer.openId.denied = operations;
  }

  /** Makes all CSRF tokens useless, as a restart of the runtime does. */
  forgetCsrfTokens(): void {
    this.#servers.integration.csrfSessions.forget();
  }

  counters(): SandboxCounters {
    return countersOf(this.#upstreams, this.#servers.integration.runs());
  }

  /** The last request that an upstream has seen. */
  lastRequest(upstream: UpstreamName): SeenRequest | undefined {
    return this.#upstreams[upstream].seen.last;
  }

  /** Forgets faults and counters, opens what is down, restores secrets and authorities. Instances and tokens stay. */
  async reset(): Promise<void> {
    this.#servers.clients.restore();
    this.badCredentialsForm({ form: 'unauthorized' });
    this.#servers.integration.forgetRuns();
    this.#servers.workflowServer.openId.denied = [];
    for (const engine of this.#servers.workflow.engines()) {
      engine.busyTimes = 0;
    }
    for (const name of upstreamNames) {
      this.#upstreams[name].faults.clear();
      this.#upstreams[name].seen.clear();
      await this.up({ upstream: name });
    }
  }

  /** WorkflowServer keeps none: its tokens are refused from a restart on. */
  #issued(): IssuedTokens[] {
    const { authorizationServer, workflowgen, httpApi } = this.#servers;
    return [authorizationServer.issued, workflowgen.auth0.tokens.issued, httpApi.realm.tokens.issued];
  }

  #answerWith(upstream: UpstreamName, answer: Answer, scope: FaultScope): void {
    this.#upstreams[upstream].faults.add({ kind: 'answer', answer }, scope);
  }
}
