import { OperationFailure } from './api-answers.ts';
import type { ApiParameters } from './api-parameters.ts';
import { lastTransitionAt, processStatuses, statusOf } from './process.ts';
import type { Process } from './process.ts';
import { activityOf } from './scheme.ts';

const usualTake = 10;

/** One page of those that fit, the newest first unless `sort` says otherwise. @throws OperationFailure */
export function listProcesses(processes: readonly Process[], parameters: ApiParameters): Process[] {
  const found = sorted(
    processes.filter((process) => fits(process, parameters)),
    parameters.text('sort') ?? 'CreationDate desc',
  );
  const skip = wholeNumber(parameters, 'skip', 0);
  const take = wholeNumber(parameters, 'take', usualTake);
  return take === 0 ? found.slice(skip) : found.slice(skip, skip + take);
}

function fits(process: Process, parameters: ApiParameters): boolean {
  const { id, scheme, state } = process;
  const search = parameters.text('search')?.toLowerCase();
  const equals = (name: string, value: string): boolean => [undefined, value].includes(parameters.text(name));
  return (
    hasStatus(process, parameters.text('status')) &&
    (search === undefined || `${id} ${scheme.code}`.toLowerCase().includes(search)) &&
    equals('schemeCode', scheme.code) &&
    equals('stateName', state.name) &&
    equals('activityName', activityOf(state)) &&
    isWithin(process.createdAt, parameters, 'CreationDate') &&
    isWithin(lastTransitionAt(process), parameters, 'LastTransitionDate')
  );
}

/** By name or by number. */
function hasStatus(process: Process, wanted: string | undefined): boolean {
  const number = statusOf(process);
  return wanted === undefined || [String(number), processStatuses[number]].includes(wanted);
}

function isWithin(time: string, parameters: ApiParameters, name: string): boolean {
  const at = Date.parse(time);
  const from = Date.parse(parameters.text(`from${name}`) ?? '');
  const to = Date.parse(parameters.text(`to${name}`) ?? '');
  // What is not given is no number, and nothing is less or more than that.
  return !(at < from) && !(at > to);
}

function sorted(processes: readonly Process[], sort: string): Process[] {
  const [field = '', direction = 'asc'] = sort.split(' ');
  const keyOf = field === 'LastTransitionDate' ? lastTransitionAt : ({ createdAt }: Process) => createdAt;
  const ascending = processes.toSorted((a, b) => Date.parse(keyOf(a)) - Date.parse(keyOf(b)));
  return direction.toLowerCase() === 'desc' ? ascending.toReversed() : ascending;
}

function wholeNumber(parameters: ApiParameters, name: string, usual: number): number {
  const text = parameters.text(name);
  if (text === undefined) {
    return usual;
  }
  if (!/^\d+$/.test(text)) {
    throw new OperationFailure(`Parameter '${name}' must be a number!`);
  }
  return Number(text);
}
