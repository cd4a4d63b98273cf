import type { Answer } from '../http/answer.ts';
import { attributesOf } from './instance.ts';
import {
  badParameter,
  expandsAttributes,
  given,
  givenList,
  listAnswer,
  matchesAttributes,
  matchesExactly,
  matchesText,
  matchesTime,
} from './list-query.ts';
import { taskJson, taskPriorities, taskStatuses } from './task.ts';
import type { Task } from './task.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';

const sortFields = [
  'id',
  'createdAt',
  'completedAt',
  'claimedAt',
  'lastChangedAt',
  'dueDate',
  'subject',
  'priority',
  'status',
  'processor',
] as const;

/** The tasks that the query asks for; without a `status` those of all four. */
export function listTasks(call: WorkflowCall, engine: WorkflowEngine): Answer {
  const { query } = call;
  const statuses = wanted(query, 'status', taskStatuses);
  const priorities = wanted(query, 'priority', taskPriorities);
  const found = engine
    .tasks()
    .filter((task) => task.instance.definition.environmentId === call.environmentId)
    .filter((task) => statuses.includes(task.status) && priorities.includes(task.priority) && matches(query, task));
  const expand = expandsAttributes(query);
  return listAnswer(found, query, {
    orderFields: sortFields,
    defaultOrder: 'createdAt asc',
    sortKeys: (task) => Object.fromEntries(sortFields.map((field) => [field, task[field]])),
    toJson: (task) => taskJson(task, expand),
  });
}

function matches(query: URLSearchParams, task: Task): boolean {
  const { id, activityId, instance, description, subject, processor } = task;
  const fields = {
    id,
    activityId,
    description,
    subject,
    processor,
    definitionId: `${activityId}@${instance.definition.id}`,
    workflowInstanceId: instance.id,
    workflowDefinitionId: instance.definition.id,
  };
  return (
    Object.entries(fields).every(([name, value]) => matchesExactly(query, name, value)) &&
    matchesOneOf(query, 'recipientUsers', task.recipientUsers) &&
    matchesOneOf(query, 'recipientGroups', task.recipientGroups) &&
    matchesTime(query, 'created', task.createdAt) &&
    matchesTime(query, 'claimed', task.claimedAt) &&
    matchesTime(query, 'completed', task.completedAt) &&
    matchesTime(query, 'lastChanged', task.lastChangedAt) &&
    matchesTime(query, 'dueDate', task.dueDate, '') &&
    matchesText(query, [id, subject, description, processor]) &&
    matchesAttributes(query, attributesOf(instance))
  );
}

function matchesOneOf(query: URLSearchParams, name: string, values: readonly string[]): boolean {
  const asked = given(query, name) === undefined ? [] : givenList(query, name);
  return asked.length === 0 || asked.some((value) => values.includes(value));
}

function wanted(query: URLSearchParams, name: string, all: readonly string[]): readonly string[] {
  const asked = givenList(query, name).map((value) => value.toUpperCase());
  if (!asked.every((value) => all.includes(value))) {
    throw badParameter(name);
  }
  return asked.length === 0 ? all : asked;
}
