import {
  anyObject,
  arrayOf,
  instantOrNull,
  objectOf,
  schemaRef,
  textOrNull,
  textSchema,
  type BodyShape,
  type JsonSchema,
  type Shapes,
} from './shape.ts';

/** The bodies of the Workflow REST API, v1 (api.sap.com, "Workflow API for Cloud Foundry"). */

const INSTANCE_ID = '7d3f1c2a-0b1c-11ef-9e92-0a9e5a06c0de';
const TASK_ID = '8a41d0f6-0b1c-11ef-9e92-0a9e5a06c0de';
const STARTED = '2026-01-31T08:00:00.000Z';

const definition = { id: 'onboarding', version: '1', name: 'onboarding', createdAt: STARTED };

const instance = {
  id: INSTANCE_ID,
  definitionId: 'onboarding',
  definitionVersion: '1',
  subject: 'onboarding',
  status: 'RUNNING',
  businessKey: '',
  startedAt: STARTED,
  startedBy: 'sb-clone-4f0d2a1b!b12345|workflow!b10150',
  completedAt: null,
};

const task = {
  id: TASK_ID,
  activityId: 'usertask1',
  workflowDefinitionId: 'onboarding',
  workflowInstanceId: INSTANCE_ID,
  status: 'READY',
  subject: 'Prepare the workplace',
  priority: 'MEDIUM',
  createdAt: STARTED,
};

const context = { employee: 'Ada Lovelace', department: 'Research' };

const contextBody: BodyShape = { schema: anyObject, example: context };
const cascade: BodyShape = { schema: objectOf({ cascade: { type: 'boolean' } }), example: { cascade: false } };
const started: BodyShape = { schema: schemaRef('WorkflowInstance'), example: instance };

const schemas: Readonly<Record<string, JsonSchema>> = {
  WorkflowDefinition: objectOf(
    { id: textSchema, version: textSchema, name: textSchema, createdBy: textSchema, createdAt: instantOrNull },
    ['id'],
  ),
  WorkflowInstance: objectOf(
    {
      id: textSchema,
      definitionId: textSchema,
      definitionVersion: textSchema,
      subject: textOrNull,
      status: { type: 'string', examples: ['RUNNING', 'ERRONEOUS', 'SUSPENDED', 'CANCELED', 'COMPLETED'] },
      businessKey: textOrNull,
      startedAt: instantOrNull,
      startedBy: { type: ['string', 'null'], description: 'the OAuth client, never the person' },
      completedAt: instantOrNull,
    },
    ['id', 'definitionId', 'status'],
  ),
  WorkflowTask: objectOf(
    {
      id: textSchema,
      activityId: textSchema,
      workflowDefinitionId: textSchema,
      workflowInstanceId: textSchema,
      status: { type: 'string', examples: ['READY', 'RESERVED', 'CANCELED', 'COMPLETED'] },
      subject: textOrNull,
      description: textOrNull,
      priority: textOrNull,
      processor: textOrNull,
      recipientUsers: arrayOf(textSchema),
      recipientGroups: arrayOf(textSchema),
      createdAt: instantOrNull,
      completedAt: instantOrNull,
      dueDate: instantOrNull,
    },
    ['id', 'status'],
  ),
  WorkflowStart: objectOf({ definitionId: textSchema, context: anyObject }, ['definitionId']),
  WorkflowMessage: objectOf(
    {
      definitionId: { type: 'string', maxLength: 128, description: 'the name of the message' },
      context: anyObject,
      workflowInstanceId: { type: 'string', description: 'either this, or the two below' },
      workflowDefinitionId: textSchema,
      businessKey: textSchema,
    },
    ['definitionId'],
  ),
};

const listOf = (name: string, item: unknown): BodyShape => ({ schema: arrayOf(schemaRef(name)), example: [item] });

export const sapWorkflowShapes: Shapes = {
  schemas,
  operations: {
    'list-definitions': { answer: listOf('WorkflowDefinition', definition) },
    'get-definition': { answer: { schema: schemaRef('WorkflowDefinition'), example: definition } },
    'list-definition-versions': { answer: listOf('WorkflowDefinition', definition) },
    'get-sample-context': {
      answer: {
        schema: objectOf({ id: textSchema, content: anyObject }),
        example: { id: 'default-start-context', content: context },
      },
    },
    'start-definition': { request: contextBody, answer: started },
    'start-instance': {
      request: { schema: schemaRef('WorkflowStart'), example: { definitionId: 'onboarding', context } },
      answer: started,
    },
    'list-instances': { answer: listOf('WorkflowInstance', instance) },
    'get-instance': { answer: started },
    'get-instance-context': { answer: contextBody },
    'list-instance-attributes': {
      answer: { schema: arrayOf(anyObject), example: [{ id: 'employee', label: 'Employee', value: 'Ada Lovelace' }] },
    },
    'list-instance-error-messages': {
      answer: {
        schema: arrayOf(anyObject),
        example: [{ activityId: 'servicetask1', message: 'Status 503', logId: 'a1b2', timestamp: STARTED }],
      },
    },
    'list-instance-execution-logs': {
      answer: { schema: arrayOf(anyObject), example: [{ id: '1', type: 'WORKFLOW_STARTED', timestamp: STARTED }] },
    },
    'replace-instance-context': { request: contextBody },
    'merge-instance-context': { request: { schema: anyObject, example: { department: 'Development' } } },
    'cancel-instance': { request: cascade },
    'suspend-instance': { request: cascade },
    'resume-instance': { request: cascade },
    'send-message': {
      request: {
        schema: schemaRef('WorkflowMessage'),
        example: { definitionId: 'equipment-delivered', workflowInstanceId: INSTANCE_ID, context: {} },
      },
      answer: { schema: arrayOf(objectOf({ id: textSchema })), example: [{ id: INSTANCE_ID }] },
    },
    'list-tasks': { answer: listOf('WorkflowTask', task) },
    'get-task': { answer: { schema: schemaRef('WorkflowTask'), example: task } },
    'get-task-context': { answer: contextBody },
    'update-task': {
      request: {
        schema: objectOf({ subject: textSchema, description: textSchema, priority: textSchema, processor: textSchema }),
        example: { priority: 'HIGH' },
      },
    },
    'complete-task': {
      request: {
        schema: objectOf({ context: anyObject, decision: { type: 'string', description: 'the id of a button' } }),
        example: { context: { approved: true } },
      },
    },
  },
};
