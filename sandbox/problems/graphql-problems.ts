import type { Sandbox } from '../start-sandbox.ts';
import type { ProblemRequest, ProblemSettings, SandboxProblems } from './sandbox-problem.ts';

const start = {
  method: 'POST',
  path: '/api/requests/definitions/SIMPLE_REQUEST/instances',
  body: '{"SUBJECT":"A camera"}',
} as const satisfies ProblemRequest;

/** What travels in the body of a 200. */
export const graphqlProblems = {
  'graphql-says-200': {
    kind: 'request',
    symptom: 'GraphQL answers 200, and the error is in the body',
    settings: workflowgenService,
    breaks: ({ control }) => control.answer(graphqlErrors('Object reference not set at C:\\wfgen\\Start.cs')),
    request: start,
    expect: { status: 502, code: 'upstream-failed' },
  },
  'graphql-value-wrong': {
    kind: 'request',
    symptom: 'GraphQL answers 200, and in the body that a value is wrong',
    settings: workflowgenService,
    breaks: ({ control }) => control.answer(graphqlErrors('Variable "$input" got invalid value "x" at "input.a"')),
    request: start,
    expect: { status: 400, code: 'upstream-invalid-request' },
  },
  'graphql-token-expired': {
    kind: 'request',
    symptom: 'GraphQL answers 200 to an expired token: it is replaced, and nobody sees it',
    settings: workflowgenService,
    before: { path: '/api/requests/instances' },
    breaks: ({ control }) => control.answer({ ...graphqlErrors('jwt expired'), times: 1 }),
    request: start,
    expect: { status: 201 },
  },
  'audience-unknown': {
    kind: 'request',
    symptom: 'Auth0 answers 403: `audience` is missing in the configuration',
    settings: (sandbox) => workflowgenService(sandbox, ''),
    request: start,
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

/** A service `requests`, which the first run has not. The lines continue `services:` of its file. */
function workflowgenService(
  { workflowgen }: Sandbox,
  params = `params: { audience: "${workflowgen.graphqlUrl}" }`,
): ProblemSettings {
  const { graphqlUrl, tokenUrl, clientId, clientSecret, apiKey } = workflowgen;
  return {
    file: `  requests:
    kind: workflowgen
    url: ${graphqlUrl}
    token:
      url: ${tokenUrl}
      clientId: "${clientId}"
      clientSecret: "${clientSecret}"
      ${params}
    apiKey: "${apiKey}"
`,
  };
}
