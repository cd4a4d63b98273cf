import { identifier } from '../../services/identifier.ts';
import type { Operation, ParamPattern } from '../../services/operation.ts';
import type { Filter, FilterTable } from '../../services/query.ts';
import type { DocumentedOperation } from '../documented-api.ts';
import { takesIdempotencyKey } from '../operation-problems.ts';
import type { JsonSchema } from '../shapes/shape.ts';
import { pathParameterNames } from './path-template.ts';

/** A Parameter Object, or a reference to one (OpenAPI 3.1, section 4.8.12). */
export type ParameterObject = Readonly<Record<string, unknown>>;

/** All that an operation reads of a request, beside its body. */
export function parameterObjects({ operation, template }: DocumentedOperation): ParameterObject[] {
  return [
    ...pathParameterNames(template).map((name) => pathParameter(name, operation)),
    ...queryParameters(operation),
    ...(takesIdempotencyKey(operation) ? [componentRef('IdempotencyKey')] : []),
    ...(operation.kind === 'forward' ? [componentRef('Prefer')] : []),
    componentRef('CorrelationId'),
  ];
}

/** Parameters that many operations share. */
export const sharedParameters: Readonly<Record<string, ParameterObject>> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same key with the same request gives the first answer again, for 24 hours.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description: 'wait=<seconds> shortens the deadline of this request.',
    schema: { type: 'string', examples: ['wait=10'] },
  },
  CorrelationId: {
    name: 'x-correlation-id',
    in: 'header',
    description: 'Names the request in the logs; made where it is missing.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
};

/** References to parameters that many operations share. */
export function sharedParameterRefs(...names: readonly string[]): ParameterObject[] {
  return names.map(componentRef);
}

function componentRef(name: string): ParameterObject {
  return { $ref: `#/components/parameters/${name}` };
}

function pathParameter(name: string, { paramPatterns }: Operation): ParameterObject {
  if (name === 'rest')
    return {
      name,
      in: 'path',
      required: true,
      description: 'One path segment or more, with slashes between them; each is encoded, the slashes are not.',
      schema: { type: 'string' },
    };
  const param = paramPatterns?.[name] ?? identifier;
  return { name, in: 'path', required: true, description: `It takes ${param.takes}.`, schema: patternSchema(param) };
}

/** JSON Schema knows no flags: without case a pattern would say something else. */
function patternSchema({ pattern }: ParamPattern): JsonSchema {
  return { type: 'string', ...(pattern.flags.includes('i') ? {} : { pattern: pattern.source }) };
}

function queryParameters({ query }: Operation): ParameterObject[] {
  if (query.kind === 'none') return [];
  if (query.kind === 'filters') return filterParameters(query.filters);
  return [
    freeParameters('query', 'Sent on as it comes, name by name.', {
      type: 'object',
      additionalProperties: { type: 'string' },
    }),
  ];
}

function filterParameters(filters: FilterTable): ParameterObject[] {
  return [...filters].flatMap(([name, filter]) => {
    const plain = name.startsWith('$') ? filters.get(name.slice(1)) : undefined;
    // With or without its dollar it is the same filter.
    if (plain !== undefined) return [];
    const hasTwin = filters.has(`$${name}`);
    return [filterParameter(name, filter, hasTwin ? ` The same as $${name}.` : '')];
  });
}

function filterParameter(name: string, filter: Filter, twin: string): ParameterObject {
  const description = `${filter.description}.${filter.repeatable ? ' May be given several times.' : ''}${twin}`;
  const schema = filter.schema ?? { type: 'string' };
  if (name.endsWith('.')) return freeParameters(name.slice(0, -1), description, familySchema(name));
  return { name, in: 'query', description, schema: filter.repeatable ? { type: 'array', items: schema } : schema };
}

/** Every name that begins so. */
function familySchema(prefix: string): JsonSchema {
  return {
    type: 'object',
    propertyNames: { pattern: `^${prefix.replaceAll('.', String.raw`\.`)}.` },
    additionalProperties: { type: 'string' },
  };
}

/** Several parameters whose names are not known beforehand: the members of an object, each a parameter of its own. */
function freeParameters(name: string, description: string, schema: JsonSchema): ParameterObject {
  return { name, in: 'query', description, style: 'form', explode: true, schema };
}
