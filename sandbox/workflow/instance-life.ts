import { randomUUID } from 'node:crypto';
import type { Instance, InstanceStatus, LogEntry, LogType } from './instance.ts';
import type { Task } from './task.ts';

/** Makes a pending change visible when its time has come. */
export function settle(instance: Instance): Instance {
  const { pending } = instance;
  if (pending !== undefined && Date.now() >= pending.visibleAtMs) {
    instance.pending = undefined;
    applyStatus(instance, pending.status);
  }
  return instance;
}

/** A canceled instance takes its open tasks with it. */
export function settleTask(task: Task): Task {
  const { status } = settle(task.instance);
  if (status === 'CANCELED' && task.status !== 'COMPLETED') {
    task.status = 'CANCELED';
  }
  return task;
}

/** Gives an instance another status, at once, and logs it. */
export function applyStatus(instance: Instance, status: InstanceStatus): void {
  const logTypes: Record<InstanceStatus, LogType | undefined> = {
    RUNNING: instance.status === 'ERRONEOUS' ? 'WORKFLOW_CONTINUED' : 'WORKFLOW_RESUMED',
    SUSPENDED: 'WORKFLOW_SUSPENDED',
    CANCELED: 'WORKFLOW_CANCELED',
    COMPLETED: 'WORKFLOW_COMPLETED',
    ERRONEOUS: undefined,
  };
  const type = logTypes[status];
  instance.status = status;
  instance.completedAt = isFinal(status) ? now() : null;
  if (type !== undefined) {
    log(instance, type);
  }
}

/** Adds an entry to the execution log. */
export function log(instance: Instance, type: LogType, more: Partial<LogEntry> = {}): void {
  instance.logs.push({ id: randomUUID(), type, timestamp: now(), referenceInstanceId: instance.id, ...more });
}

/** Whether nothing can change the status any more. */
export function isFinal(status: InstanceStatus): boolean {
  return status === 'CANCELED' || status === 'COMPLETED';
}

/** The time as the service writes it: `2020-09-21T10:49:20.398Z`. */
export function now(): string {
  return new Date().toISOString();
}
