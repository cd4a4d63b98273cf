import type { ServiceConfig } from '../../config/config.ts';
import { hosts, token } from './common-steps.ts';
import { httpServiceSteps } from './http-service-steps.ts';
import type { Patient } from './patient.ts';
import type { Step } from './run-steps.ts';
import { sapIntegrationSteps } from './sap-integration-steps.ts';
import { sapWorkflowSteps } from './sap-workflow-steps.ts';
import { workflowServerSteps } from './workflow-server-steps.ts';
import { workflowgenSteps } from './workflowgen-steps.ts';

const ofKind: Readonly<Record<ServiceConfig['kind'], readonly Step<Patient>[]>> = {
  'sap-workflow': sapWorkflowSteps,
  'sap-integration': sapIntegrationSteps,
  'workflow-server': workflowServerSteps,
  workflowgen: workflowgenSteps,
  http: httpServiceSteps,
};

/** What is looked at in a service, in this order. */
export function stepsOf({ kind }: ServiceConfig): readonly Step<Patient>[] {
  return [hosts, token, ...ofKind[kind]];
}
