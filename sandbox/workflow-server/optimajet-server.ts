import { randomBytes } from 'node:crypto';
import { sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Upstream } from '../http/upstream.ts';
import {
  failureAnswer,
  notAuthenticated,
  notAuthorized,
  RequestFailure,
  success,
  wrongAccessToken,
} from './api-answers.ts';
import { runOperation } from './api-operations.ts';
import { readParameters } from './api-parameters.ts';
import type { ApiParameters } from './api-parameters.ts';
import { OpenIdServer } from './openid-server.ts';
import { ProcessEngine } from './process-engine.ts';
import { sampleSchemes } from './scheme.ts';

/**
 * Optimajet WorkflowServer with its Workflow API and its own OpenID Connect server, behind one listener.
 *
 * A real server takes tokens of OpenID Connect or, up to 8.x, one static token; this one takes whichever it is shown.
 */
export class OptimajetServer {
  readonly upstream: Upstream;
  readonly engine = new ProcessEngine(sampleSchemes);
  /** The static token, for the parameter `token`. */
  readonly accessToken = randomBytes(24).toString('base64url');
  #openId: OpenIdServer | undefined;

  private constructor() {
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${routeOf(path)}`,
      handle: async (exchange) => sendAnswer(exchange.response, await this.#answer(exchange)),
    });
  }

  static async create(): Promise<OptimajetServer> {
    const server = new OptimajetServer();
    server.#openId = await OpenIdServer.create(randomBytes(48).toString('base64'), () => server.upstream.url);
    return server;
  }

  get openId(): OpenIdServer {
    if (this.#openId === undefined) {
      throw new Error('the server is made by create()');
    }
    return this.#openId;
  }

  async close(): Promise<void> {
    await Promise.all([this.upstream.listener.close(), this.openId.close()]);
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    const path = exchange.path.toLowerCase();
    if (path === '/.well-known/openid-configuration') {
      return this.openId.configuration();
    }
    if (path === '/.well-known/openid-configuration/jwks') {
      return this.openId.keys();
    }
    if (path === '/connect/token') {
      return this.openId.token(exchange);
    }
    if (path === '/workflowapi' || path.startsWith('/workflowapi/')) {
      return this.#callApi(exchange);
    }
    return { status: 404 };
  }

  async #callApi(exchange: Exchange): Promise<Answer> {
    try {
      if (exchange.method === 'OPTIONS') {
        return { status: 204 };
      }
      if (exchange.method !== 'GET' && exchange.method !== 'POST') {
        throw new RequestFailure(`Method ${exchange.method} is not supported`);
      }
      const [, , inPath, id] = exchange.path.split('/');
      const parameters = await readParameters(exchange, id);
      const operation = (inPath ?? parameters.text('operation') ?? '').toLowerCase();
      await this.#checkToken(exchange, operation, parameters);
      return success(runOperation(operation, parameters, this.engine));
    } catch (error) {
      return failureAnswer(error);
    }
  }

  async #checkToken(exchange: Exchange, operation: string, parameters: ApiParameters): Promise<void> {
    const authorization = exchange.header('authorization');
    const accessToken = parameters.text('token');
    if (authorization === undefined && accessToken !== undefined) {
      if (accessToken !== this.accessToken) {
        throw new RequestFailure(wrongAccessToken);
      }
      return;
    }
    const verdict = await this.openId.judge(authorization, operation);
    if (verdict !== 'valid') {
      throw new RequestFailure(verdict === 'not-authenticated' ? notAuthenticated : notAuthorized);
    }
  }
}

/** `/workflowapi/createinstance/f541…` is counted as `/workflowapi/createinstance`. */
function routeOf(path: string): string {
  const [, root, operation] = path.toLowerCase().split('/');
  return root === 'workflowapi' && operation !== undefined ? `/workflowapi/${operation}` : path;
}
