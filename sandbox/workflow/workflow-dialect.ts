import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { ClientName } from '../authorization-server/oauth-clients.ts';

/** How one product speaks the same API. */
export interface WorkflowDialect {
  /** The paths that end where `/v1` is over. */
  readonly bases: readonly string[];
  /** Whose tokens it takes. */
  readonly client: ClientName;
  /** Whether the Workflow service's subject and business key are filled. */
  readonly namesInstances: boolean;
  readonly forbidden: Answer;
}

const privileges = 'User does not have sufficient privileges.';

/** SAP Workflow service. Its 403 has neither a code nor a log id. */
export const workflowServiceDialect: WorkflowDialect = {
  bases: ['/workflow-service/rest/v1'],
  client: 'workflow',
  namesInstances: true,
  forbidden: jsonAnswer(403, { error: { message: privileges } }),
};

/** SAP Build Process Automation: both prefixes are in use. */
export const processAutomationDialect: WorkflowDialect = {
  bases: ['/workflow/rest/v1', '/public/workflow/rest/v1'],
  client: 'processAutomation',
  namesInstances: false,
  forbidden: jsonAnswer(403, {
    error: { code: 'bpm.workflowruntime.rest.user.not.sufficient.privileges', message: privileges },
  }),
};
