import { describe, expect, it } from '@jest/globals';
import { Grants } from '../../src/callers/grants.ts';
import { documentedApi, reachableApi } from '../../src/pages/documented-api.ts';
import { openApiDocument } from '../../src/pages/openapi/openapi-document.ts';
import { shapesOf } from '../../src/pages/shapes/shapes-of.ts';
import { problemTable } from '../../src/problems/problem-table.ts';
import { offerOf } from '../../src/services/offers.ts';
import { everyKindConfig, madeUpValues } from '../support/every-kind.ts';

const config = everyKindConfig();
const api = documentedApi(config);

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
type Loose = any;

const document: Loose = openApiDocument(api);

function operationOf(method: string, path: string): Loose {
  return document.paths[path]?.[method.toLowerCase()];
}

function parameter(operation: Loose, name: string): Loose {
  return operation.parameters.map(resolved).find((one: Loose) => one.name === name);
}

function resolved(part: Loose): Loose {
  if (part.$ref === undefined) return part;
  return part.$ref
    .slice(2)
    .split('/')
    .reduce((found: Loose, name: string) => found[name], document);
}

/** The codes that an operation documents for a status. */
function codesOf(operation: Loose, status: number): string[] {
  const response = resolved(operation.responses[status]);
  return response.content['application/problem+json'].schema.allOf[1].properties.code.enum;
}

describe('the OpenAPI document', () => {
  it('describes every operation of every configured service, and nothing twice', () => {
    const expected = config.services.flatMap((service) =>
      offerOf(service).operations.map(
        ({ method, path }) =>
          `${method} /api/${service.name}${path.replace('**', '{rest}').replaceAll(/:(\w+)/g, '{$1}')}`,
      ),
    );
    const described = Object.entries(document.paths)
      .flatMap(([path, item]) => Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`))
      .filter((route) => route.includes(' /api/'));
    expect(described.sort()).toEqual(expected.sort());
    const ids = Object.values(document.paths).flatMap((item: Loose) =>
      Object.values(item).map((operation: Loose) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is about this server's own address", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers).toEqual([{ url: 'https://flowgate.internal' }]);
  });

  it('names the authority that the OAuth client needs', () => {
    const start = operationOf('POST', '/api/workflow/definitions/{id}/instances');
    expect(start['x-authority']).toEqual(['WORKFLOW_INSTANCE_START']);
    expect(start['x-effect']).toBe('start');
  });

  it('gives path parameters the pattern that is checked', () => {
    const { schema, required } = parameter(operationOf('GET', '/api/workflow/instances/{id}'), 'id');
    expect(required).toBe(true);
    expect('7d3f1c2a-0b1c-11ef').toMatch(new RegExp(schema.pattern, 'u'));
    expect('../admin').not.toMatch(new RegExp(schema.pattern, 'u'));
  });

  it('leaves out a pattern that means something else without its flags', () => {
    const { schema, description } = parameter(operationOf('GET', '/api/approvals/instances/{id}'), 'id');
    expect(schema).toEqual({ type: 'string' });
    expect(description).toContain('GUID');
  });

  it('describes the filters of a list, each once, whatever its forms are', () => {
    const list = operationOf('GET', '/api/workflow/instances');
    const names = list.parameters.map((one: Loose) => resolved(one).name);
    expect(names).toEqual(expect.arrayContaining(['skip', 'top', 'orderby', 'count', 'status', '$inlinecount']));
    expect(names).not.toContain('$top');
    expect(parameter(list, 'top')).toMatchObject({ in: 'query', schema: { type: 'integer', maximum: 1000 } });
    expect(parameter(list, 'top').description).toContain('$top');
    expect(parameter(list, 'status').schema.type).toBe('array');
  });

  it('describes a family of filters as the members of an object', () => {
    const attributes = parameter(operationOf('GET', '/api/workflow/instances'), 'attributes');
    expect(attributes).toMatchObject({ style: 'form', explode: true, schema: { type: 'object' } });
    expect('attributes.employee').toMatch(new RegExp(attributes.schema.propertyNames.pattern, 'u'));
  });

  it('offers Idempotency-Key on every POST that starts or sends something, and nowhere else', () => {
    for (const { name, operations } of api.services)
      for (const { operation, template } of operations) {
        const path = template.replace('**', '{rest}').replaceAll(/:(\w+)/g, '{$1}');
        const described = parameter(operationOf(operation.method, path), 'Idempotency-Key') !== undefined;
        const starts = operation.method === 'POST' && operation.effect === 'start';
        expect([name, operation.id, described]).toEqual([name, operation.id, starts]);
      }
  });

  it('says what a start answers: 201, Location, and the three facts that every engine gives', () => {
    for (const path of ['workflow', 'approvals', 'requests'].map((name) => `/api/${name}/definitions/{id}/instances`)) {
      const created = operationOf('POST', path).responses['201'];
      expect(resolved(created.headers.Location)).toBeDefined();
      const schema = resolved(created.content['application/json'].schema);
      expect(schema.required).toEqual(['id', 'definitionId', 'status']);
    }
  });

  it('describes the variables of a configured GraphQL document as its body', () => {
    const run = operationOf('POST', '/api/requests/operations/open-requests');
    expect(run.requestBody.content['application/json'].schema).toEqual({
      type: 'object',
      required: ['first'],
      properties: { first: { type: 'integer' }, names: { type: 'array', items: { type: 'string' } } },
      additionalProperties: false,
    });
  });

  it('describes the files of a document with uploads as parts of a form', () => {
    const { content } = operationOf('POST', '/api/requests/operations/attach').requestBody;
    expect(content['multipart/form-data'].schema.properties).toMatchObject({
      variables: { required: ['number'] },
      file: { contentMediaType: 'application/octet-stream' },
    });
  });

  it('takes any content type where bodies are streamed', () => {
    const { content } = operationOf('POST', '/api/integration/flows/product-details').requestBody;
    expect(Object.keys(content)).toEqual(['*/*']);
  });

  it('has an example of every JSON body that it describes', () => {
    for (const { name, operations } of api.services)
      for (const { operation, shape } of operations)
        if (operation.body.kind === 'json')
          expect([name, operation.id, shape.request?.example]).toEqual([name, operation.id, expect.anything()]);
  });

  it('knows bodies of operations that exist, and of no others', () => {
    for (const service of config.services) {
      const known = Object.keys(shapesOf(service).operations);
      expect(offerOf(service).operations.map(({ id }) => id)).toEqual(expect.arrayContaining(known));
    }
  });

  it('lists for each operation the problems that can occur, by status', () => {
    const start = operationOf('POST', '/api/workflow/definitions/{id}/instances');
    expect(codesOf(start, 401)).toEqual(['unauthenticated']);
    expect(codesOf(start, 404)).toEqual(['definition-not-found']);
    expect(codesOf(start, 415)).toEqual(['unsupported-media-type', 'upstream-invalid-request']);
    expect(codesOf(start, 502)).toEqual(expect.arrayContaining(['authority-missing', 'outcome-unknown']));
    expect(codesOf(start, 504)).toEqual(['outcome-unknown']);
    const read = operationOf('GET', '/api/workflow/instances/{id}');
    expect(codesOf(read, 504)).toEqual(['upstream-timeout']);
    expect(codesOf(operationOf('POST', '/api/integration/flows/orders'), 502)).toEqual(
      expect.arrayContaining(['flow-failed', 'flow-not-found', 'csrf-handshake-failed', 'wrong-service-plan']),
    );
  });

  it('promises Retry-After where a problem carries it', () => {
    const { responses } = operationOf('GET', '/api/workflow/instances');
    expect(resolved(responses['429']).headers['Retry-After']).toBeDefined();
    expect(resolved(responses['503']).headers['Retry-After']).toBeDefined();
    expect(resolved(responses['404']).headers['Retry-After']).toBeUndefined();
  });

  it('has an example of every problem that it lists, with the status under which it is listed', () => {
    const listed = new Set<string>();
    for (const [name, response] of Object.entries<Loose>(document.components.responses))
      for (const [code, { $ref: ref }] of Object.entries<Loose>(
        response.content['application/problem+json'].examples,
      )) {
        listed.add(code);
        const { source, title, retryable } = problemTable[code as keyof typeof problemTable];
        const facts = { status: Number(name.slice('Problem'.length, 'Problem'.length + 3)), source, title, retryable };
        expect(resolved({ $ref: ref }).value).toMatchObject({ code, type: `/problems/${code}`, ...facts });
      }
    expect(listed.size).toBeGreaterThan(30);
  });

  // RFC 9110, sections 15.5.15 (414), 15.5.18 (417), 15.6.2 (501), 15.6.6 (505), and RFC 6585, section 5 (431).
  it.each([400, 414, 417, 431, 501, 505])(
    'says of every route that a request can be refused with %i before its route is looked for',
    (status) => {
      for (const [path, item] of Object.entries<Loose>(document.paths))
        for (const [method, operation] of Object.entries<Loose>(item))
          expect([method, path, codesOf(operation, status)]).toEqual([
            method,
            path,
            expect.arrayContaining(['invalid-request']),
          ]);
    },
  );

  it('names the credentials that this configuration takes, and asks for one of them', () => {
    expect(document.components.securitySchemes).toEqual({
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
    expect(document.security).toEqual([{ apiKey: [] }, { bearer: [] }]);
    expect(operationOf('GET', '/docs').security).toEqual([]);
    expect(operationOf('GET', '/openapi.json').security).toBeUndefined();
  });

  it('says that no credential is needed where callers may be anonymous', () => {
    const open: Loose = openApiDocument(documentedApi(everyKindConfig({ ALLOW_ANONYMOUS: 'true' })));
    expect(open.security).toContainEqual({});
  });

  it('shows a caller what it may call, and nothing else', () => {
    const grants = new Grants([
      'POST /api/workflow/definitions/onboarding/instances',
      'GET /api/workflow/instances/**',
    ]);
    const reachable: Loose = openApiDocument(reachableApi(api, (method, template) => grants.reaches(method, template)));
    const paths = Object.keys(reachable.paths).filter((path) => path.startsWith('/api/'));
    expect(paths.every((path) => path.startsWith('/api/workflow/'))).toBe(true);
    expect(Object.keys(reachable.paths['/api/workflow/definitions/{id}/instances'])).toEqual(['post']);
    expect(Object.keys(reachable.paths['/api/workflow/instances/{id}/context'])).toEqual(['get']);
    expect(reachable.paths['/api/workflow/instances']).toBeUndefined();
    expect(reachable.tags.map(({ name }: Loose) => name)).toEqual(['workflow', 'Flowgate']);
    expect(JSON.stringify(reachable)).not.toContain('product-details');
    expect(reachable.components.schemas.Process).toBeUndefined();
  });

  it('holds no address and no secret of a service', () => {
    const text = JSON.stringify(document);
    for (const value of madeUpValues) expect(text).not.toContain(value);
    expect(text).not.toContain('example.com/');
  });
});
