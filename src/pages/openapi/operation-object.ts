import type { Operation } from '../../services/operation.ts';
import type { DocumentedApi, DocumentedOperation, DocumentedService } from '../documented-api.ts';
import { operationProblems } from '../operation-problems.ts';
import type { Shape } from '../shapes/shape.ts';
import { parameterObjects } from './parameter-objects.ts';
import type { ProblemResponses, ResponseObject } from './problem-responses.ts';

/** An Operation Object (OpenAPI 3.1, section 4.8.10), with what an operator wants to know under `x-`. */
export function operationObject(
  documented: DocumentedOperation,
  { name, kind }: DocumentedService,
  api: DocumentedApi,
  problems: ProblemResponses,
): Record<string, unknown> {
  const { operation, shape } = documented;
  const requestBody = requestBodyObject(operation, shape);
  return {
    operationId: `${name}.${operation.id}`,
    tags: [name],
    summary: operation.summary,
    description: description(operation),
    'x-effect': operation.effect,
    ...(operation.authorities.length > 0 ? { 'x-authority': operation.authorities } : {}),
    parameters: parameterObjects(documented),
    ...(requestBody ? { requestBody } : {}),
    responses: {
      [operation.status]: successResponse(operation, shape),
      ...problems.refs(operationProblems(operation, kind, api)),
    },
  };
}

const EFFECTS: Readonly<Record<Operation['effect'], string>> = {
  read: 'Reads only: it may be sent again.',
  change: 'Sent twice, it does the same again.',
  start: 'Sent twice, it happens twice, so nothing sends it again by itself.',
};

function description({ effect, authorities, needsIdentity = false }: Operation): string {
  return [
    EFFECTS[effect],
    ...(authorities.length > 0 ? [`The OAuth client needs ${authorities.join(', ')}.`] : []),
    ...(needsIdentity ? ['It is done in the name of who is calling.'] : []),
  ].join(' ');
}

function requestBodyObject({ body }: Operation, { request, files }: Shape): Record<string, unknown> | undefined {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'stream':
      return {
        description: `Any content type, up to ${body.maxBytes} bytes. Sent on as it comes.`,
        content: { '*/*': { schema: {} } },
      };
    case 'json':
      return {
        required: body.required,
        content: {
          'application/json': request ?? { schema: { type: 'object' } },
          ...(body.form ? { 'multipart/form-data': { schema: formSchema(request?.schema ?? {}, files ?? []) } } : {}),
        },
      };
  }
}

function formSchema(variables: unknown, files: readonly string[]): Record<string, unknown> {
  const parts = files.map((name) => [name, { type: 'string', contentMediaType: 'application/octet-stream' }]);
  return { type: 'object', properties: { variables, ...Object.fromEntries(parts) } };
}

function successResponse(operation: Operation, { answer }: Shape): ResponseObject {
  const { status } = operation;
  const headers = {
    'x-correlation-id': { $ref: '#/components/headers/CorrelationId' },
    ...(status === 201 ? { Location: { $ref: '#/components/headers/Location' } } : {}),
    ...(countsMatches(operation) ? { 'X-Total-Count': { $ref: '#/components/headers/TotalCount' } } : {}),
  };
  if (status === 202) return { description: 'Accepted; it takes effect a little later', headers };
  if (status === 204) return { description: 'Done', headers };
  if (answer) return { description: 'The answer', headers, content: { 'application/json': answer } };
  return {
    description: "The service's own answer, with its own status, of whatever type it is",
    headers,
    content: { '*/*': { schema: {} } },
  };
}

function countsMatches({ query }: Operation): boolean {
  return query.kind === 'filters' && query.filters.has('count');
}
