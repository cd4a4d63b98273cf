import type { ServiceConfig } from '../../config/config.ts';
import { sapIntegrationShapes } from './sap-integration-shapes.ts';
import { sapWorkflowShapes } from './sap-workflow-shapes.ts';
import type { Shapes } from './shape.ts';
import { workflowServerShapes } from './workflow-server-shapes.ts';
import { workflowgenShapes } from './workflowgen-shapes.ts';

/** What is known of the bodies of a service. Those of any other API are unknown. */
export function shapesOf(service: ServiceConfig): Shapes {
  switch (service.kind) {
    case 'sap-workflow':
      return sapWorkflowShapes;
    case 'sap-integration':
      return sapIntegrationShapes;
    case 'workflow-server':
      return workflowServerShapes;
    case 'workflowgen':
      return workflowgenShapes(service);
    case 'http':
      return { schemas: {}, operations: {} };
  }
}
