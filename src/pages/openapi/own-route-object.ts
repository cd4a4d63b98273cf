import type { DocumentedApi } from '../documented-api.ts';
import { commonProblems } from '../operation-problems.ts';
import type { OwnRoute } from '../own-routes.ts';
import { sharedParameterRefs } from './parameter-objects.ts';
import type { ProblemResponses } from './problem-responses.ts';

/** The tag of the routes that belong to no service. */
export const OWN_TAG = 'Flowgate';

/** The Operation Object of a route of our own. */
export function ownRouteObject(
  route: OwnRoute,
  api: DocumentedApi,
  responses: ProblemResponses,
): Record<string, unknown> {
  const { id, path, summary, needs, contentTypes, problems } = route;
  const issuerProblems = needs !== 'nothing' && api.takes.jwts ? (['token-unavailable'] as const) : [];
  return {
    operationId: id,
    tags: [OWN_TAG],
    summary,
    ...(needs === 'nothing' ? { security: [] } : {}),
    parameters: [
      ...(path.includes(':code')
        ? [
            {
              name: 'code',
              in: 'path',
              required: true,
              description: 'The code of a problem.',
              schema: { type: 'string' },
            },
          ]
        : []),
      ...sharedParameterRefs('CorrelationId'),
    ],
    responses: {
      '200': {
        description: 'The answer',
        headers: { 'x-correlation-id': { $ref: '#/components/headers/CorrelationId' } },
        content: Object.fromEntries(
          contentTypes.map((type) => [
            type,
            { schema: type === 'application/json' ? { type: 'object' } : { type: 'string' } },
          ]),
        ),
      },
      ...responses.refs([...new Set([...commonProblems(api), ...problems, ...issuerProblems])]),
    },
  };
}
