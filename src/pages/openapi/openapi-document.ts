import type { DocumentedApi } from '../documented-api.ts';
import { operationObject } from './operation-object.ts';
import { OWN_TAG, ownRouteObject } from './own-route-object.ts';
import { sharedParameters } from './parameter-objects.ts';
import { openApiPath } from './path-template.ts';
import { problemExamples, ProblemResponses, problemSchema } from './problem-responses.ts';
import { usedComponents } from './used-components.ts';

type PathItems = Record<string, Record<string, unknown>>;

const DESCRIPTION = `Calls Workflow and Integration services on behalf of web apps, scripts and people. Bodies and answers are the services' own, byte for byte. Every error that is not a flow's own is \`application/problem+json\`: branch on \`code\` and \`retryable\`, and read \`hint\`. HEAD works where GET does.`;

const KINDS: Readonly<Record<DocumentedApi['services'][number]['kind'], string>> = {
  'sap-workflow': 'SAP Workflow, or SAP Build Process Automation',
  'sap-integration': 'SAP Cloud Integration',
  'workflow-server': 'Optimajet WorkflowServer',
  workflowgen: 'WorkflowGen',
  http: 'An HTTP API',
};

/** Describes the routes of this configuration (OpenAPI 3.1.1). */
export function openApiDocument(api: DocumentedApi): Record<string, unknown> {
  const problems = new ProblemResponses();
  const paths = pathItems(api, problems);
  const security = securityOf(api);
  const components = usedComponents(paths, {
    schemas: {
      Problem: problemSchema,
      ...Object.fromEntries(api.services.flatMap(({ schemas }) => Object.entries(schemas))),
    },
    responses: problems.components(),
    parameters: sharedParameters,
    headers: sharedHeaders,
    examples: problemExamples(),
  });
  return {
    openapi: '3.1.1',
    info: {
      title: 'Flowgate',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: api.publicUrl }],
    security: security.requirements,
    tags: [
      ...api.services.map(({ name, kind }) => ({ name, description: KINDS[kind] })),
      { name: OWN_TAG, description: 'Beside the services' },
    ],
    paths,
    components: { ...components, securitySchemes: security.schemes },
  };
}

function pathItems(api: DocumentedApi, problems: ProblemResponses): PathItems {
  const paths: PathItems = {};
  for (const service of api.services)
    for (const documented of service.operations) {
      const item = (paths[openApiPath(documented.template)] ??= {});
      item[documented.operation.method.toLowerCase()] = operationObject(documented, service, api, problems);
    }
  for (const route of api.ownRoutes) paths[openApiPath(route.path)] = { get: ownRouteObject(route, api, problems) };
  return paths;
}

/** One credential of those that the configuration knows; an empty requirement says that none is needed. */
function securityOf({ takes }: DocumentedApi) {
  const schemes = {
    ...(takes.apiKeys ? { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } } : {}),
    ...(takes.jwts ? { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } : {}),
  };
  const requirements = [...Object.keys(schemes).map((name) => ({ [name]: [] })), ...(takes.nobody ? [{}] : [])];
  return { schemes, requirements };
}

const sharedHeaders: Readonly<Record<string, unknown>> = {
  CorrelationId: { description: 'Names the request in the logs.', schema: { type: 'string' } },
  Location: { description: 'The path of what was started.', schema: { type: 'string', format: 'uri-reference' } },
  RetryAfter: { description: 'How long to wait, in seconds.', schema: { type: 'integer' } },
  TotalCount: { description: 'How many there are, with `count=true`.', schema: { type: 'integer' } },
};
