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
import { TokenSources } from '../tokens/token-sources.ts';
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
  // Services that share an OAuth client share its token, and what happens to it counts under the first of them.
  const named = new Map(config.services.toReversed().map(({ name, token }) => [token, name]));
  const tokens = new TokenSources({
    cache,
    sharing,
    onEvent: (event, client) => {
      logTokenEvent(log, event);
      metrics.tokens.note(named.get(client) ?? '', event);
    },
  });
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
      explainOperation({ ...request, service, limits: config.limits, token: tokenSource?.snapshot() });
    return { offer, client, identity: service.identity, explain };
  });
}
