import type { ProblemText } from './problem-text.ts';

/** What happens within Flowgate, and between it and the authorization server. */
export const flowgateTexts = {
  internal: {
    meaning: 'Something in Flowgate itself went wrong. What it was is in its log, and nowhere else.',
    causes: ['A defect, or a machine without memory or disk.'],
    checks: ['Find the correlation id of the answer in the log, and report both.'],
    lines: ['cf logs flowgate --recent | grep <correlation id>'],
  },
  overloaded: {
    meaning: 'More requests run at once than this server takes on. This one was not sent.',
    causes: ['A service that answers slowly, so that requests pile up.', 'More callers than before.'],
    checks: [
      'Wait as long as Retry-After says and send it again.',
      'If it stays so: raise limits.concurrency or limits.perService, or run more instances.',
    ],
    lines: ['limits: { concurrency: 512, perService: 128 }', 'cf scale flowgate -i 2'],
  },
  'shutting-down': {
    meaning: 'This instance is about to stop and takes no new requests. This one was not sent.',
    causes: ['A deployment or a restart.'],
    checks: ['Send it again: another instance, or the new one, answers.'],
    lines: ['curl -i "$FLOWGATE/ready"'],
  },
  'store-unavailable': {
    meaning:
      'The shared store is away, and without it a request with an Idempotency-Key could be done twice. It was not sent.',
    causes: ['Redis restarts, is full, or cannot be reached.', 'Its password or certificate has changed.'],
    checks: [
      'Wait as long as Retry-After says and send it again with the same key.',
      'Look at the Redis service and at REDIS_URL. Requests without a key go on.',
    ],
    lines: ['redis-cli -u "$REDIS_URL" ping'],
  },
  'token-unavailable': {
    meaning: 'No access token can be had at the moment, so nothing was sent to the service.',
    causes: [
      'The authorization server cannot be reached, fails, or answers with something else than a token.',
      'It limits the rate of token requests; other applications of the same tenant count, too.',
      'The token address is wrong: the subdomain of a trial account may have expired.',
    ],
    checks: [
      'Wait as long as Retry-After says and send it again.',
      'Compare the token address with "url" of the service key ("tokenurl" for integration flows).',
      'flowgate doctor asks for a token and says in which phase it fails.',
    ],
    lines: ['npx flowgate doctor'],
  },
  'credentials-rejected': {
    meaning: 'The authorization server refuses the OAuth client of this service. Nothing was sent to the service.',
    causes: [
      'The service key was deleted or rotated, or its secret was copied with a blank too many.',
      'The server wants the secret in another way, or parameters such as audience, resource or scope.',
    ],
    checks: [
      'Make a new service key and restart. nextClientSecret avoids the gap where it is supported.',
      'If the server takes Basic only, set auth: client_secret_basic.',
      'Compare token.params with what the provider asks for: audience, resource or scope.',
      'Auth0: authorise the application for the API; params.audience must equal the identifier of the API.',
      'WorkflowServer: compare token.clientSecret with the client secret of its API.',
    ],
    lines: [
      'cf create-service-key <instance> flowgate-2\ncf service-key <instance> flowgate-2',
      'token:\n  auth: client_secret_basic\n  params: { audience: https://wfgen.example.com/graphql }',
      'npx flowgate doctor',
    ],
  },
} as const satisfies Record<string, ProblemText>;
