import type { ProblemRequest, SandboxProblems } from './sandbox-problem.ts';

const start = {
  method: 'POST',
  path: '/api/requests/definitions/SIMPLE_REQUEST/instances',
  body: '{"SUBJECT":"A camera"}',
} as const satisfies ProblemRequest;

/** A further service, `no-audience`. The lines continue `services:` of the first run's file. */
const withoutAudience = `  no-audience:
    kind: workflowgen
    url: "\${WFGEN_URL}"
    token: { url: "\${WFGEN_TOKEN_URL}", clientId: "\${WFGEN_CLIENT_ID}", clientSecret: "\${WFGEN_CLIENT_SECRET}" }
`;

/** What travels in the body of a 200. */
export const graphqlProblems = {
  'graphql-says-200': {
    kind: 'request',
    symptom: 'GraphQL answers 200, and the error is in the body',
    breaks: ({ control }) => control.answer(graphqlErrors('Object reference not set at C:\\wfgen\\Start.cs')),
    request: start,
    expect: { status: 502, code: 'upstream-failed' },
  },
  'graphql-value-wrong': {
    kind: 'request',
    symptom: 'GraphQL answers 200, and in the body that a value is wrong',
    breaks: ({ control }) => control.answer(graphqlErrors('Variable "$input" got invalid value "x" at "input.a"')),
    request: start,
    expect: { status: 400, code: 'upstream-invalid-request' },
  },
  'graphql-token-expired': {
    kind: 'request',
    symptom: 'GraphQL answers 200 to an expired token: it is replaced, and nobody sees it',
    before: { path: '/api/requests/instances' },
    breaks: ({ control }) => control.answer({ ...graphqlErrors('jwt expired'), times: 1 }),
    request: start,
    expect: { status: 201 },
  },
  'audience-unknown': {
    kind: 'request',
    symptom: 'Auth0 answers 403: `audience` is missing in the configuration',
    settings: () => ({ file: withoutAudience }),
    request: { ...start, path: '/api/no-audience/definitions/SIMPLE_REQUEST/instances' },
    expect: { status: 502, code: 'credentials-rejected' },
  },
} as const satisfies SandboxProblems;

function graphqlErrors(message: string) {
  return {
    upstream: 'workflowgen',
    path: '/wfgen/graphql',
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ errors: [{ message }] }),
  } as const;
}
