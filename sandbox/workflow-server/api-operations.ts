import { OperationFailure } from './api-answers.ts';
import type { ApiParameters } from './api-parameters.ts';
import { listProcesses } from './process-list.ts';
import type { ProcessEngine } from './process-engine.ts';
import { processInfoJson, processInstanceJson } from './process.ts';
import type { Process } from './process.ts';
import { activityOf } from './scheme.ts';
import type { SchemeCommand } from './scheme.ts';

/** Answers with JSON text: the `data` of the envelope. */
type Operation = (parameters: ApiParameters, engine: ProcessEngine) => string;

/** The operations by their names in lower case. Each takes GET and POST alike, as those of the real server do. */
const operations: Readonly<Record<string, Operation>> = {
  getschemelist(parameters, { schemes }) {
    const tags = parameters.text('tags')?.split(',') ?? [];
    const listed = schemes.filter(
      (scheme) => tags.length === 0 || tags.some((tag) => scheme.tags.includes(tag.trim())),
    );
    return JSON.stringify(listed.map(({ code }) => code));
  },
  createinstance(parameters, engine) {
    engine.create(parameters.processId(), parameters.required('schemeCode'), actionOf(parameters));
    return 'null';
  },
  getinstances(parameters, engine) {
    return `[${listProcesses(engine.all(), parameters).map(processInstanceJson).join(',')}]`;
  },
  getinstanceinfo: (parameters, engine) => processInfoJson(engine.get(parameters.processId())),
  isexistprocess: (parameters, engine) => JSON.stringify(engine.exists(parameters.processId())),
  getavailablecommands(parameters, engine) {
    const process = engine.get(parameters.processId());
    const commands = engine.commands(process, parameters.text('identityId'));
    return JSON.stringify(commands.map((command) => commandFacts(process, command)));
  },
  executecommand(parameters, engine) {
    const process = engine.get(parameters.processId());
    const wasExecuted = engine.execute(process, parameters.required('command'), actionOf(parameters));
    return `{"ProcessInstance":${processInstanceJson(process)},"WasExecuted":${wasExecuted}}`;
  },
  getavailablestatetoset(parameters, engine) {
    const { scheme } = engine.get(parameters.processId());
    return JSON.stringify(
      scheme.states.map(({ name }) => ({ Name: name, VisibleName: name, SchemeCode: scheme.code })),
    );
  },
  setstate(parameters, engine) {
    const process = engine.get(parameters.processId());
    engine.setState(process, parameters.required('state'), parameters.text('identityId'));
    return 'null';
  },
  deleteinstance(parameters, engine) {
    engine.delete(engine.get(parameters.processId()));
    return 'null';
  },
  inbox(parameters, engine) {
    const identityId = parameters.text('identityId');
    const id = parameters.text('processId');
    const waiting = engine
      .all()
      .filter((process) => (id === undefined || process.id === id) && engine.commands(process, identityId).length > 0);
    return JSON.stringify(waiting.map((process) => ({ ProcessId: process.id, IdentityId: identityId ?? null })));
  },
};

/** The names of what is emulated, in lower case. */
export const operationNames: readonly string[] = Object.keys(operations);

/** @throws OperationFailure when the operation fails, or is none */
export function runOperation(name: string, parameters: ApiParameters, engine: ProcessEngine): string {
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) {
    throw new OperationFailure(`Operation ${name} is not supported by this sandbox.`);
  }
  return operation(parameters, engine);
}

function actionOf(parameters: ApiParameters) {
  return { identityId: parameters.text('identityId'), parameters: parameters.processParameters() };
}

function commandFacts({ id, state }: Process, { name, classifier, identity }: SchemeCommand) {
  return {
    CommandName: name,
    LocalizedName: name,
    Classifier: classifier,
    IsForSubprocess: false,
    ValidForStateName: state.name,
    ValidForActivityName: activityOf(state),
    ProcessId: id,
    Identities: identity === undefined ? [] : [identity],
    Parameters: [
      { ParameterName: 'comment', LocalizedName: 'comment', TypeName: 'String', IsRequired: false, DefaultValue: null },
    ],
  };
}
