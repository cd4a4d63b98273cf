import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import { now } from './instance-life.ts';
import { contextMember, rawJson } from './instance-routes.ts';
import { expandsAttributes } from './list-query.ts';
import { taskJson, taskPriorities } from './task.ts';
import type { Task } from './task.ts';
import { listTasks } from './task-list.ts';
import { jsonBody } from './workflow-call.ts';
import type { WorkflowCall } from './workflow-call.ts';
import type { WorkflowEngine } from './workflow-engine.ts';
import { technicalError } from './workflow-error.ts';
import type { WorkflowRoute } from './workflow-route.ts';

export const taskRoutes: readonly WorkflowRoute[] = [
  { method: 'GET', path: '/task-instances', authority: 'TASK_GET', handle: listTasks },
  {
    method: 'GET',
    path: '/task-instances/:id',
    authority: 'TASK_GET',
    handle: (call, engine) => jsonAnswer(200, taskJson(taskOf(call, engine), expandsAttributes(call.query))),
  },
  {
    method: 'GET',
    path: '/task-instances/:id/context',
    authority: 'TASK_GET_CONTEXT',
    handle: (call, engine) => rawJson(taskOf(call, engine).instance.contextText),
  },
  { method: 'PATCH', path: '/task-instances/:id', authority: neededAuthorities, handle: changeTask },
];

/** What belongs to completing a task; everything else is a change of its properties. */
const completingProperties = new Set(['status', 'context', 'decision', 'attachments']);

function neededAuthorities(call: WorkflowCall): string[] {
  const { value } = jsonBody(call);
  const completes = value['status'] !== undefined;
  const updates = Object.keys(value).some((name) => !completingProperties.has(name));
  return [...(completes ? ['TASK_COMPLETE'] : []), ...(updates || !completes ? ['TASK_UPDATE'] : [])];
}

function changeTask(call: WorkflowCall, engine: WorkflowEngine): Answer {
  const task = taskOf(call, engine);
  const body = jsonBody(call);
  if (task.status === 'COMPLETED' || task.status === 'CANCELED') {
    throw technicalError(400, `The task with ID '${task.id}' has already the final status ${task.status}.`, {
      code: 'rest.task.final.status',
    });
  }
  if (task.instance.status === 'SUSPENDED') {
    // The real status of this one is unknown.
    throw technicalError(409, 'The workflow instance of the task is suspended.', { code: 'task.suspended.status' });
  }
  const { status } = body.value;
  if (status !== undefined && status !== 'COMPLETED') {
    throw invalidProperty("The property 'status' can only be set to COMPLETED.");
  }
  const context = contextMember(body);
  updateProperties(task, body.value);
  if (status === 'COMPLETED') {
    engine.completeTask(task, context);
  } else if (body.value['context'] !== undefined) {
    engine.mergeTaskContext(task, context);
  }
  return { status: 204 };
}

function updateProperties(task: Task, value: Readonly<Record<string, unknown>>): void {
  task.subject = textProperty(value, 'subject', 255) ?? task.subject;
  task.description = textProperty(value, 'description', 4000) ?? task.description;
  task.priority = priorityProperty(value) ?? task.priority;
  task.dueDate = dateProperty(value) ?? task.dueDate;
  task.recipientUsers = listProperty(value, 'recipientUsers') ?? task.recipientUsers;
  task.recipientGroups = listProperty(value, 'recipientGroups') ?? task.recipientGroups;
  const processor = textProperty(value, 'processor', 255);
  if (processor !== undefined) {
    // A task with a processor is claimed; an empty name releases it.
    task.processor = processor === '' ? null : processor;
    task.status = processor === '' ? 'READY' : 'RESERVED';
    task.claimedAt = processor === '' ? null : now();
  }
  task.lastChangedAt = now();
}

function textProperty(value: Readonly<Record<string, unknown>>, name: string, maxLength: number): string | undefined {
  const text = value[name];
  if (text === undefined) {
    return undefined;
  }
  if (typeof text !== 'string' || text.length > maxLength) {
    throw invalidProperty(`The property '${name}' must be a string of at most ${maxLength} characters.`);
  }
  return text;
}

function listProperty(value: Readonly<Record<string, unknown>>, name: string): string[] | undefined {
  return textProperty(value, name, 4000)
    ?.split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function priorityProperty(value: Readonly<Record<string, unknown>>): string | undefined {
  const priority = textProperty(value, 'priority', 20);
  if (priority !== undefined && !(taskPriorities as readonly string[]).includes(priority)) {
    throw invalidProperty(`The property 'priority' must be one of ${taskPriorities.join(', ')}.`);
  }
  return priority;
}

function dateProperty(value: Readonly<Record<string, unknown>>): string | undefined {
  const date = textProperty(value, 'dueDate', 40);
  if (date !== undefined && Number.isNaN(Date.parse(date))) {
    throw invalidProperty("The property 'dueDate' must be a date.");
  }
  return date;
}

/** The reason stands in the details, not in the message. */
function invalidProperty(reason: string): Error {
  return technicalError(400, 'The task could not be changed.', {
    code: 'task.change.property.invalid',
    details: [{ severity: 'ERROR', message: reason }],
  });
}

function taskOf(call: WorkflowCall, engine: WorkflowEngine): Task {
  const id = call.params['id'] ?? '';
  const task = engine.task(id);
  if (task === undefined || task.instance.definition.environmentId !== call.environmentId) {
    throw technicalError(404, `The user task instance with ID '${id}' could not be found.`, {
      code: 'rest.task.not.found',
    });
  }
  return task;
}
