import { randomUUID } from 'node:crypto';
import { contextProblems, newestVersion } from './definition.ts';
import type { Definition } from './definition.ts';
import type { Instance, InstanceStatus } from './instance.ts';
import { applyStatus, isFinal, log, now, settle, settleTask } from './instance-life.ts';
import { mergeRaw } from './raw-json.ts';
import type { Task } from './task.ts';
import type { JsonObject } from './workflow-call.ts';
import { conflict, logId, technicalError } from './workflow-error.ts';

export interface WorkflowEngineOptions {
  readonly definitions: readonly Definition[];
  /** For how long an accepted change of status stays invisible, and the instance busy, in ms. */
  readonly settleMs: number;
  /** The Workflow service fills subject and business key; process automation answers null. */
  readonly namesInstances: boolean;
}

const busyText = 'The operation cannot be executed because another activity is being processed in the background.';

/** A sandbox that is under load for long must not fill the memory. */
const MAX_INSTANCES = 20_000;

/** Workflow instances and their tasks, in memory: of very many the newest. */
export class WorkflowEngine {
  readonly definitions: readonly Definition[];
  readonly #options: WorkflowEngineOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #tasks = new Map<string, Task>();
  #sequence = 0;
  /** How many of the next changes to a context find their instance busy. */
  busyTimes = 0;

  constructor(options: WorkflowEngineOptions) {
    this.definitions = options.definitions;
    this.#options = options;
  }

  /** Starts an instance of the newest version; its first user task is there at once. @throws WorkflowError 422 */
  start(definition: Definition, context: JsonObject, startedBy: string): Instance {
    checkContext(definition, context);
    const { namesInstances } = this.#options;
    const businessKey = context.value['businessKey'];
    const instance: Instance = {
      id: randomUUID(),
      sequence: (this.#sequence += 1),
      definition,
      definitionVersion: newestVersion(definition),
      subject: namesInstances ? definition.name : null,
      // The API has no field for it: the definition takes it from the context.
      businessKey: namesInstances ? (typeof businessKey === 'string' ? businessKey : '') : null,
      startedAt: now(),
      startedBy,
      status: 'RUNNING',
      completedAt: null,
      contextText: context.text,
      logs: [],
      awaited: new Set(definition.awaitedMessages),
      pending: undefined,
    };
    this.#instances.set(instance.id, instance);
    log(instance, 'WORKFLOW_STARTED', { userId: startedBy });
    this.#createTask(instance);
    if (this.#instances.size > MAX_INSTANCES) this.#forgetOldest();
    return instance;
  }

  instances(): Instance[] {
    return [...this.#instances.values()].map(settle);
  }

  instance(id: string): Instance | undefined {
    const instance = this.#instances.get(id);
    return instance === undefined ? undefined : settle(instance);
  }

  tasks(): Task[] {
    for (const task of this.#tasks.values()) {
      settleTask(task);
    }
    return [...this.#tasks.values()];
  }

  task(id: string): Task | undefined {
    const task = this.#tasks.get(id);
    return task === undefined ? undefined : settleTask(task);
  }

  /** Accepts another status; it becomes visible a moment later. @throws WorkflowError 409 when busy or finished */
  changeStatus(instance: Instance, status: 'RUNNING' | 'SUSPENDED' | 'CANCELED'): void {
    if (instance.pending !== undefined) {
      throw conflict(busyText);
    }
    if (isFinal(instance.status)) {
      throw conflict(`The workflow instance has already the final status ${instance.status}.`);
    }
    instance.pending = { status, visibleAtMs: Date.now() + this.#options.settleMs };
  }

  /** Sets a status at once, as if the engine had come to it by itself. */
  forceStatus(instance: Instance, status: InstanceStatus): void {
    instance.pending = undefined;
    applyStatus(instance, status);
    if (status === 'ERRONEOUS') {
      const error = { message: 'The service task failed.', errorCode: 'bpm.workflowruntime.script.task.failed' };
      log(instance, 'SERVICETASK_FAILED', { activityId: 'servicetask1', error: { ...error, logId: logId() } });
    }
  }

  /** @throws WorkflowError 409 while the engine is busy with the instance, 422 when the context does not fit */
  writeContext(instance: Instance, context: JsonObject, mode: 'replace' | 'merge'): void {
    if (this.busyTimes > 0) {
      this.busyTimes -= 1;
      throw conflict(busyText);
    }
    if (instance.pending !== undefined) {
      throw conflict(busyText);
    }
    const text = mode === 'replace' ? context.text : mergeRaw(instance.contextText, context.text);
    checkContext(instance.definition, { text, value: JSON.parse(text) as Record<string, unknown> });
    instance.contextText = text;
    const patched = mode === 'merge';
    log(instance, patched ? 'WORKFLOW_CONTEXT_PATCHED_BY_ADMIN' : 'WORKFLOW_CONTEXT_OVERWRITTEN_BY_ADMIN');
  }

  /** Gives a message to one waiting instance. */
  consumeMessage(instance: Instance, name: string, context: JsonObject): void {
    instance.awaited.delete(name);
    instance.contextText = mergeRaw(instance.contextText, context.text);
    log(instance, 'INTERMEDIATE_MESSAGE_EVENT_TRIGGERED', { subject: name });
  }

  /** Saves what somebody has entered into a task so far. */
  mergeTaskContext(task: Task, context: JsonObject): void {
    task.instance.contextText = mergeRaw(task.instance.contextText, context.text);
  }

  /** Completes a task, and with it its instance, which has no other step. */
  completeTask(task: Task, context: JsonObject): void {
    const { instance } = task;
    this.mergeTaskContext(task, context);
    task.status = 'COMPLETED';
    task.completedAt = now();
    task.lastChangedAt = task.completedAt;
    log(instance, 'USERTASK_COMPLETED', { activityId: task.activityId, subject: task.subject, taskId: task.id });
    applyStatus(instance, 'COMPLETED');
  }

  /** Each instance has one task, made together with it: the oldest ones belong together. */
  #forgetOldest(): void {
    const [instance = ''] = this.#instances.keys();
    const [task = ''] = this.#tasks.keys();
    this.#instances.delete(instance);
    this.#tasks.delete(task);
  }

  #createTask(instance: Instance): void {
    const { activityId, subject } = instance.definition.task;
    const createdAt = now();
    const task: Task = {
      id: randomUUID(),
      sequence: (this.#sequence += 1),
      instance,
      activityId,
      createdAt,
      status: 'READY',
      subject,
      description: '',
      priority: 'MEDIUM',
      processor: null,
      recipientUsers: ['ada@example.com'],
      recipientGroups: [],
      dueDate: null,
      claimedAt: null,
      completedAt: null,
      lastChangedAt: createdAt,
    };
    this.#tasks.set(task.id, task);
    log(instance, 'USERTASK_CREATED', { activityId, subject, taskId: task.id });
  }
}

function checkContext(definition: Definition, context: JsonObject): void {
  const details = contextProblems(definition, context.value);
  if (details.length > 0) {
    throw technicalError(422, 'The context does not fit the inputs of the workflow definition.', { details });
  }
}
