import type { Instance } from './instance.ts';
import { attributesOf } from './instance.ts';

export const taskStatuses = ['READY', 'RESERVED', 'CANCELED', 'COMPLETED'] as const;

type TaskStatus = (typeof taskStatuses)[number];

export const taskPriorities = ['VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW'] as const;

/** A user task. It shares the context of its instance. */
export interface Task {
  readonly id: string;
  readonly sequence: number;
  readonly instance: Instance;
  readonly activityId: string;
  readonly createdAt: string;
  status: TaskStatus;
  subject: string;
  description: string;
  priority: string;
  processor: string | null;
  recipientUsers: string[];
  recipientGroups: string[];
  dueDate: string | null;
  claimedAt: string | null;
  completedAt: string | null;
  lastChangedAt: string;
}

/** A task as the API shows it. */
export function taskJson(task: Task, expandAttributes = false): Record<string, unknown> {
  const { instance } = task;
  return {
    id: task.id,
    activityId: task.activityId,
    definitionId: `${task.activityId}@${instance.definition.id}`,
    workflowDefinitionId: instance.definition.id,
    workflowInstanceId: instance.id,
    status: task.status,
    subject: task.subject,
    description: task.description,
    priority: task.priority,
    processor: task.processor,
    recipientUsers: task.recipientUsers,
    recipientGroups: task.recipientGroups,
    createdAt: task.createdAt,
    createdBy: instance.startedBy,
    claimedAt: task.claimedAt,
    completedAt: task.completedAt,
    lastChangedAt: task.lastChangedAt,
    dueDate: task.dueDate,
    applicationScope: 'own',
    ...(expandAttributes ? { attributes: attributesOf(instance) } : {}),
  };
}
