import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { ClientName } from '../authorization-server/oauth-clients.ts';
import { processAutomationDefinitions, workflowDefinitions } from './definition.ts';
import type { Definition } from './definition.ts';

/** How one product speaks the same API. */
export interface WorkflowDialect {
  /** The paths that end where `/v1` is over. */
  readonly bases: readonly string[];
  /** Whose tokens it takes. */
  readonly client: ClientName;
  readonly definitions: readonly Definition[];
  /** Whether the subject and the business key of an instance are filled; else they are null. */
  readonly namesInstances: boolean;
  readonly forbidden: Answer;
}

const privileges = 'User does not have sufficient privileges.';

/** SAP Workflow service. Its 403 has neither a code nor a log id. */
export const workflowServiceDialect: WorkflowDialect = {
  bases: ['/workflow-service/rest/v1'],
  client: 'workflow',
  definitions: workflowDefinitions,
  namesInstances: true,
  forbidden: jsonAnswer(403, { error: { message: privileges } }),
};

/** SAP Build Process Automation: both prefixes are in use. */
export const processAutomationDialect: WorkflowDialect = {
  bases: ['/workflow/rest/v1', '/public/workflow/rest/v1'],
  client: 'processAutomation',
  definitions: processAutomationDefinitions,
  namesInstances: false,
  forbidden: jsonAnswer(403, {
    error: { code: 'bpm.workflowruntime.rest.user.not.sufficient.privileges', message: privileges },
  }),
};
