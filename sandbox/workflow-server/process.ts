import { activityOf } from './scheme.ts';
import type { Scheme, SchemeState } from './scheme.ts';

/** `InstanceStatus` by number. */
export const processStatuses = ['Initialized', 'Running', 'Idled', 'Finalized', 'Terminated', 'Error'] as const;

interface Transition {
  readonly from: SchemeState;
  readonly to: SchemeState;
  readonly command: string;
  readonly identityId: string | undefined;
  readonly at: string;
}

export interface Process {
  readonly id: string;
  readonly scheme: Scheme;
  readonly createdAt: string;
  state: SchemeState;
  /** Names, and values as they were written. */
  readonly parameters: Map<string, string>;
  readonly transitions: Transition[];
}

/** The number of its status: it waits for a command, or nothing is left to do. */
export function statusOf({ state }: Process): number {
  return processStatuses.indexOf(state.commands.length === 0 ? 'Finalized' : 'Idled');
}

export function lastTransitionAt({ transitions, createdAt }: Process): string {
  return transitions.at(-1)?.at ?? createdAt;
}

/** `ProcessInstance` as JSON text: its parameters are those that were sent, byte for byte. */
export function processInstanceJson(process: Process): string {
  return withParameters(process, instanceFacts(process));
}

/** `ProcessInfo` as JSON text. */
export function processInfoJson(process: Process): string {
  const transitions = process.transitions.map(({ from, to, command, identityId, at }) => ({
    ProcessId: process.id,
    ActorIdentityId: identityId ?? null,
    ExecutorIdentityId: identityId ?? null,
    FromActivityName: activityOf(from),
    FromStateName: from.name,
    ToActivityName: activityOf(to),
    ToStateName: to.name,
    TriggerName: command,
    TransitionTime: at,
  }));
  const facts = {
    ...instanceFacts(process),
    InstanceStatus: statusOf(process),
    Transitions: transitions,
    History: transitions,
  };
  return withParameters(process, facts);
}

function instanceFacts(process: Process) {
  const { id, scheme, state, transitions } = process;
  const previous = transitions.at(-1)?.from;
  return {
    Id: id,
    StateName: state.name,
    ActivityName: activityOf(state),
    SchemeId: `scheme-of-${scheme.code}`,
    SchemeCode: scheme.code,
    PreviousState: previous?.name ?? null,
    PreviousStateForDirect: previous?.name ?? null,
    PreviousStateForReverse: null,
    PreviousActivity: previous === undefined ? null : activityOf(previous),
    ParentProcessId: null,
    RootProcessId: id,
    CreationDate: process.createdAt,
    LastTransitionDate: lastTransitionAt(process),
  };
}

function withParameters({ parameters }: Process, facts: object): string {
  const members = [...parameters].map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return `${JSON.stringify(facts).slice(0, -1)},"ProcessParameters":{${members.join(',')}}}`;
}
