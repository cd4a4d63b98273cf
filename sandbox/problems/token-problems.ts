import { randomBytes } from 'node:crypto';
import { freshInstanceAuthorities } from '../workflow/authorities.ts';
import { requests, type SandboxProblems } from './sandbox-problem.ts';

/** Tokens that are not to be had, or not taken. */
export const tokenProblems = {
  'token-rate-limit': {
    kind: 'request',
    symptom: 'The authorization server answers 429 with HTML',
    breaks: ({ control }) => control.rateLimit({ upstream: 'authorizationServer', retryAfter: 7 }),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'token-call-per-request': {
    kind: 'request',
    symptom: 'A token call per request, until a quota is used up: here one token serves all requests',
    before: requests.definitions,
    request: requests.definitions,
    expect: { status: 200 },
  },
  'authority-added': {
    kind: 'request',
    symptom: '403 although the authority was added: the old token is replaced, and nobody sees it',
    prepares: ({ control }) => control.setAuthorities({ authorities: ['WORKFLOW_DEFINITION_GET'] }),
    before: requests.definitions,
    breaks: ({ control }) => control.setAuthorities({ authorities: 'all' }),
    request: requests.start,
    expect: { status: 201 },
  },
  'token-revoked': {
    kind: 'request',
    symptom: 'The service refuses the token that is in use: it is replaced, and nobody sees it',
    before: requests.definitions,
    breaks: ({ control }) => control.revokeTokens(),
    request: requests.start,
    expect: { status: 201 },
  },
  'token-refused-twice': {
    kind: 'request',
    symptom: 'The service refuses every token, a fresh one as well',
    breaks: ({ control }) =>
      control.answer({ upstream: 'workflow', status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }),
    request: requests.definitions,
    expect: { status: 502, code: 'token-rejected' },
  },
  'secret-rotated': {
    kind: 'request',
    symptom: '401 "Bad credentials" since yesterday: the key was deleted or rotated',
    breaks: ({ control }) => control.rotateSecret({ client: 'workflow' }),
    request: requests.definitions,
    expect: { status: 502, code: 'credentials-rejected' },
  },
  'token-server-slow': {
    kind: 'request',
    symptom: 'The token call takes for ever (the answer comes after 5 s)',
    breaks: ({ control }) => control.slow({ upstream: 'authorizationServer', ms: 60_000 }),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'token-server-down': {
    kind: 'request',
    symptom: 'The authorization server is down, and there is no token yet',
    breaks: ({ control }) => control.down({ upstream: 'authorizationServer' }),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'token-server-down-later': {
    kind: 'request',
    symptom: 'The authorization server is down, but a token is still valid: nobody sees it',
    before: requests.definitions,
    breaks: ({ control }) => control.down({ upstream: 'authorizationServer' }),
    request: requests.definitions,
    expect: { status: 200 },
  },
  'token-server-login-page': {
    kind: 'request',
    symptom: 'The token address answers 200 with a page of HTML',
    breaks: ({ control }) => control.html({ upstream: 'authorizationServer' }),
    request: requests.definitions,
    expect: { status: 503, code: 'token-unavailable' },
  },
  'redis-away': {
    kind: 'request',
    symptom: 'Redis is away: a start under an Idempotency-Key could happen twice',
    settings: withoutRedis,
    request: { ...requests.start, headers: { 'idempotency-key': 'order-4711' } },
    expect: { status: 503, code: 'store-unavailable' },
  },
  'redis-away-without-a-key': {
    kind: 'request',
    symptom: 'Redis is away, and nobody else sees it',
    settings: withoutRedis,
    request: requests.start,
    expect: { status: 201 },
  },
  'authority-missing': {
    kind: 'request',
    symptom: '403 "User does not have sufficient privileges." on the very first start',
    breaks: ({ control }) => control.setAuthorities({ authorities: [...freshInstanceAuthorities] }),
    request: requests.start,
    expect: { status: 502, code: 'authority-missing' },
  },
  'authority-missing-for-the-context': {
    kind: 'request',
    symptom: 'Starting works, reading the context is 403',
    breaks: ({ control }) => {
      control.setAuthorities({ authorities: ['WORKFLOW_INSTANCE_START', 'WORKFLOW_INSTANCE_GET'] });
      control.revokeTokens();
    },
    request: requests.context,
    expect: { status: 502, code: 'authority-missing' },
  },
  'role-missing-in-process-automation': {
    kind: 'request',
    symptom: 'Process automation: starting works, the list of instances is 403',
    settings: ({ serviceKeys }) => ({ env: { WORKFLOW_SERVICE_KEY: JSON.stringify(serviceKeys.processAutomation) } }),
    breaks: ({ control }) =>
      control.setAuthorities({ client: 'processAutomation', authorities: ['ProcessAutomationParticipant'] }),
    request: { path: '/api/workflow/instances' },
    expect: { status: 502, code: 'authority-missing' },
  },
} as const satisfies SandboxProblems;

/** Nothing listens on port 9, which is that of the discard protocol. */
function withoutRedis(): { readonly env: Readonly<Record<string, string>> } {
  const key = randomBytes(32).toString('base64');
  return { env: { REDIS_URL: 'redis://127.0.0.1:9', FLOWGATE_ENCRYPTION_KEY: key } };
}
