import { Problem } from '../problems/problem.ts';
import type { BodyPolicy, Effect, JsonObject, Method, OperationInput } from './operation.ts';
import type { FilterTable } from './query.ts';
import { textMember, type BodyMember } from './workflow-server-api.ts';
import { cultureFilter, instanceFilters, schemeFilters, taskFilters } from './workflow-server-filters.ts';
import { parametersMember } from './workflow-server-parameters.ts';

/** One row of the table: what stands upstream for a public route. */
export interface WorkflowServerRow {
  readonly id: string;
  readonly method: Method;
  /** An `:id` below `/instances` is that of the process which the operation is about. */
  readonly path: string;
  readonly summary: string;
  readonly effect?: Effect;
  /** The operation of the Workflow API. */
  readonly operation: string;
  readonly filters?: FilterTable;
  readonly body?: BodyPolicy;
  /** Members of the upstream's body. */
  readonly members?: (input: OperationInput) => readonly BodyMember[];
  /** Whether the operation is done, or asked, in somebody's name. */
  readonly acts?: boolean;
  /** The list of commands, among which the one to be executed has to be. It is read for who is acting. */
  readonly offeredBy?: WorkflowServerRow;
  /** The setting of the service without which the route does not exist. */
  readonly only?: 'identity' | 'administration';
  /**
   * What the caller gets: the `data` of the envelope, that of a process which must exist, that of a command which must
   * have been executed, nothing, or the facts about a process that was created.
   */
  readonly answer: 'data' | 'process' | 'executed' | 'nothing' | 'started';
}

/** A JSON object of names and values, or an array of parameters. */
const PARAMETERS = { kind: 'json', arrays: true } as const;

const listCommands: WorkflowServerRow = {
  id: 'list-commands',
  method: 'GET',
  path: '/instances/:id/commands',
  summary: 'Lists the commands that are possible now',
  operation: 'getavailablecommands',
  filters: cultureFilter,
  acts: true,
  answer: 'data',
};

/** The operations that are offered. What is not here does not exist: the token opens all others, too. */
export const workflowServerTable: readonly WorkflowServerRow[] = [
  {
    id: 'list-definitions',
    method: 'GET',
    path: '/definitions',
    summary: 'Lists the codes of the process schemes',
    operation: 'getschemelist',
    filters: schemeFilters,
    answer: 'data',
  },
  {
    id: 'start-definition',
    method: 'POST',
    path: '/definitions/:id/instances',
    summary: 'Creates a process of a scheme; the body is its parameters',
    effect: 'start',
    operation: 'createinstance',
    body: { ...PARAMETERS, required: true },
    members: (input) => [textMember('schemeCode', input.params['id'] ?? ''), ...parametersMember(input)],
    acts: true,
    answer: 'started',
  },
  {
    id: 'list-instances',
    method: 'GET',
    path: '/instances',
    summary: 'Lists processes, the newest 10 if nothing else is asked for',
    operation: 'getinstances',
    filters: instanceFilters,
    answer: 'data',
  },
  {
    id: 'get-instance',
    method: 'GET',
    path: '/instances/:id',
    summary: 'Reads one process',
    operation: 'getinstanceinfo',
    answer: 'process',
  },
  listCommands,
  {
    id: 'execute-command',
    method: 'POST',
    path: '/instances/:id/commands/:command',
    summary: 'Executes a command that is offered; the body is its parameters',
    effect: 'start',
    operation: 'executecommand',
    offeredBy: listCommands,
    body: { ...PARAMETERS, required: false },
    members: (input) => [textMember('command', input.params['command'] ?? ''), ...parametersMember(input)],
    acts: true,
    answer: 'executed',
  },
  {
    id: 'list-states',
    method: 'GET',
    path: '/instances/:id/states',
    summary: 'Lists the states that the process can be set to (with administration: true)',
    operation: 'getavailablestatetoset',
    filters: cultureFilter,
    only: 'administration',
    answer: 'data',
  },
  {
    id: 'set-state',
    method: 'POST',
    path: '/instances/:id/state',
    summary: 'Sets the state of a process, past all its rules (with administration: true)',
    effect: 'start',
    operation: 'setstate',
    body: { kind: 'json', required: true, check: checkState },
    members: ({ json }) => [textMember('state', String(json?.['state']))],
    acts: true,
    only: 'administration',
    answer: 'nothing',
  },
  {
    id: 'delete-instance',
    method: 'DELETE',
    path: '/instances/:id',
    summary: 'Deletes a process for good (with administration: true)',
    effect: 'change',
    operation: 'deleteinstance',
    only: 'administration',
    answer: 'nothing',
  },
  {
    id: 'list-tasks',
    method: 'GET',
    path: '/tasks',
    summary: 'Lists the inbox: the processes that wait for who is calling (with identity)',
    operation: 'inbox',
    filters: taskFilters,
    acts: true,
    only: 'identity',
    answer: 'data',
  },
];

function checkState(body: JsonObject): void {
  const { state, ...others } = body;
  if (typeof state === 'string' && state.trim() !== '' && Object.keys(others).length === 0) return;
  throw new Problem('invalid-body', {
    detail: 'The body is not the name of a state.',
    hint: 'Send {"state":"…"} and nothing else. The names are those of GET /api/<service>/instances/<id>/states.',
  });
}
