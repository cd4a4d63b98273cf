import type { WorkflowServerConfig } from './config.ts';
import type { WorkflowServerEntry } from './file-schema.ts';
import { entrySetting, locateServiceUrl, type ServiceContext } from './service-context.ts';
import { buildTokenClient } from './token-client.ts';
import { workflowServerUrl } from './urls.ts';

/** A WorkflowServer, complete; `undefined` after problems were noted. */
export function resolveWorkflowServer(
  context: ServiceContext,
  entry: WorkflowServerEntry,
): WorkflowServerConfig | undefined {
  const { plan, findings, policy } = context;
  const { accessToken, administration = false, identity } = entry;
  const found = locateServiceUrl(context, 'uri of the server');
  const url = found && findings.take(found.setting, workflowServerUrl(found.text, policy), found.field);
  const hasOneCredential = checkCredentials(context, entry);
  // Without an address the rest is still looked at, so that all problems are told at once.
  const token = hasOneCredential && accessToken === undefined ? buildTokenClient(context, url ?? '') : undefined;
  if (url === undefined || (token === undefined && accessToken === undefined)) return undefined;
  return {
    kind: 'workflow-server',
    name: plan.name,
    source: plan.from,
    url,
    token,
    accessToken,
    administration,
    identity,
  };
}

/** A server without any token would take calls from everybody, past us: nothing is sent without one. */
function checkCredentials(context: ServiceContext, { token, accessToken }: WorkflowServerEntry): boolean {
  const { plan, findings } = context;
  const hasClient = token !== undefined || plan.keySource !== undefined;
  if (hasClient !== (accessToken !== undefined)) return true;
  const setting = hasClient ? entrySetting(context, 'accessToken') : entrySetting(context);
  findings.problem(setting, {
    problem: hasClient ? 'stands beside the client of OpenID Connect' : 'has neither "token" nor "accessToken"',
    cure: 'Give "token" with clientId: workflowapi and its clientSecret; or "accessToken" alone, for servers up to 8.x without OpenID Connect.',
  });
  return false;
}
