import { requests, type SandboxProblems } from './sandbox-problem.ts';

const page = 'https://shop.example.com';

/** What browsers and people send. */
export const callerProblems = {
  'basic-of-a-person': {
    kind: 'request',
    symptom: 'User name and password of a person',
    request: {
      ...requests.product,
      headers: { 'x-api-key': undefined, authorization: `Basic ${Buffer.from('ada:enchantress').toString('base64')}` },
    },
    expect: { status: 401, code: 'unauthenticated' },
  },
  'no-credential': {
    kind: 'request',
    symptom: 'A page without a credential: JSON, never a login page',
    request: { ...requests.definitions, headers: { 'x-api-key': undefined } },
    expect: { status: 401, code: 'unauthenticated' },
  },
  'idle-connections': {
    kind: 'request',
    symptom: 'Sporadic 502 of the platform: idle connections are kept for longer than its 90 s',
    request: requests.definitions,
    expect: { status: 200 },
  },
  preflight: {
    kind: 'request',
    symptom: '"blocked by CORS": the preflight, which brings no credential, is answered',
    settings: () => ({ env: { CORS_ORIGINS: page } }),
    request: {
      method: 'OPTIONS',
      path: requests.start.path,
      headers: {
        'x-api-key': undefined,
        origin: page,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-api-key',
      },
    },
    expect: { status: 204 },
  },
  'origin-not-listed': {
    kind: 'request',
    symptom: '"blocked by CORS": a page whose origin is not listed',
    request: { ...requests.start, headers: { origin: page } },
    expect: { status: 403, code: 'origin-not-allowed' },
  },
} as const satisfies SandboxProblems;
