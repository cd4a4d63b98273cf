import {
  anyObject,
  arrayOf,
  objectOf,
  schemaRef,
  textSchema,
  type BodyShape,
  type JsonSchema,
  type Shapes,
} from './shape.ts';

/** The bodies of Optimajet WorkflowServer: the `data` of its envelope (workflowserver.io, "Workflow API"). */

const PROCESS_ID = 'f54104f0-5de2-ea7b-e3be-47c9199a3967';

const process = { Id: PROCESS_ID, SchemeCode: 'VacationRequest', StateName: 'ManagerSigning', InstanceStatus: 2 };

/** Names and values, or the array of parameters that the engine itself takes. */
const parameters: BodyShape = {
  schema: {
    anyOf: [
      anyObject,
      arrayOf(objectOf({ name: textSchema, value: {}, persist: { type: 'boolean' } }, ['name', 'value'])),
    ],
  },
  example: { days: 5 },
};

const named: BodyShape = {
  schema: arrayOf(anyObject),
  example: [{ Name: 'ManagerSigning', LocalizedName: 'Signing by the manager' }],
};

const schemas: Readonly<Record<string, JsonSchema>> = {
  Process: objectOf({
    Id: textSchema,
    SchemeCode: textSchema,
    StateName: textSchema,
    InstanceStatus: { type: 'integer' },
  }),
  StartedProcess: objectOf({ id: textSchema, definitionId: textSchema, status: textSchema }, [
    'id',
    'definitionId',
    'status',
  ]),
};

export const workflowServerShapes: Shapes = {
  schemas,
  operations: {
    'list-definitions': { answer: { schema: arrayOf(textSchema), example: ['VacationRequest'] } },
    'start-definition': {
      request: parameters,
      answer: {
        schema: schemaRef('StartedProcess'),
        example: { id: PROCESS_ID, definitionId: 'VacationRequest', status: 'Idled' },
      },
    },
    'list-instances': { answer: { schema: {}, example: [process] } },
    'get-instance': { answer: { schema: schemaRef('Process'), example: process } },
    'list-commands': { answer: { ...named, example: [{ CommandName: 'Approve', LocalizedName: 'Approve' }] } },
    'execute-command': {
      request: parameters,
      answer: { schema: anyObject, example: { WasExecuted: true, ProcessInstance: process } },
    },
    'list-states': { answer: named },
    'set-state': {
      request: { schema: objectOf({ state: textSchema }, ['state']), example: { state: 'ManagerSigning' } },
    },
    'list-tasks': {
      answer: { schema: arrayOf(anyObject), example: [{ ProcessId: PROCESS_ID, IdentityId: 'ada@example.com' }] },
    },
  },
};
