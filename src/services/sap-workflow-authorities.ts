import { scopeNames } from './refusal-problem.ts';

/** The authorities of the Workflow REST API that can be granted to a service instance (api.sap.com, security scopes). */
const GRANTABLE: ReadonlySet<string> = new Set([
  'WORKFLOW_DEFINITION_GET',
  'WORKFLOW_DEFINITION_GET_MODEL',
  'WORKFLOW_DEFINITION_GET_SAMPLE_CONTEXT',
  'WORKFLOW_DEFINITION_UNDEPLOY',
  'WORKFLOW_INSTANCE_GET',
  'WORKFLOW_INSTANCE_START',
  'WORKFLOW_INSTANCES_UPDATE',
  'WORKFLOW_INSTANCE_CANCEL',
  'WORKFLOW_INSTANCE_RETRY_RESUME',
  'WORKFLOW_INSTANCE_SUSPEND',
  'WORKFLOW_INSTANCE_GET_ATTRIBUTES',
  'WORKFLOW_INSTANCE_GET_CONTEXT',
  'WORKFLOW_INSTANCE_UPDATE_CONTEXT',
  'WORKFLOW_INSTANCE_GET_ERROR_MESSAGES',
  'WORKFLOW_INSTANCE_GET_EXECUTION_LOGS',
  'WORKFLOW_INSTANCE_GET_ATTACHMENTS',
  'WORKFLOW_INSTANCE_UPDATE_ATTACHMENTS',
  'WORKFLOW_INSTANCE_GET_ROLES',
  'WORKFLOW_INSTANCE_UPDATE_ROLES',
  'MESSAGE_SEND',
  'TASK_GET',
  'TASK_GET_CONTEXT',
  'TASK_COMPLETE',
  'TASK_UPDATE',
  'TASK_GET_ATTRIBUTES',
  'TASK_GET_ATTACHMENTS',
  'TASK_GET_FORM',
  'TASK_GET_FORM_MODEL',
  'FORM_DEFINITION_GET',
  'FORM_DEFINITION_GET_MODEL',
  'FORM_DEFINITION_UNDEPLOY',
  'JOB_STATUS_GET',
  'DATA_EXPORT',
  'DATA_PURGE',
]);

/** The authorities among a token's scopes, in the order they have there. */
export function heldAuthorities(tokenScopes: readonly string[]): string[] {
  return [...new Set(scopeNames(tokenScopes))].filter((name) => GRANTABLE.has(name));
}

/**
 * The parameters for `cf update-service`, whole: the list replaces the one before, so what is held stays in it
 * (help.sap.com, "Configure the Service Instance").
 */
export function authoritiesJson(held: readonly string[], missing: readonly string[]): string {
  const authorities = [...new Set([...held, ...missing])];
  return JSON.stringify({ authorities, defaultCollectionQueryFilter: 'own' });
}
