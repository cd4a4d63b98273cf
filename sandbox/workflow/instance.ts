import type { Definition } from './definition.ts';
import { isObject } from './workflow-call.ts';

export const instanceStatuses = ['RUNNING', 'ERRONEOUS', 'SUSPENDED', 'CANCELED', 'COMPLETED'] as const;

export type InstanceStatus = (typeof instanceStatuses)[number];

/** The type of an entry of the execution log; the service has more than forty. */
export type LogType =
  | 'WORKFLOW_STARTED'
  | 'WORKFLOW_COMPLETED'
  | 'WORKFLOW_CANCELED'
  | 'WORKFLOW_SUSPENDED'
  | 'WORKFLOW_RESUMED'
  | 'WORKFLOW_CONTINUED'
  | 'WORKFLOW_CONTEXT_OVERWRITTEN_BY_ADMIN'
  | 'WORKFLOW_CONTEXT_PATCHED_BY_ADMIN'
  | 'USERTASK_CREATED'
  | 'USERTASK_COMPLETED'
  | 'SERVICETASK_FAILED'
  | 'INTERMEDIATE_MESSAGE_EVENT_TRIGGERED';

export interface LogEntry {
  readonly id: string;
  readonly type: LogType;
  readonly timestamp: string;
  readonly referenceInstanceId: string;
  readonly activityId?: string;
  readonly subject?: string;
  readonly taskId?: string;
  readonly userId?: string;
  readonly error?: { readonly message: string; readonly errorCode: string; readonly logId: string };
}

export interface Instance {
  readonly id: string;
  /** Grows with every start: the order among instances of one millisecond. */
  readonly sequence: number;
  readonly definition: Definition;
  readonly definitionVersion: string;
  /** Process automation leaves subject and business key empty. */
  readonly subject: string | null;
  readonly businessKey: string | null;
  readonly startedAt: string;
  readonly startedBy: string;
  status: InstanceStatus;
  completedAt: string | null;
  /** The context as it was sent, byte for byte. */
  contextText: string;
  readonly logs: LogEntry[];
  /** Messages that it still waits for. */
  readonly awaited: Set<string>;
  /** A change of status that was accepted and is not visible yet. */
  pending: { readonly status: InstanceStatus; readonly visibleAtMs: number } | undefined;
}

export interface CustomAttribute {
  readonly id: string;
  readonly label: string;
  readonly type: 'string';
  readonly value: string;
}

/** The custom attributes: what the definition takes from the context. */
export function attributesOf(instance: Instance): CustomAttribute[] {
  const context: unknown = JSON.parse(instance.contextText);
  if (!isObject(context)) {
    return [];
  }
  return Object.entries(instance.definition.attributes).flatMap(([id, label]) => {
    const value = context[id];
    return typeof value === 'string' ? [{ id, label, type: 'string' as const, value }] : [];
  });
}

/** An instance as the API shows it. */
export function instanceJson(instance: Instance, expandAttributes = false): Record<string, unknown> {
  return {
    id: instance.id,
    definitionId: instance.definition.id,
    definitionVersion: instance.definitionVersion,
    subject: instance.subject,
    status: instance.status,
    businessKey: instance.businessKey,
    startedAt: instance.startedAt,
    startedBy: instance.startedBy,
    completedAt: instance.completedAt,
    ...(expandAttributes ? { attributes: attributesOf(instance) } : {}),
  };
}
