import { randomUUID } from 'node:crypto';
import { AuthorizationServer } from './authorization-server/authorization-server.ts';
import { OAuthClients } from './authorization-server/oauth-clients.ts';
import type { OAuthClientOptions } from './authorization-server/oauth-clients.ts';
import { ControlServer } from './control/control-server.ts';
import { SandboxControl } from './control/sandbox-control.ts';
import type { SandboxServers } from './control/sandbox-control.ts';
import type { UpstreamName } from './control/canned-answers.ts';
import { HttpApiServer } from './http-api/http-api-server.ts';
import { IntegrationServer } from './integration/integration-server.ts';
import { createServiceKeys, createVcapServices } from './service-keys.ts';
import type { ServiceKeys } from './service-keys.ts';
import { sharedEnvironmentId } from './workflow/definition.ts';
import { clientId } from './workflow-server/openid-server.ts';
import { OptimajetServer } from './workflow-server/optimajet-server.ts';
import { WorkflowServer } from './workflow/workflow-server.ts';
import { WorkflowgenServer } from './workflowgen/workflowgen-server.ts';

export interface SandboxOptions extends OAuthClientOptions {
  /** The sandbox listens on loopback only. */
  readonly host?: '127.0.0.1';
  /** Fixed ports; any free one where none is given. */
  readonly ports?: Partial<Record<UpstreamName | 'control', number>>;
  /** For how long an accepted change of an instance's status stays invisible, in ms. */
  readonly settleMs?: number;
}

export interface Sandbox {
  readonly authorizationServer: { readonly url: string; readonly tokenUrl: string; readonly zoneId: string };
  /** The Workflow service and SAP Build Process Automation. */
  readonly workflow: { readonly url: string };
  readonly integration: { readonly url: string };
  /** Optimajet WorkflowServer: the client of its own OpenID Connect server, and the static token that it takes as well. */
  readonly workflowServer: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly accessToken: string;
  };
  /** WorkflowGen: its Auth0 application, whose audience is `graphqlUrl`, and the second key. */
  readonly workflowgen: {
    readonly graphqlUrl: string;
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly apiKey: string;
  };
  /** A plain API behind a Keycloak. */
  readonly httpApi: {
    readonly url: string;
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
  readonly control: SandboxControl;
  /** Where the control is served over HTTP. */
  readonly controlUrl: string;
  /** Made at the start: they do not follow `control.rotateSecret`, as a downloaded key does not either. */
  readonly serviceKeys: ServiceKeys;
  readonly vcapServices: object;
  /** The shared environment of the process automation and the API key that opens it. */
  readonly sharedEnvironment: { readonly environmentId: string; readonly apiKey: string };
  close(): Promise<void>;
}

const defaultSettleMs = 200;

/**
 * Starts the emulated upstreams, each on a port of its own. Many can run side by side in one process.
 * Rejects when a given port is taken; nothing is left open then.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const servers = await createServers(options);
  const control = new SandboxControl(servers);
  const controlServer = new ControlServer(control);
  const close = async (): Promise<void> => {
    const { workflow, integration, workflowServer, workflowgen, httpApi } = servers;
    const upstreams = [workflow, integration, httpApi].map(({ upstream }) => upstream);
    const others = [...upstreams, controlServer];
    const withTokens = [servers.authorizationServer, workflowServer, workflowgen];
    await Promise.all([
      ...withTokens.map((server) => server.close()),
      ...others.map(({ listener }) => listener.close()),
    ]);
  };
  try {
    const { ports = {} } = options;
    await servers.authorizationServer.open(ports.authorizationServer ?? 0);
    await servers.workflow.upstream.listener.open(ports.workflow ?? 0);
    await servers.integration.upstream.listener.open(ports.integration ?? 0);
    await servers.workflowServer.upstream.listener.open(ports.workflowServer ?? 0);
    await servers.workflowgen.upstream.listener.open(ports.workflowgen ?? 0);
    await servers.httpApi.upstream.listener.open(ports.httpApi ?? 0);
    await controlServer.listener.open(ports.control ?? 0);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...describe(servers), control, controlUrl: controlServer.listener.url, close };
}

interface Servers extends SandboxServers {
  readonly environmentApiKey: string;
}

async function createServers(options: SandboxOptions): Promise<Servers> {
  const { settleMs = defaultSettleMs } = options;
  const clients = new OAuthClients(options);
  const authorizationServer = await AuthorizationServer.create(clients);
  const verify = authorizationServer.verifier();
  const environmentApiKey = randomUUID();
  const workflow = new WorkflowServer({ clients, verify, environmentApiKey, settleMs });
  const integration = new IntegrationServer(clients, verify);
  const workflowServer = await OptimajetServer.create();
  const workflowgen = await WorkflowgenServer.create();
  const httpApi = await HttpApiServer.create();
  return {
    clients,
    authorizationServer,
    workflow,
    integration,
    workflowServer,
    workflowgen,
    httpApi,
    environmentApiKey,
  };
}

function describe(servers: Servers) {
  const { clients, authorizationServer, workflow, integration, environmentApiKey } = servers;
  const { workflowServer, workflowgen, httpApi } = servers;
  const { zoneId, tokenUrl } = authorizationServer;
  const authorizationServerUrl = authorizationServer.upstream.url;
  const workflowUrl = workflow.upstream.url;
  const integrationUrl = integration.upstream.url;
  const serviceKeys = createServiceKeys(clients, { authorizationServerUrl, workflowUrl, integrationUrl, zoneId });
  return {
    authorizationServer: { url: authorizationServerUrl, tokenUrl, zoneId },
    workflow: { url: workflowUrl },
    integration: { url: integrationUrl },
    workflowServer: {
      url: workflowServer.upstream.url,
      clientId,
      clientSecret: workflowServer.openId.secret,
      accessToken: workflowServer.accessToken,
    },
    workflowgen: {
      graphqlUrl: workflowgen.graphqlUrl,
      tokenUrl: workflowgen.tokenUrl,
      clientId: workflowgen.auth0.clientId,
      clientSecret: workflowgen.auth0.clientSecret,
      apiKey: workflowgen.apiKey,
    },
    httpApi: {
      url: httpApi.upstream.url,
      tokenUrl: httpApi.tokenUrl,
      clientId: httpApi.realm.clientId,
      clientSecret: httpApi.realm.clientSecret,
    },
    serviceKeys,
    vcapServices: createVcapServices(serviceKeys),
    sharedEnvironment: { environmentId: sharedEnvironmentId, apiKey: environmentApiKey },
  };
}
