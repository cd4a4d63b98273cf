import { integrationTenant } from '../authorization-server/oauth-clients.ts';
import type { OAuthClients } from '../authorization-server/oauth-clients.ts';
import type { TokenVerifier } from '../authorization-server/token-verifier.ts';
import { sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Upstream } from '../http/upstream.ts';
import { CsrfSessions } from './csrf-sessions.ts';
import type { Flow } from './flow.ts';
import { noAuthentication, noSuchAddress, roleMissing, wrongAudience } from './integration-answers.ts';
import { sampleFlows } from './sample-flows.ts';

/** The role that senders ask for unless they name another. */
const usualRole = 'ESBMessaging.send';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The runtime of Cloud Integration: the senders of deployed flows under `/http/<address>`. */
export class IntegrationServer {
  readonly upstream: Upstream;
  readonly csrfSessions = new CsrfSessions();
  readonly #clients: OAuthClients;
  readonly #verify: TokenVerifier;
  readonly #runs = new Map<string, number>();

  constructor(clients: OAuthClients, verify: TokenVerifier) {
    this.#clients = clients;
    this.#verify = verify;
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${findFlow(path)?.address ?? path}`,
      isStreamed: (path) => findFlow(path)?.streamed === true,
      handle: async (exchange) => {
        const answer = await this.#answer(exchange);
        if (answer !== undefined) {
          sendAnswer(exchange.response, answer);
        }
      },
    });
  }

  /** How often each flow has run; a CSRF handshake runs none. */
  runs(): Record<string, number> {
    return Object.fromEntries(this.#runs);
  }

  forgetRuns(): void {
    this.#runs.clear();
  }

  async #answer(exchange: Exchange): Promise<Answer | undefined> {
    const { scopePrefix } = this.#clients.get('integration');
    const verdict = await this.#verify(exchange.header('authorization'));
    if (verdict.kind !== 'valid') {
      return noAuthentication;
    }
    const { audience, scopes } = verdict.claims;
    if (!audience.includes(scopePrefix)) {
      return wrongAudience(audience, integrationTenant);
    }
    const flow = findFlow(exchange.path);
    if (flow === undefined) {
      return noSuchAddress;
    }
    if (!scopes.includes(`${scopePrefix}.${flow.role ?? usualRole}`)) {
      return roleMissing;
    }
    if (exchange.method === 'OPTIONS') {
      return { status: 200, headers: { Allow: 'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS' } };
    }
    return this.#checkCsrf(flow, exchange) ?? (await this.#run(flow, exchange));
  }

  #run(flow: Flow, exchange: Exchange): Promise<Answer | undefined> | Answer {
    this.#runs.set(flow.address, (this.#runs.get(flow.address) ?? 0) + 1);
    return flow.run(exchange);
  }

  /** The adapter's part of the handshake; `undefined` where the flow may run. */
  #checkCsrf(flow: Flow, exchange: Exchange): Answer | undefined {
    if (flow.csrfProtected !== true) {
      return undefined;
    }
    if (reading.has(exchange.method)) {
      const fetches = exchange.header('x-csrf-token')?.toLowerCase() === 'fetch';
      return fetches ? this.csrfSessions.fetchToken(flow.address) : undefined;
    }
    return this.csrfSessions.accepts(exchange, flow.address) ? undefined : this.csrfSessions.refusal();
  }
}

function findFlow(path: string): Flow | undefined {
  const address = path.toLowerCase().replace(/\/$/, '');
  return sampleFlows.find(
    (flow) => address === flow.address || (flow.subpaths === true && address.startsWith(`${flow.address}/`)),
  );
}
