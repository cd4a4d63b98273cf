import { randomBytes } from 'node:crypto';
import { execute, parse, validate } from 'graphql';
import type { DocumentNode } from 'graphql';
import { htmlAnswer, jsonAnswer, sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Upstream } from '../http/upstream.ts';
import { Auth0Tenant } from './auth0-tenant.ts';
import { BadRequest, readGraphqlRequest } from './graphql-request.ts';
import type { GraphqlRequest } from './graphql-request.ts';
import { RequestStore } from './request-store.ts';
import { rootFor } from './resolvers.ts';
import { schema, schemaText } from './schema.ts';

const graphqlPath = '/wfgen/graphql';

/** The "Impersonate username" of the registered application. */
const impersonatedUser = 'flowgate_service';

/**
 * WorkflowGen's GraphQL API and an Auth0 tenant that gives the tokens for it, behind one listener. The schema is
 * executed by the reference implementation. Not there: GET, the processes' inside, completing actions, hooks and SCIM.
 */
export class WorkflowgenServer {
  readonly upstream: Upstream;
  readonly requests = new RequestStore();
  /** The second key, which is asked for as with `GraphqlApiKeyEnabled=Y`. */
  readonly apiKey = randomBytes(24).toString('base64url');
  #auth0: Auth0Tenant | undefined;

  private constructor() {
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${path}`,
      isStreamed: (path) => path === graphqlPath,
      handle: async (exchange) => sendAnswer(exchange.response, await this.#answer(exchange)),
    });
  }

  static async create(): Promise<WorkflowgenServer> {
    const server = new WorkflowgenServer();
    server.#auth0 = await Auth0Tenant.create(
      () => server.upstream.url,
      () => server.graphqlUrl,
    );
    return server;
  }

  get auth0(): Auth0Tenant {
    if (this.#auth0 === undefined) {
      throw new Error('the server is made by create()');
    }
    return this.#auth0;
  }

  get graphqlUrl(): string {
    return `${this.upstream.url}${graphqlPath}`;
  }

  get tokenUrl(): string {
    return `${this.upstream.url}/oauth/token`;
  }

  async close(): Promise<void> {
    await Promise.all([this.upstream.listener.close(), this.auth0.close()]);
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    switch (exchange.path) {
      case '/oauth/token':
        return this.auth0.token(exchange);
      case graphqlPath:
        return exchange.method === 'POST' ? this.#graphql(exchange) : { status: 405, headers: { Allow: 'POST' } };
      case `${graphqlPath}/schema`:
        return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: schemaText };
      default:
        return htmlAnswer(404, '<html><body><h2>404 - File or directory not found.</h2></body></html>');
    }
  }

  async #graphql(exchange: Exchange): Promise<Answer> {
    const verdict = await this.auth0.tokens.judge(exchange.header('authorization'), this.graphqlUrl);
    if (verdict.kind !== 'valid' || exchange.header('x-wfgen-graphql-api-key') !== this.apiKey) {
      exchange.request.resume();
      return { status: 401, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Unauthorized' };
    }
    try {
      const request = await readGraphqlRequest(exchange);
      return await this.#run(request, exchange.header('x-wfgen-impersonate-username') ?? impersonatedUser);
    } catch (error) {
      if (error instanceof BadRequest) {
        return jsonAnswer(400, { errors: [{ message: error.message }] });
      }
      throw error;
    }
  }

  async #run({ query, variables }: GraphqlRequest, userName: string): Promise<Answer> {
    let document: DocumentNode;
    try {
      document = parse(query);
    } catch (error) {
      return jsonAnswer(400, { errors: [error] });
    }
    const invalid = validate(schema, document);
    if (invalid.length > 0) {
      return jsonAnswer(400, { errors: invalid });
    }
    const rootValue = rootFor(this.requests, userName);
    return jsonAnswer(200, await execute({ schema, document, rootValue, variableValues: variables }));
  }
}
