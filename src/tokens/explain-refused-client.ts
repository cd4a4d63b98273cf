import type { ClientAuthentication } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { OAuthRefusal } from './oauth-refusal.ts';
import { TokenFailure } from './token-failure.ts';

interface ClientRule {
  matches(refusal: OAuthRefusal, status: number): boolean;
  /** What to do. Public text: no value of the configuration, no words of the server. */
  hint(refusal: OAuthRefusal, auth: ClientAuthentication): string;
}

const CLIENT_NOT_ACCEPTED =
  'The client or its secret is not accepted: key deleted or rotated? Make a new one and restart; `nextClientSecret` avoids the gap.';
const PARAMETERS_MISSING = '`token.params` may lack audience, resource or scope.';

/** The first rule that matches speaks: the signatures of single providers come before the meaning of the error codes. */
const rules: readonly ClientRule[] = [
  {
    // Auth0: the API was not granted to the application, or there is no such API
    matches: ({ description }) => /client-grant|is not authorized to access/i.test(description),
    hint: () =>
      "Authorise the application on the API's Machine-to-Machine tab; `params.audience` must equal the API Identifier.",
  },
  {
    // Auth0, Keycloak: the client exists but may not use this grant
    matches: ({ error, description }) =>
      error === 'unsupported_grant_type' || /grant type .{0,200}not allowed|service account/i.test(description),
    hint: () =>
      'The client may not use the client credentials grant: make it a machine-to-machine application (Keycloak: enable its service account).',
  },
  {
    // Ory Hydra: "supports client authentication method 'client_secret_basic', but method '…' was requested"
    matches: ({ description }) => supportedMethod(description) !== undefined,
    hint: ({ description }) =>
      `The client is registered for another way of authenticating: set \`token.auth: ${supportedMethod(description)}\`.`,
  },
  {
    // AD FS: a Basic header whose parts are not encoded
    matches: ({ description }) => description.includes('MSIS9692'),
    hint: () =>
      'The server could not read the Basic header: set `token.auth: client_secret_post` and remove `basicEncoding`.',
  },
  {
    matches: ({ errorCodes }) => entraHint(errorCodes) !== undefined,
    hint: ({ errorCodes }) => entraHint(errorCodes) ?? '',
  },
  {
    matches: ({ error }) => error === 'invalid_scope',
    hint: () =>
      'The server does not give this client the scope in `token.params`: it may be misspelt, not granted, or missing (Okta needs a custom scope of an own authorization server, Entra one that ends in /.default).',
  },
  {
    matches: ({ error }) => error === 'invalid_target' || error === 'invalid_resource',
    hint: () => 'The server knows no such audience or resource: compare `audience` and `resource` in `token.params`.',
  },
  {
    // wrong secret: UAA says `unauthorized` or `invalid_client`, Keycloak `unauthorized_client`, Auth0 `access_denied`
    matches: ({ error }, status) =>
      status === 401 || error === 'invalid_client' || error === 'unauthorized' || error === 'unauthorized_client',
    hint: (_refusal, auth) => `${CLIENT_NOT_ACCEPTED}${methodHint(auth)}`,
  },
  {
    matches: ({ error }) => error === 'access_denied',
    hint: () => `${CLIENT_NOT_ACCEPTED} Or ${PARAMETERS_MISSING}`,
  },
];

/** For 400 and 403 with `invalid_request` or an error that Flowgate does not know. */
const GENERAL_HINT = `${PARAMETERS_MISSING} Otherwise compare the client with what the provider has on record.`;

/** A refusal of our client: `credentials-rejected`, with the provider's error code and the cure. */
export function explainRefusedClient(
  status: number,
  refusal: OAuthRefusal | undefined,
  auth: ClientAuthentication,
): Problem {
  const facts = refusal ?? { error: 'no OAuth error', description: '', errorCodes: [] };
  const rule = rules.find((candidate) => candidate.matches(facts, status));
  const named = [facts.error, ...facts.errorCodes.map((code) => `AADSTS${code}`)].join(', ');
  return new Problem('credentials-rejected', {
    detail: `The authorization server refused the OAuth client: ${status} ${named}.`,
    hint: rule?.hint(facts, auth) ?? GENERAL_HINT,
    cause: new TokenFailure('status', 'answer', facts.error, status),
  });
}

function methodHint(auth: ClientAuthentication): string {
  if (auth === 'client_secret_post') {
    return ' If the server takes Basic only, set `auth: client_secret_basic`; Flowgate encodes it.';
  }
  if (auth === 'tls_client_auth')
    return ' A certificate of a binding lives for 7 days unless asked otherwise: bind again.';
  return '';
}

const METHODS: readonly ClientAuthentication[] = [
  'client_secret_post',
  'client_secret_basic',
  'private_key_jwt',
  'tls_client_auth',
];

/** The method that Ory Hydra wants, if it names one that we have. */
function supportedMethod(description: string): ClientAuthentication | undefined {
  const name = /supports client authentication method '([a-z_]{1,40})'/.exec(description)?.[1];
  return METHODS.find((method) => method === name);
}

/** Microsoft's list: learn.microsoft.com, "Microsoft Entra authentication and authorization error codes". */
const ENTRA_HINTS: ReadonlyMap<number, string> = new Map([
  [7000215, 'The client secret is wrong: copy its value, not its id, from the app registration.'],
  [7000222, 'The client secret has expired: make a new one in the app registration and restart.'],
  [700016, 'The tenant knows no such application: compare `token.clientId`, and the tenant in `token.url`.'],
  [90002, 'There is no such tenant: compare the tenant in `token.url`.'],
  [500011, 'The tenant knows no such resource: compare `resource` or `scope` in `token.params`.'],
  [70011, 'The scope is not valid: with this grant it is the resource followed by /.default.'],
  [1002012, 'The scope is not valid: with this grant it is the resource followed by /.default.'],
]);

function entraHint(codes: readonly number[]): string | undefined {
  return codes.map((code) => ENTRA_HINTS.get(code)).find((hint) => hint !== undefined);
}
