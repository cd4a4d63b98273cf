import { GraphQLError } from 'graphql';
import type { UploadedFile } from './uploaded-file.ts';

type DataType = 'text' | 'numeric' | 'dateTime' | 'file';

export interface Parameter {
  readonly name: string;
  readonly textValue?: string | null;
  readonly numericValue?: number | null;
  readonly dateTimeValue?: string | null;
  readonly fileValue?: { readonly upload?: UploadedFile | null } | null;
}

export interface StoredRequest {
  readonly number: number;
  readonly processName: string;
  readonly requester: string;
  readonly openedAt: string;
  readonly dataset: Map<string, { readonly textValue: string | null; readonly file: UploadedFile | null }>;
}

/** The active processes and the types of their data. */
const processes: Readonly<Record<string, Readonly<Record<string, DataType>>>> = {
  SIMPLE_REQUEST: { SUBJECT: 'text', AMOUNT: 'numeric', DUE_DATE: 'dateTime' },
  SIMPLE_REQUEST_FILE: { REQUEST_SUBJECT: 'text', REQUEST_FILE: 'file', REQUEST_ANNEX: 'file' },
  'HOLIDAY REQUEST': { FROM: 'dateTime', DAYS: 'numeric', REASON: 'text' },
};

/** The requests of the emulated WorkflowGen, newest last. */
export class RequestStore {
  readonly #requests: StoredRequest[] = [];

  all(): readonly StoredRequest[] {
    return this.#requests;
  }

  find(number: number): StoredRequest | undefined {
    return this.#requests.find((request) => request.number === number);
  }

  create(processName: string, parameters: readonly Parameter[], requester: string): StoredRequest {
    const data = Object.hasOwn(processes, processName) ? processes[processName] : undefined;
    if (data === undefined) {
      throw new GraphQLError(`Process "${processName}" does not exist or is not active.`);
    }
    const dataset = new Map(Object.keys(data).map((name) => [name, { textValue: null, file: null }]));
    const request = {
      number: this.#requests.length + 1001,
      processName,
      requester,
      openedAt: new Date().toISOString(),
      dataset,
    };
    setParameters(request, parameters);
    this.#requests.push(request);
    return request;
  }

  update(number: number, parameters: readonly Parameter[]): void {
    const request = this.find(number);
    if (request === undefined) {
      throw new GraphQLError(`Request ${number} not found.`);
    }
    setParameters(request, parameters);
  }
}

function setParameters({ processName, dataset }: StoredRequest, parameters: readonly Parameter[]): void {
  for (const parameter of parameters) {
    const type = processes[processName]?.[parameter.name];
    if (type === undefined) {
      throw new GraphQLError(`Process data "${parameter.name}" not found in process "${processName}".`);
    }
    dataset.set(parameter.name, valueOf(parameter, type));
  }
}

function valueOf(parameter: Parameter, type: DataType): { textValue: string | null; file: UploadedFile | null } {
  const { name, textValue, numericValue, dateTimeValue, fileValue } = parameter;
  if (type === 'file' && fileValue !== undefined && isNothing(fileValue?.upload)) {
    return { textValue: null, file: null }; // an upload that was left out
  }
  const given = { text: textValue, numeric: numericValue, dateTime: dateTimeValue, file: fileValue?.upload }[type];
  if (isNothing(given)) {
    throw new GraphQLError(`The value of the parameter "${name}" is not of type ${type}.`);
  }
  if (typeof given === 'object') {
    return { textValue: given.name, file: given };
  }
  if (type === 'dateTime' && Number.isNaN(Date.parse(String(given)))) {
    throw new GraphQLError(`The value of the parameter "${name}" is not a date.`);
  }
  return { textValue: String(given), file: null };
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
