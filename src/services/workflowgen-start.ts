import { Problem } from '../problems/problem.ts';
import type { BufferedAnswer } from '../forward/upstream-request.ts';
import { memberOf, readSuccess } from './workflowgen-answer.ts';
import { objectOf, topLevelMembers } from './json-members.ts';
import type { JsonObject, OperationAnswer, OperationInput } from './operation.ts';

/** WorkflowGen's names of process data are shorter; a longer one is a mistake. */
const MAX_NAME = 255;

/** Dates, and times with or without a zone (ISO 8601, as RFC 3339 narrows it). */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** How a parameter is sent: the field of the mutation's input and its GraphQL type. */
type ParameterField = readonly [field: string, type: string];

const TEXT: ParameterField = ['textValue', 'String'];
const NUMBER: ParameterField = ['numericValue', 'Float'];
const DATE: ParameterField = ['dateTimeValue', 'DateTime'];

/**
 * Checks the parameters of a start: texts, numbers and dates by name.
 *
 * @throws {Problem} `invalid-body` that names the member
 */
export function checkParameters(body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    if (name.trim() === '' || name.length > MAX_NAME)
      throw invalid(
        'A parameter has an empty name, or one that is too long.',
        `A name has 1 to ${MAX_NAME} characters.`,
      );
    if (fieldOf(value) === undefined)
      throw invalid(
        `The parameter ${quoteName(name)} is not a text, a number or a date.`,
        'Send each parameter as a JSON text, a JSON number, or a text such as 2026-01-31T08:00:00Z. Files go through an operation with an upload variable.',
      );
  }
}

/**
 * The request that starts a process. Everything of the caller's is a variable, and the document holds names of our own
 * making only; the bytes of each value go in as they were written. The input is spelled out because the name of its type
 * is not public, while those of the scalars are.
 */
export function startBody({ params, body = Buffer.from('{}'), json = {} }: OperationInput): Buffer {
  const fields = parametersOf(body, json);
  const declarations = fields.flatMap(({ field: [, type] }, at) => [`$n${at}: String!`, `$v${at}: ${type}!`]);
  const parameters = fields.map(({ field: [field] }, at) => `{ name: $n${at}, ${field}: $v${at} }`);
  const document =
    `mutation (${['$process: String!', ...declarations].join(', ')}) { ` +
    `createRequest(input: { processName: $process, parameters: [${parameters.join(', ')}] }) ` +
    '{ request { number status } } }';
  const variables = fields.flatMap(({ name, value }, at): [string, Buffer][] => [
    [`n${at}`, text(name)],
    [`v${at}`, value],
  ]);
  return objectOf([
    ['query', text(document)],
    ['variables', objectOf([['process', text(params['id'] ?? '')], ...variables])],
  ]);
}

/** 201 with `Location`; the request's number is its id, as text like that of any engine. A number says that a request was made, whatever else failed. */
export function startedRequest(
  service: string,
  answer: BufferedAnswer,
  { params }: OperationInput,
): OperationAnswer | undefined {
  const success = readSuccess(answer);
  const request = success && memberOf(success.dataBytes, 'createRequest', 'request');
  const number = request && memberOf(request, 'number');
  const id = /^"?([1-9]\d{0,14})"?$/.exec(number?.toString('latin1') ?? '')?.[1];
  if (request === undefined || number === undefined || id === undefined) return undefined;
  const status = memberOf(request, 'status');
  return {
    status: 201,
    headers: { 'content-type': 'application/json', location: `/api/${service}/instances/${id}` },
    body: objectOf([
      ['id', text(id)],
      ['definitionId', text(params['id'] ?? '')],
      ['status', status === undefined || status.toString('latin1') === 'null' ? text('OPEN') : status],
    ]),
  };
}

interface Parameter {
  readonly name: string;
  readonly field: ParameterField;
  /** As it was written. */
  readonly value: Buffer;
}

/** Of repeated names the last counts, as it does for `JSON.parse`. */
function parametersOf(body: Buffer, json: JsonObject): Parameter[] {
  const places = new Map(topLevelMembers(body).map((member) => [member.key, member]));
  return [...places].flatMap(([name, { start, end }]) => {
    const field = fieldOf(json[name]);
    return field === undefined ? [] : [{ name, field, value: body.subarray(start, end) }];
  });
}

function fieldOf(value: unknown): ParameterField | undefined {
  if (typeof value === 'number') return NUMBER;
  if (typeof value !== 'string') return undefined;
  return ISO_DATE.test(value) && isCalendarDate(value) ? DATE : TEXT;
}

/** Whether that day and time exist; `Date` would count 30 February on into March. */
function isCalendarDate(value: string): boolean {
  const day = value.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  return isDay && !Number.isNaN(Date.parse(value));
}

function text(value: string): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A name that a caller made up is told back only in plain characters. */
function quoteName(name: string): string {
  return /^[\w .-]{1,64}$/.test(name) ? `"${name}"` : 'with odd characters';
}

function invalid(detail: string, hint: string): Problem {
  return new Problem('invalid-body', { detail, hint });
}
