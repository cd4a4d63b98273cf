import { STATUS_CODES } from 'node:http';
import type { Filter } from '../../services/query.ts';
import type { DocumentedApi, DocumentedOperation, DocumentedService } from '../documented-api.ts';
import { problemExample } from '../openapi/problem-responses.ts';
import { operationProblems, takesIdempotencyKey } from '../operation-problems.ts';
import { recipeOf, type Recipe } from './recipes.ts';
import { parameterVariable, placeholder } from './service-variables.ts';
import { operationScript, type Script } from './test-script.ts';

export type PostmanItem = Readonly<Record<string, unknown>>;

/** One operation as a request of the collection, with its test and examples of its answers. */
export function requestItem(
  documented: DocumentedOperation,
  service: DocumentedService,
  api: DocumentedApi,
): PostmanItem {
  const { operation, shape } = documented;
  const recipe = recipeOf(service, operation.id);
  const codes = operationProblems(operation, service.kind, api);
  const request = {
    method: operation.method,
    description: [operation.summary, ...operation.authorities.map((name) => `Needs ${name}.`)].join('. '),
    header: headers(documented),
    url: url(documented, service, recipe),
    ...body(documented, recipe),
  };
  return {
    name: `${operation.method} ${operation.path}`,
    event: [testEvent(operationScript(service.name, operation, codes, recipe))],
    request,
    response: [
      exampleAnswer('Success', request, operation.status, shape.answer?.example),
      exampleAnswer('Problem', request, 401, problemExample('unauthenticated')),
    ],
  };
}

export function testEvent(script: Script): PostmanItem {
  return { listen: 'test', script: { type: 'text/javascript', exec: script } };
}

function headers({ operation }: DocumentedOperation): PostmanItem[] {
  const { body } = operation;
  const isJson = body.kind === 'stream' || (body.kind === 'json' && body.form === undefined);
  return [
    ...(isJson ? [{ key: 'content-type', value: 'application/json' }] : []),
    ...(takesIdempotencyKey(operation) ? [{ key: 'idempotency-key', value: '{{$guid}}', disabled: true }] : []),
    ...(operation.kind === 'forward' ? [{ key: 'prefer', value: 'wait=10', disabled: true }] : []),
  ];
}

function url({ operation, template }: DocumentedOperation, { name }: DocumentedService, recipe: Recipe): PostmanItem {
  const path = template.replace(/\*\*$/, ':rest').slice(1).split('/');
  const params = path.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
  const query = queryEntries(documentedFilters(operation), recipe.query ?? {});
  const active = query.filter(({ disabled }) => disabled !== true);
  const search = active.map(({ key, value }) => `${key}=${value}`).join('&');
  return {
    raw: `{{baseUrl}}/${path.join('/')}${search === '' ? '' : `?${search}`}`,
    host: ['{{baseUrl}}'],
    path,
    ...(query.length > 0 ? { query } : {}),
    variable: params.map((param) => ({
      key: param,
      value: param === 'rest' ? 'below' : placeholder(parameterVariable(name, operation.path, param)),
    })),
  };
}

interface QueryEntry {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly disabled?: boolean;
}

function documentedFilters({ query }: DocumentedOperation['operation']): [string, Filter][] {
  if (query.kind !== 'filters') return [];
  return [...query.filters].filter(([name]) => !(name.startsWith('$') && query.filters.has(name.slice(1))));
}

/** All filters of a list, to be switched on; those that the recipe wants are on. */
function queryEntries(filters: readonly [string, Filter][], on: Readonly<Record<string, string>>): QueryEntry[] {
  return filters.map(([name, { description }]) => {
    const key = name.endsWith('.') ? `${name}name` : name;
    const value = on[name];
    return value === undefined ? { key, value: '', description, disabled: true } : { key, value, description };
  });
}

function body({ operation, shape }: DocumentedOperation, recipe: Recipe): PostmanItem {
  const { body } = operation;
  if (body.kind === 'none') return {};
  const json = recipe.body ?? JSON.stringify(shape.request?.example ?? {}, undefined, 2);
  if (body.kind === 'json' && body.form) {
    const files = (shape.files ?? []).map((key) => ({ key, type: 'file', src: [] }));
    const variables = { key: 'variables', value: json, type: 'text', contentType: 'application/json' };
    return { body: { mode: 'formdata', formdata: [variables, ...files] } };
  }
  return { body: { mode: 'raw', raw: json, options: { raw: { language: 'json' } } } };
}

function exampleAnswer(name: string, originalRequest: PostmanItem, code: number, example: unknown): PostmanItem {
  const type = code < 400 ? 'application/json' : 'application/problem+json';
  return {
    name,
    originalRequest,
    code,
    status: STATUS_CODES[code] ?? '',
    _postman_previewlanguage: 'json',
    header: example === undefined ? [] : [{ key: 'content-type', value: type }],
    body: example === undefined ? '' : JSON.stringify(example, undefined, 2),
  };
}
