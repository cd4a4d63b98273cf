import type { ErrorDetail } from './workflow-error.ts';

/** A deployed workflow definition, and how its instances behave. */
export interface Definition {
  readonly id: string;
  readonly name: string;
  /** All deployed versions, oldest first; a start takes the last. */
  readonly versions: readonly DefinitionVersion[];
  readonly task: { readonly activityId: string; readonly subject: string };
  /** Names of the messages that an instance waits for while it runs; each is consumed once. */
  readonly awaitedMessages: readonly string[];
  /** Keys of the context that become custom attributes, with their labels. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Declared inputs: a context that does not fit is refused. Without them any context fits. */
  readonly inputs?: Readonly<Record<string, 'string' | 'number'>>;
  readonly sampleContext: Readonly<Record<string, unknown>>;
  /** Of process automation: deployed to this shared environment only. */
  readonly environmentId?: string;
}

export interface DefinitionVersion {
  readonly version: string;
  readonly createdAt: string;
}

const workflow: Definition = {
  id: 'workflow',
  name: 'workflow',
  versions: [{ version: '1', createdAt: '2020-07-27T05:56:57.256Z' }],
  task: { activityId: 'usertask1', subject: 'Approve the purchase' },
  awaitedMessages: [],
  attributes: {},
  sampleContext: { product: 'Camera', price: 100 },
};

const onboarding: Definition = {
  id: 'onboarding',
  name: 'onboarding',
  versions: [{ version: '1', createdAt: '2024-02-12T09:30:11.480Z' }],
  task: { activityId: 'usertask1', subject: 'Prepare the workplace' },
  awaitedMessages: ['equipment-delivered'],
  attributes: { employee: 'Employee', department: 'Department' },
  sampleContext: { employee: 'Ada Lovelace', department: 'Research', startDate: '2026-01-01' },
};

const orderprocess: Definition = {
  id: 'orderprocess',
  name: 'orderprocess',
  versions: [
    { version: '1', createdAt: '2024-03-04T14:02:45.003Z' },
    { version: '2', createdAt: '2024-06-18T07:15:30.917Z' },
  ],
  task: { activityId: 'usertask1', subject: 'Release the order' },
  awaitedMessages: ['order-paid'],
  attributes: { orderId: 'Order' },
  inputs: { orderId: 'string', amount: 'number' },
  sampleContext: { orderId: '4711', amount: 99.5 },
};

export const workflowDefinitions: readonly Definition[] = [onboarding, orderprocess, workflow];

/** The shared environment of the emulated process automation. */
export const sharedEnvironmentId = 'shared-dev';

export const processAutomationDefinitions: readonly Definition[] = [
  { ...onboarding, id: 'eu10.sandbox.hr.onboarding', name: 'Onboarding' },
  {
    ...workflow,
    id: 'eu10.sandbox.purchasing.approval',
    name: 'Purchase approval',
    environmentId: sharedEnvironmentId,
  },
];

export function newestVersion(definition: Definition): string {
  return definition.versions.at(-1)?.version ?? '1';
}

/** What is wrong with a context, measured by the declared inputs: names that are missing or unknown, wrong types. */
export function contextProblems(definition: Definition, context: Readonly<Record<string, unknown>>): ErrorDetail[] {
  if (definition.inputs === undefined) {
    return [];
  }
  const declared = Object.entries(definition.inputs);
  const unfit = declared
    .filter(([name, type]) => typeof context[name] !== type)
    .map(([name, type]) => `The input '${name}' must be a ${type}.`);
  const names = new Set(declared.map(([name]) => name));
  const unknown = Object.keys(context)
    .filter((name) => !names.has(name))
    .map((name) => `The input '${name}' is not declared.`);
  return [...unfit, ...unknown].map((message) => ({ severity: 'ERROR', message }));
}
