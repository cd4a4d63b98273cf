import { API_PLAN_FAULT, isApiPlan } from './api-plan.ts';
import { bad, good, type Checked } from './checked.ts';
import type { FlowConfig, SapIntegrationConfig, SapWorkflowConfig, ServiceConfig } from './config.ts';
import type { SapIntegrationEntry, SapWorkflowEntry } from './file-schema.ts';
import { buildFlow, type NamedAddress } from './flow-config.ts';
import { resolveHttp } from './resolve-http.ts';
import { resolveWorkflowServer } from './resolve-workflow-server.ts';
import { resolveWorkflowgen } from './resolve-workflowgen.ts';
import { Secret } from './secret.ts';
import { entrySetting, locateServiceUrl, type Located, type ServiceContext } from './service-context.ts';
import { buildTokenClient } from './token-client.ts';
import { DEFAULT_REST_PATH, hasNoPath, runtimeUrl, workflowApiUrl } from './urls.ts';

/** What flows of an integration service get beside their own entries. */
export interface FlowDefaults {
  readonly timeoutMs: number;
  /** The flows of `INTEGRATION_FLOWS`, for the service `integration`. */
  readonly environmentFlows: readonly NamedAddress[];
}

/** A planned service, complete; `undefined` after problems were noted. */
export function resolveService(context: ServiceContext, flows: FlowDefaults): ServiceConfig | undefined {
  const { entry } = context.plan;
  checkShape(context);
  switch (entry.kind) {
    case 'sap-workflow':
      return resolveWorkflow(context, entry);
    case 'sap-integration':
      return resolveIntegration(context, entry, flows);
    case 'workflow-server':
      return resolveWorkflowServer(context, entry);
    case 'workflowgen':
      return resolveWorkflowgen(context, entry, flows.timeoutMs);
    case 'http':
      return resolveHttp(context, entry, flows.timeoutMs);
  }
}

/** The key must be one at all, and of the kind of service that it is used for. */
function checkShape({ plan, findings }: ServiceContext): void {
  const { entry, keySource } = plan;
  const key = keySource?.key;
  if (keySource === undefined || key === undefined) return;
  if (key.clientId === undefined && key.tokenUrl === undefined && entry.token === undefined) {
    const cure = 'Use the key as downloaded from the cockpit: its client is in "uaa", in "oauth" or at the top.';
    findings.problem(keySource.setting, { problem: 'has neither a clientid nor a token address', cure });
  }
  const shownKind = key.shape === 'integration' ? 'sap-integration' : 'sap-workflow';
  if (key.shape === 'unknown' || shownKind === entry.kind) return;
  const problem = `is a key of ${KEY_OWNERS[shownKind]}, not of ${KEY_OWNERS[entry.kind]}`;
  findings.problem(keySource.setting, { problem, cure: 'Use the key of the other service, or change "kind".' });
}

const KEY_OWNERS: Readonly<Record<ServiceConfig['kind'], string>> = {
  'sap-workflow': 'a workflow service',
  'sap-integration': 'Process Integration Runtime',
  'workflow-server': 'WorkflowServer',
  workflowgen: 'WorkflowGen',
  http: 'another API',
};

function resolveWorkflow(context: ServiceContext, entry: SapWorkflowEntry): SapWorkflowConfig | undefined {
  const { plan, findings, policy } = context;
  const key = plan.keySource?.key;
  const found = locateServiceUrl(context, 'endpoints.workflow_rest_url or endpoints.api');
  const restPath = found && restPathFor(context, entry, found);
  const apiUrl = found && findings.take(found.setting, workflowApiUrl(found.text, restPath, policy), found.field);
  const token = buildTokenClient(context);
  const environmentId = entry.environmentId ?? key?.environmentId?.text;
  const apiKey = entry.apiKey ?? (key?.apiKey && new Secret(key.apiKey.text));
  if ((environmentId === undefined) !== (apiKey === undefined)) {
    const [has, lacks] = apiKey === undefined ? ['environmentId', 'apiKey'] : ['apiKey', 'environmentId'];
    findings.notice(`The service ${plan.name} has an ${has} but no ${lacks}; a shared environment needs both.`);
  }
  if (apiUrl === undefined || token === undefined) return undefined;
  const { identity } = entry;
  return { kind: 'sap-workflow', name: plan.name, source: plan.from, token, identity, apiUrl, environmentId, apiKey };
}

/** The path between the address and the API; `undefined` where the address holds it already. */
function restPathFor(context: ServiceContext, entry: SapWorkflowEntry, found: Located): string | undefined {
  const { findings, plan } = context;
  const own = entry.restPath === undefined ? undefined : checkRestPath(entry.restPath);
  const given = own && findings.take(entrySetting(context, 'restPath'), own);
  const isClassic = found.field !== undefined && plan.keySource?.key?.shape === 'workflow';
  if (isClassic) {
    if (given !== undefined)
      findings.notice(`restPath of the service ${plan.name} is not used: its key brings the path.`);
    return undefined;
  }
  const needsPath = plan.keySource?.key?.shape === 'process-automation' || hasNoPath(found.text);
  return given ?? (needsPath ? DEFAULT_REST_PATH : undefined);
}

function checkRestPath(text: string): Checked<string> {
  if (/^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(text) && !text.split('/').includes('..')) return good(text);
  return bad('is not a path', `Write it like ${DEFAULT_REST_PATH}.`);
}

function resolveIntegration(
  context: ServiceContext,
  entry: SapIntegrationEntry,
  defaults: FlowDefaults,
): SapIntegrationConfig | undefined {
  const { plan, findings, policy } = context;
  const found = locateServiceUrl(context, 'url of the runtime');
  const runtime = found && findings.take(found.setting, runtimeUrl(found.text, policy), found.field);
  const token = buildTokenClient(context);
  const clientId = entry.token?.clientId ?? plan.keySource?.key?.clientId?.text;
  const isWrongPlan = isApiPlan({ plan: plan.keySource?.plan, clientId, url: runtime });
  if (isWrongPlan) findings.problem(plan.keySource?.setting ?? entrySetting(context), API_PLAN_FAULT);
  const flows = resolveFlows(context, entry, runtime, defaults);
  if (runtime === undefined || token === undefined || isWrongPlan) return undefined;
  if (flows.length === 0) findings.notice(`The service ${plan.name} has no flows yet, so it offers nothing to call.`);
  return { kind: 'sap-integration', name: plan.name, source: plan.from, token, runtimeUrl: runtime, flows };
}

function resolveFlows(
  context: ServiceContext,
  entry: SapIntegrationEntry,
  runtime: string | undefined,
  defaults: FlowDefaults,
): readonly FlowConfig[] {
  const { findings } = context;
  const own = Object.entries(entry.flows ?? {}).map(([name, flow]) => {
    const setting = entrySetting(context, 'flows', name, 'address');
    return buildFlow({ name, entry: flow }, { setting, field: undefined, runtime }, defaults.timeoutMs, findings);
  });
  const added = defaults.environmentFlows.map(({ name, address }) => {
    if (Object.hasOwn(entry.flows ?? {}, name)) {
      findings.notice(`INTEGRATION_FLOWS: ${name} is not used, because the file describes that flow.`);
      return undefined;
    }
    const from = { setting: 'INTEGRATION_FLOWS', field: `the address of ${name}`, runtime };
    return buildFlow({ name, entry: { address } }, from, defaults.timeoutMs, findings);
  });
  return [...own, ...added].filter((flow) => flow !== undefined);
}
