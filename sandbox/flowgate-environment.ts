import type { Sandbox } from './start-sandbox.ts';

export interface FlowgateSettings {
  readonly port: number;
  /** The key that callers send as `x-api-key`. */
  readonly apiKey: string;
}

/** The variables that put Flowgate in front of the sandbox. */
export function flowgateEnvironment(sandbox: Sandbox, settings: FlowgateSettings): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(settings.port),
    LOG_LEVEL: 'warn',
    ...upstreamEnvironment(sandbox),
    API_KEYS: `sandbox=${settings.apiKey}`,
  };
}

/** The part that names the upstreams. */
export function upstreamEnvironment({
  serviceKeys,
  workflowServer,
  workflowgen,
  httpApi,
}: Sandbox): Record<string, string> {
  return {
    WORKFLOW_SERVICE_KEY: JSON.stringify(serviceKeys.workflow),
    INTEGRATION_SERVICE_KEY: JSON.stringify(serviceKeys.integration),
    INTEGRATION_FLOWS: 'product-details=/http/products,orders=/http/orders',
    WFS_URL: workflowServer.url,
    WFS_SECRET: workflowServer.clientSecret,
    WFGEN_URL: workflowgen.graphqlUrl,
    WFGEN_TOKEN_URL: workflowgen.tokenUrl,
    WFGEN_CLIENT_ID: workflowgen.clientId,
    WFGEN_CLIENT_SECRET: workflowgen.clientSecret,
    WFGEN_API_KEY: workflowgen.apiKey,
    CATALOGUE_URL: httpApi.url,
    CATALOGUE_TOKEN_URL: httpApi.tokenUrl,
    CATALOGUE_CLIENT_ID: httpApi.clientId,
    CATALOGUE_CLIENT_SECRET: httpApi.clientSecret,
  };
}

/** The `flowgate.yaml` of the services that no variable describes. It takes addresses and secrets from the environment. */
export const flowgateFile = `services:
  approvals:
    kind: workflow-server
    url: "\${WFS_URL}"
    token: { clientId: workflowapi, clientSecret: "\${WFS_SECRET}" }
    identity: { from: caller }
  requests:
    kind: workflowgen
    url: "\${WFGEN_URL}"
    token:
      url: "\${WFGEN_TOKEN_URL}"
      clientId: "\${WFGEN_CLIENT_ID}"
      clientSecret: "\${WFGEN_CLIENT_SECRET}"
      params: { audience: "\${WFGEN_URL}" }
    apiKey: "\${WFGEN_API_KEY}"
  catalogue:
    kind: http
    url: "\${CATALOGUE_URL}"
    token: { url: "\${CATALOGUE_TOKEN_URL}", clientId: "\${CATALOGUE_CLIENT_ID}", clientSecret: "\${CATALOGUE_CLIENT_SECRET}" }
    routes: [GET /products/:id -> /v2/products/:id, POST /orders -> /v2/orders]
`;

/**
 * Lines that a POSIX shell and an `.env` file read alike. Single quotes keep the `$` and `=` of secrets as they are;
 * the values hold no single quote.
 */
export function environmentLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n');
}
