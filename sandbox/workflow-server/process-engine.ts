import { OperationFailure } from './api-answers.ts';
import type { Process } from './process.ts';
import type { Scheme, SchemeCommand, SchemeState } from './scheme.ts';

/** What a start or a command says about itself. */
export interface Action {
  readonly identityId: string | undefined;
  /** Names, and values as they were written. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Keeps the processes and lets commands act on them. */
export class ProcessEngine {
  readonly schemes: readonly Scheme[];
  readonly #processes = new Map<string, Process>();

  constructor(schemes: readonly Scheme[]) {
    this.schemes = schemes;
  }

  /** In the order in which they were created. */
  all(): Process[] {
    return [...this.#processes.values()];
  }

  exists(id: string): boolean {
    return this.#processes.has(id.toLowerCase());
  }

  /** @throws OperationFailure when there is no such process */
  get(id: string): Process {
    const process = this.#processes.get(id.toLowerCase());
    if (process === undefined) {
      throw new OperationFailure(`Process instance with id = ${id} is not found.`);
    }
    return process;
  }

  /** @throws OperationFailure for an unknown scheme, and for an id that is taken */
  create(id: string, schemeCode: string, { parameters }: Action): void {
    const scheme = this.schemes.find(({ code }) => code === schemeCode);
    const [initial] = scheme?.states ?? [];
    if (scheme === undefined || initial === undefined) {
      throw new OperationFailure(`Scheme with code = ${schemeCode} is not found. InnerException: no rows`);
    }
    if (this.exists(id)) {
      throw new OperationFailure(`Process instance with id = ${id} already exists.`);
    }
    this.#processes.set(id.toLowerCase(), {
      id,
      scheme,
      createdAt: new Date().toISOString(),
      state: initial,
      parameters: new Map(parameters),
      transitions: [],
    });
  }

  /** What is possible now, for somebody or for nobody in particular. */
  commands(process: Process, identityId: string | undefined): SchemeCommand[] {
    return process.state.commands.filter(({ identity }) => identity === undefined || identity === identityId);
  }

  /** Returns whether the command was possible. */
  execute(process: Process, name: string, action: Action): boolean {
    const command = this.commands(process, action.identityId).find((candidate) => candidate.name === name);
    if (command === undefined) {
      return false;
    }
    for (const [parameter, value] of action.parameters) {
      process.parameters.set(parameter, value);
    }
    this.#move(process, command.to, name, action.identityId);
    return true;
  }

  /** @throws OperationFailure when the scheme has no such state */
  setState(process: Process, state: string, identityId: string | undefined): void {
    this.#move(process, state, 'SetState', identityId);
  }

  delete(process: Process): void {
    this.#processes.delete(process.id.toLowerCase());
  }

  #move(process: Process, stateName: string, command: string, identityId: string | undefined): void {
    const to = stateOf(process.scheme, stateName);
    process.transitions.push({ from: process.state, to, command, identityId, at: new Date().toISOString() });
    process.state = to;
  }
}

function stateOf(scheme: Scheme, name: string): SchemeState {
  const state = scheme.states.find((candidate) => candidate.name === name);
  if (state === undefined) {
    throw new OperationFailure(`State ${name} is not found in the scheme ${scheme.code}.`);
  }
  return state;
}
