import type { ServiceConfig } from '../config/config.ts';
import { httpService } from './http-service.ts';
import type { Offer } from './operation.ts';
import { sapIntegration } from './sap-integration.ts';
import { sapWorkflow } from './sap-workflow.ts';
import { workflowServer } from './workflow-server.ts';
import { workflowgen } from './workflowgen.ts';

/** What Flowgate offers in front of a service: the one place that knows all kinds. */
export function offerOf(service: ServiceConfig): Offer {
  switch (service.kind) {
    case 'sap-workflow':
      return sapWorkflow(service);
    case 'sap-integration':
      return sapIntegration(service);
    case 'workflow-server':
      return workflowServer(service);
    case 'workflowgen':
      return workflowgen(service);
    case 'http':
      return httpService(service);
  }
}

/** The base URL of a service's API, without a trailing slash. */
export function baseUrlOf(service: ServiceConfig): URL {
  switch (service.kind) {
    case 'sap-workflow':
      return new URL(service.apiUrl);
    case 'sap-integration':
      return new URL(service.runtimeUrl);
    case 'workflow-server':
      return new URL(service.url);
    case 'workflowgen':
      return new URL(service.graphqlUrl);
    case 'http':
      return new URL(service.apiUrl);
  }
}
