import type { OAuthClients } from '../authorization-server/oauth-clients.ts';
import type { TokenClaims, TokenVerifier } from '../authorization-server/token-verifier.ts';
import { sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Upstream } from '../http/upstream.ts';
import { sharedEnvironmentId } from './definition.ts';
import { definitionRoutes } from './definition-routes.ts';
import { instanceRoutes } from './instance-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { taskRoutes } from './task-routes.ts';
import type { WorkflowCall } from './workflow-call.ts';
import { processAutomationDialect, workflowServiceDialect } from './workflow-dialect.ts';
import type { WorkflowDialect } from './workflow-dialect.ts';
import { WorkflowEngine } from './workflow-engine.ts';
import { technicalError, unauthorized, WorkflowError } from './workflow-error.ts';
import { matchRoute } from './workflow-route.ts';

export interface WorkflowServerOptions {
  readonly clients: OAuthClients;
  readonly verify: TokenVerifier;
  /** The API key of the shared environment (header `irpa-api-key`). */
  readonly environmentApiKey: string;
  readonly settleMs: number;
}

/** The two products whose API is emulated, named like their OAuth clients. */
export type WorkflowProduct = 'workflow' | 'processAutomation';

interface Api {
  readonly dialect: WorkflowDialect;
  readonly engine: WorkflowEngine;
}

const routes = [...definitionRoutes, ...instanceRoutes, ...messageRoutes, ...taskRoutes];

/** The Workflow service and SAP Build Process Automation, each with instances of its own, behind one listener. */
export class WorkflowServer {
  readonly upstream: Upstream;
  readonly #options: WorkflowServerOptions;
  readonly #apis: Readonly<Record<WorkflowProduct, Api>>;

  constructor(options: WorkflowServerOptions) {
    this.#options = options;
    this.#apis = {
      workflow: createApi(workflowServiceDialect, options.settleMs),
      processAutomation: createApi(processAutomationDialect, options.settleMs),
    };
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${this.#templateOf(method, path)}`,
      handle: async (exchange) => sendAnswer(exchange.response, await this.#answer(exchange)),
    });
  }

  engines(): WorkflowEngine[] {
    return Object.values(this.#apis).map(({ engine }) => engine);
  }

  engine(product: WorkflowProduct): WorkflowEngine {
    return this.#apis[product].engine;
  }

  /** The path below `/v1`, and whose it is. */
  #locate(path: string): { api: Api; rest: string } | undefined {
    for (const api of Object.values(this.#apis)) {
      const base = api.dialect.bases.find((candidate) => path.startsWith(`${candidate}/`));
      if (base !== undefined) {
        return { api, rest: path.slice(base.length) };
      }
    }
    return undefined;
  }

  #templateOf(method: string, path: string): string {
    const located = this.#locate(path);
    return located === undefined ? path : (matchRoute(routes, method, located.rest)?.route.path ?? located.rest);
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    try {
      return await this.#handle(exchange);
    } catch (error) {
      if (error instanceof WorkflowError) {
        return error.answer;
      }
      throw error;
    }
  }

  async #handle(exchange: Exchange): Promise<Answer> {
    const located = this.#locate(exchange.path);
    const match = located === undefined ? undefined : matchRoute(routes, exchange.method, located.rest);
    const claims = await this.#authenticate(exchange, located?.api.dialect ?? workflowServiceDialect);
    if (located === undefined || match === undefined) {
      throw technicalError(404, 'HTTP 404 Not Found');
    }
    const call: WorkflowCall = {
      params: match.params,
      query: exchange.query,
      headers: exchange.headers,
      body: await exchange.body(),
      clientId: claims.clientId,
      environmentId: this.#environment(exchange),
    };
    const { route } = match;
    const needed = typeof route.authority === 'string' ? [route.authority] : route.authority(call);
    // The prefix before the last dot is the landscape's.
    const granted = new Set(claims.scopes.map((scope) => scope.slice(scope.lastIndexOf('.') + 1)));
    if (!needed.every((name) => granted.has(name))) {
      throw new WorkflowError(located.api.dialect.forbidden);
    }
    return route.handle(call, located.api.engine);
  }

  async #authenticate(exchange: Exchange, dialect: WorkflowDialect): Promise<TokenClaims> {
    const verdict = await this.#options.verify(exchange.header('authorization'));
    if (verdict.kind === 'missing') {
      throw unauthorized('unauthorized', 'Full authentication is required to access this resource');
    }
    if (verdict.kind === 'expired') {
      throw unauthorized('invalid_token', 'The access token expired');
    }
    const { scopePrefix } = this.#options.clients.get(dialect.client);
    if (verdict.kind !== 'valid' || !verdict.claims.audience.includes(scopePrefix)) {
      throw unauthorized('invalid_token', 'The access token is invalid');
    }
    return verdict.claims;
  }

  /** A shared environment opens with its id and its API key; without the key it is as if nobody had asked for it. */
  #environment(exchange: Exchange): string | undefined {
    const opened =
      exchange.query.get('environmentId') === sharedEnvironmentId &&
      exchange.header('irpa-api-key') === this.#options.environmentApiKey;
    return opened ? sharedEnvironmentId : undefined;
  }
}

function createApi(dialect: WorkflowDialect, settleMs: number): Api {
  const { definitions, namesInstances } = dialect;
  return { dialect, engine: new WorkflowEngine({ definitions, settleMs, namesInstances }) };
}
