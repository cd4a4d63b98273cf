import type { GraphqlType, WorkflowgenConfig } from '../../config/config.ts';
import { isRequired } from '../../services/workflowgen-variables.ts';
import {
  anyObject,
  arrayOf,
  objectOf,
  schemaRef,
  textSchema,
  type JsonSchema,
  type Shape,
  type Shapes,
} from './shape.ts';

/** The bodies of WorkflowGen: the `data` of its GraphQL answers (docs.advantys.com, "GraphQL API"). */

const request = { id: 'UmVxdWVzdDox', number: 1042, description: 'Vacation', status: 'OPEN' };

const page = (items: readonly unknown[]) => ({ totalCount: items.length, hasNextPage: false, items });

const pageSchema = (items: JsonSchema): JsonSchema =>
  objectOf({ totalCount: { type: 'integer' }, hasNextPage: { type: 'boolean' }, items: arrayOf(items) });

const schemas: Readonly<Record<string, JsonSchema>> = {
  Request: objectOf(
    { id: textSchema, number: { type: 'integer' }, description: { type: ['string', 'null'] }, status: textSchema },
    ['number'],
  ),
  StartedRequest: objectOf({ id: textSchema, definitionId: textSchema, status: textSchema }, [
    'id',
    'definitionId',
    'status',
  ]),
};

const fixed: Readonly<Record<string, Shape>> = {
  'start-definition': {
    request: {
      schema: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
      example: { Description: 'Vacation', Days: 5, From: '2026-01-31' },
    },
    answer: {
      schema: schemaRef('StartedRequest'),
      example: { id: String(request.number), definitionId: 'VACATION_REQUEST', status: 'OPEN' },
    },
  },
  'list-instances': {
    answer: {
      schema: objectOf({ requests: pageSchema(schemaRef('Request')) }),
      example: { requests: page([request]) },
    },
  },
  'get-instance': { answer: { schema: objectOf({ request: schemaRef('Request') }), example: { request } } },
  'get-instance-context': {
    answer: {
      schema: objectOf({ request: anyObject }),
      example: { request: { dataset: { items: [{ id: '1', name: 'Days', textValue: '5' }] } } },
    },
  },
  'list-tasks': {
    answer: {
      schema: objectOf({ viewer: objectOf({ actions: pageSchema(anyObject) }) }),
      example: { viewer: { actions: page([{ id: 'QWN0aW9uOjE=', activity: { name: 'Approve' } }]) } },
    },
  },
  'list-operations': {
    answer: {
      schema: arrayOf(
        objectOf({ name: textSchema, path: textSchema, type: textSchema, variables: arrayOf(anyObject) }),
      ),
      example: [
        { name: 'open-requests', path: '/api/requests/operations/open-requests', type: 'query', variables: [] },
      ],
    },
  },
};

/** Beside what every service of this kind has, each configured document with its own variables. */
export function workflowgenShapes({ operations }: WorkflowgenConfig): Shapes {
  const configured = operations.map(({ name, document: { variables } }): [string, Shape] => {
    const inJson = variables.filter(({ isUpload }) => !isUpload);
    const schema = objectOf(
      Object.fromEntries(inJson.map((variable) => [variable.name, typeSchema(variable.type)])),
      inJson.filter(isRequired).map((variable) => variable.name),
    );
    const example = Object.fromEntries(
      inJson.filter(isRequired).map((variable) => [variable.name, typeExample(variable.type)]),
    );
    const files = variables.filter(({ isUpload }) => isUpload).map((variable) => variable.name);
    return [
      `run-${name}`,
      {
        request: { schema: { ...schema, additionalProperties: false }, example },
        answer: { schema: anyObject, example: {} },
        ...(files.length > 0 ? { files } : {}),
      },
    ];
  });
  return { schemas, operations: { ...fixed, ...Object.fromEntries(configured) } };
}

/** The built-in scalars (spec.graphql.org, October 2021, section 3.5); of other types nothing is known here. */
const SCALARS: Readonly<Record<string, readonly [type: string, example: unknown]>> = {
  Int: ['integer', 1],
  Float: ['number', 1.5],
  String: ['string', 'text'],
  Boolean: ['boolean', true],
  ID: ['string', '1'],
};

function typeSchema(type: GraphqlType): JsonSchema {
  if (type.kind === 'non-null') return typeSchema(type.of);
  if (type.kind === 'list') return arrayOf(typeSchema(type.of));
  const scalar = SCALARS[type.name];
  return scalar === undefined ? { description: `GraphQL type ${type.name}` } : { type: scalar[0] };
}

function typeExample(type: GraphqlType): unknown {
  if (type.kind === 'non-null') return typeExample(type.of);
  if (type.kind === 'list') return [typeExample(type.of)];
  return SCALARS[type.name]?.[1] ?? {};
}
