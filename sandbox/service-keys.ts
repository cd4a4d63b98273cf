import { randomUUID } from 'node:crypto';
import type { OAuthClient, OAuthClients } from './authorization-server/oauth-clients.ts';

/** Service keys as they are downloaded from the cockpit: the credentials alone. */
export interface ServiceKeys {
  readonly workflow: ReturnType<typeof workflowKey>;
  readonly processAutomation: ReturnType<typeof processAutomationKey>;
  readonly integration: ReturnType<typeof integrationKey>;
  /** A key of the runtime's plan `api`: its tokens are refused by flows. */
  readonly integrationApiPlan: ReturnType<typeof integrationKey>;
}

export interface SandboxAddresses {
  readonly authorizationServerUrl: string;
  readonly workflowUrl: string;
  readonly integrationUrl: string;
  readonly zoneId: string;
}

export function createServiceKeys(clients: OAuthClients, addresses: SandboxAddresses): ServiceKeys {
  return {
    workflow: workflowKey(clients.get('workflow'), addresses),
    processAutomation: processAutomationKey(clients.get('processAutomation'), addresses),
    integration: integrationKey(clients.get('integration'), addresses),
    integrationApiPlan: integrationKey(clients.get('integrationApiPlan'), addresses),
  };
}

/**
 * The bindings as a platform would put them into `VCAP_SERVICES`: one Workflow service and one integration runtime, so
 * that they give the services `workflow` and `integration`.
 */
export function createVcapServices(keys: ServiceKeys): object {
  const binding = (label: string, plan: string, credentials: object): object => ({
    label,
    name: `sandbox-${label}`,
    instance_name: `sandbox-${label}`,
    plan,
    tags: [],
    credentials,
  });
  return {
    workflow: [binding('workflow', 'lite', keys.workflow)],
    'it-rt': [binding('it-rt', 'integration-flow', keys.integration)],
  };
}

function workflowKey(client: OAuthClient, addresses: SandboxAddresses) {
  const { workflowUrl } = addresses;
  return {
    content_endpoint: `${workflowUrl}/workflow-deploy/rest/internal/v1`,
    endpoints: {
      workflow_odata_url: `${workflowUrl}/workflow-service/odata`,
      workflow_rest_url: `${workflowUrl}/workflow-service/rest`,
    },
    'html5-apps-repo': { app_host_id: randomUUID() },
    portal_content_provider: { instance_id: randomUUID() },
    saasregistryappname: 'workflow',
    'sap.cloud.service': 'com.sap.bpm.workflow',
    uaa: uaa(client, addresses),
  };
}

function processAutomationKey(client: OAuthClient, addresses: SandboxAddresses) {
  const { zoneId } = addresses;
  return {
    endpoints: { api: addresses.workflowUrl },
    'html5-apps-repo': { app_host_id: randomUUID() },
    saasregistryenabled: true,
    'sap.cloud.service': 'com.sap.spa.processautomation',
    'sap.cloud.service.alias': 'spa',
    uaa: {
      ...uaa(client, addresses),
      identityzone: 'sandbox',
      identityzoneid: zoneId,
      tenantid: zoneId,
      tenantmode: 'shared',
      subaccountid: zoneId,
      'credential-type': 'binding-secret',
      serviceInstanceId: randomUUID(),
    },
  };
}

function integrationKey(client: OAuthClient, addresses: SandboxAddresses) {
  return {
    oauth: {
      clientid: client.id,
      clientsecret: client.secret,
      url: addresses.integrationUrl,
      createdate: new Date().toISOString(),
      // Complete, unlike the `url` of a `uaa` object.
      tokenurl: `${addresses.authorizationServerUrl}/oauth/token`,
    },
  };
}

function uaa(client: OAuthClient, { authorizationServerUrl, zoneId }: SandboxAddresses) {
  return {
    apiurl: authorizationServerUrl,
    clientid: client.id,
    clientsecret: client.secret,
    uaadomain: new URL(authorizationServerUrl).host,
    url: authorizationServerUrl,
    xsappname: client.id.replace(/^sb-/, ''),
    zoneid: zoneId,
  };
}
