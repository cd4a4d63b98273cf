import type { Config } from '../config/config.ts';
import { Transport } from '../forward/transport.ts';
import { explainOperation } from '../services/explain-operation.ts';
import { baseUrlOf, offerOf } from '../services/offers.ts';
import { ServiceClient } from '../services/service-client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { serverAddress } from '../telemetry/trace-span.ts';
import { logTokenEvent } from '../tokens/log-token-event.ts';
import type { TokenCache } from '../tokens/token-cache.ts';
import type { TokenSharing } from '../tokens/token-sharing.ts';
import { TokenSources, tokenKey } from '../tokens/token-sources.ts';
import type { Service } from './api.ts';
import type { Explain } from './explain-request.ts';

export interface ServiceParts {
  readonly metrics: Metrics;
  readonly cache: TokenCache;
  /** Where several instances share their tokens. */
  readonly sharing: TokenSharing | undefined;
}

/** The services of a configuration, ready to be called: nothing is sent before somebody asks for something. */
export function createServices(config: Config, log: Log, { metrics, cache, sharing }: ServiceParts): Service[] {
  const users = tokenUsers(config);
  const tokens = new TokenSources({
    cache,
    sharing,
    onEvent: (event, client) => {
      const services = users.get(tokenKey(client)) ?? [];
      logTokenEvent(log, event, services);
      // What happens to a token that services share counts under the first of them.
      metrics.tokens.note(services[0] ?? '', event);
    },
  });
  const rates = new Map(config.callers.map(({ name, rateLimit }) => [name, rateLimit]));
  return config.services.map((service) => {
    const base = baseUrlOf(service);
    const transport = new Transport(base.origin);
    const offer = offerOf(service);
    const basePath = base.pathname.replace(/\/$/, '');
    const tokenSource = service.token && tokens.for(service.token);
    const client = new ServiceClient(transport, tokenSource, basePath, offer, {
      address: serverAddress(base),
      onHandshake: (outcome) => metrics.noteHandshake(service.name, outcome),
    });
    const explain: Explain = (request) =>
      explainOperation({
        ...request,
        service,
        limits: config.limits,
        rate: rates.get(request.grant.caller),
        token: tokenSource?.snapshot(),
      });
    return { offer, client, identity: service.identity, explain };
  });
}

/** The services that use each token, by its key: equal clients share one, whether they stand in one place or in two. */
function tokenUsers({ services }: Config): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { name, token } of services) {
    if (token === undefined) continue;
    const key = tokenKey(token);
    users.set(key, [...(users.get(key) ?? []), name]);
  }
  return users;
}
