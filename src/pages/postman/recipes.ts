import type { DocumentedService } from '../documented-api.ts';
import { placeholder, serviceVariable } from './service-variables.ts';

/** What a request of the collection does beside what its operation says, so that a run from top to bottom works. */
export interface Recipe {
  /** The body, with placeholders; that of the documents if not given. */
  readonly body?: string;
  /** Query parameters that are switched on. */
  readonly query?: Readonly<Record<string, string>>;
  /** What a success teaches: variables, and the expression over `answer` that gives each. */
  readonly learns?: Readonly<Record<string, string>>;
  /** A variable that has a value keeps it: somebody may have chosen it. */
  readonly keeps?: boolean;
}

type Recipes = Readonly<Record<string, Recipe>>;

function sapWorkflowRecipes(service: string): Recipes {
  const use = (name: string): string => placeholder(serviceVariable(service, name));
  const messageBody = `{"definitionId":"equipment-delivered","workflowInstanceId":"${use('instanceId')}","context":{}}`;
  return {
    'list-definitions': { learns: { definitionId: 'answer[0]?.id' }, keeps: true },
    'get-sample-context': { learns: { context: 'JSON.stringify(answer.content ?? {})' } },
    'start-definition': { body: use('context'), learns: { instanceId: 'answer.id' } },
    'start-instance': { body: `{"definitionId":"${use('definitionId')}","context":${use('context')}}` },
    'replace-instance-context': { body: use('context') },
    'merge-instance-context': { body: '{"checkedBy":"Postman"}' },
    'send-message': { body: messageBody },
    'list-tasks': { query: { workflowInstanceId: use('instanceId') }, learns: { taskId: 'answer[0]?.id' } },
    'complete-task': { body: '{}' },
  };
}

function workflowServerRecipes(service: string): Recipes {
  const state = placeholder(serviceVariable(service, 'state'));
  return {
    'list-definitions': { learns: { definitionId: 'answer[0]' }, keeps: true },
    'start-definition': { body: '{}', learns: { instanceId: 'answer.id' } },
    'list-commands': { learns: { command: 'answer[0]?.CommandName' } },
    'execute-command': { body: '{}' },
    'list-states': { learns: { state: 'answer[0]?.Name' } },
    'set-state': { body: `{"state":"${state}"}` },
  };
}

function workflowgenRecipes(): Recipes {
  return {
    'start-definition': { body: '{}', learns: { instanceId: 'answer.id' } },
    'list-instances': { learns: { instanceId: 'answer.requests.items[0]?.number' }, keeps: true },
  };
}

export function recipeOf({ name, kind }: DocumentedService, operationId: string): Recipe {
  return recipesOf(name, kind)[operationId] ?? {};
}

function recipesOf(service: string, kind: DocumentedService['kind']): Recipes {
  switch (kind) {
    case 'sap-workflow':
      return sapWorkflowRecipes(service);
    case 'workflow-server':
      return workflowServerRecipes(service);
    case 'workflowgen':
      return workflowgenRecipes();
    case 'sap-integration':
    case 'http':
      return {};
  }
}

/** What a variable is before anything was learnt. */
export function firstValue(name: string): string {
  return name === 'context' ? '{}' : '';
}

/** Operations after which little is left to do: they stand at the end of their folder, in this order. */
export const LAST: readonly string[] = ['complete-task', 'cancel-instance', 'set-state', 'delete-instance'];
