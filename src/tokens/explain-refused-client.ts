import type { ClientAuthentication, TokenClient } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { OAuthRefusal } from './oauth-refusal.ts';
import { TokenFailure } from './token-failure.ts';

/** What of the refused client bears on the hint. */
export type RefusedClient = Pick<TokenClient, 'auth' | 'params' | 'basicEncoding' | 'nextClientSecret'>;

interface ClientRule {
  matches(refusal: OAuthRefusal, status: number, client: RefusedClient): boolean;
  /** What to do. Public text: no value of the configuration, no words of the server. */
  hint(refusal: OAuthRefusal, client: RefusedClient): string;
}

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
    hint: (_refusal, { basicEncoding }) =>
      `The server could not read the Basic header: ${basicEncoding === 'raw' ? 'remove `basicEncoding: raw`, or ' : ''}set \`token.auth: client_secret_post\`.`,
  },
  {
    matches: ({ errorCodes }) => entraHint(errorCodes) !== undefined,
    hint: ({ errorCodes }) => entraHint(errorCodes) ?? '',
  },
  {
    // Okta, Entra and Auth0 name the parameter that they miss
    matches: (refusal, _status, client) => missingParameter(refusal, client) !== undefined,
    hint: (refusal, client) => missingParameter(refusal, client) ?? '',
  },
  {
    matches: ({ error }) => error === 'invalid_scope',
    hint: () =>
      'The server does not give this client the scope in `token.params`: it may be misspelt or not granted (Okta needs a custom scope of an own authorization server, Entra one that ends in /.default).',
  },
  {
    matches: ({ error }) => error === 'invalid_target' || error === 'invalid_resource',
    hint: () => 'The server knows no such audience or resource: compare `audience` and `resource` in `token.params`.',
  },
  {
    // wrong secret: UAA says `unauthorized` or `invalid_client`, Keycloak `unauthorized_client`, Auth0 `access_denied`
    matches: ({ error }, status) =>
      status === 401 || error === 'invalid_client' || error === 'unauthorized' || error === 'unauthorized_client',
    hint: (_refusal, client) => notAccepted(client),
  },
  {
    matches: ({ error }) => error === 'access_denied',
    hint: (_refusal, client) => `${notAccepted(client)} Or ${PARAMETERS_MISSING}`,
  },
];

/** For 400 and 403 with `invalid_request` or an error that Flowgate does not know. */
const GENERAL_HINT = `${PARAMETERS_MISSING} Otherwise compare the client with what the provider has on record.`;

/** A refusal of our client: `credentials-rejected`, with the provider's error code and the cure. */
export function explainRefusedClient(
  status: number,
  refusal: OAuthRefusal | undefined,
  client: RefusedClient,
): Problem {
  const facts = refusal ?? { error: 'no OAuth error', description: '', errorCodes: [] };
  const rule = rules.find((candidate) => candidate.matches(facts, status, client));
  const named = [facts.error, ...facts.errorCodes.map((code) => `AADSTS${code}`)].join(', ');
  return new Problem('credentials-rejected', {
    detail: `The authorization server refused the OAuth client: ${status} ${named}.`,
    hint: rule?.hint(facts, client) ?? `${GENERAL_HINT}${OTHER_METHOD[client.auth] ?? ''}`,
    cause: new TokenFailure('status', 'answer', facts.error, status),
  });
}

/** The client itself is refused: what that may mean for its way of authenticating. */
function notAccepted({ auth, nextClientSecret }: RefusedClient): string {
  switch (auth) {
    case 'tls_client_auth':
      return 'The client or its certificate is not accepted: binding deleted, certificate run out? A certificate of a binding lives for 7 days unless asked otherwise: bind again.';
    case 'private_key_jwt':
      return 'The client or its assertion is not accepted: the server must know the public key or certificate of `token.key`, and `assertionAudience` must be what it expects (Auth0: https://<domain>/, with the slash).';
    case 'client_secret_post':
    case 'client_secret_basic':
    case 'client_secret_json':
      return `The client or its secret is not accepted: key deleted or rotated? Make a new one and restart${nextClientSecret === undefined ? '; `nextClientSecret` avoids the gap' : ''}.${OTHER_METHOD[auth] ?? ''}`;
  }
}

/** The way of authenticating that the server may want instead. */
const OTHER_METHOD: Readonly<Partial<Record<ClientAuthentication, string>>> = {
  client_secret_post: ' If the server takes Basic only, set `auth: client_secret_basic`; Flowgate encodes it.',
  client_secret_json: ' If the server takes forms only, set `auth: client_secret_post`.',
};

const WANTED_PARAMETERS = [
  ['scope', 'for Okta a custom scope of an own authorization server, for Entra the resource followed by /.default'],
  ['audience', 'for Auth0 the Identifier of the API'],
  ['resource', 'the address or name of the API at the server'],
] as const;

/** The hint for a parameter that the refusal names and the client does not send. */
function missingParameter({ error, description }: OAuthRefusal, { params }: RefusedClient): string | undefined {
  // Those are about the client: their audience is that of its assertion.
  const words = error === 'invalid_client' || error === 'unauthorized_client' ? '' : description;
  const wanted = WANTED_PARAMETERS.find(
    ([name]) => params[name] === undefined && (error === `invalid_${name}` || new RegExp(`\\b${name}\\b`).test(words)),
  );
  return wanted && `The server wants \`${wanted[0]}\`, which \`token.params\` lacks: set it, ${wanted[1]}.`;
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
  [700023, 'The audience of the assertion is wrong: leave `assertionAudience` out, which makes it the token endpoint.'],
  [700024, 'The assertion seems to have run out or to come from the future: compare the clock of this machine.'],
  [
    700027,
    'The certificate is not that of the application: upload it there, and set `token.certificate` beside `token.key`.',
  ],
  [700016, 'The tenant knows no such application: compare `token.clientId`, and the tenant in `token.url`.'],
  [90002, 'There is no such tenant: compare the tenant in `token.url`.'],
  [500011, 'The tenant knows no such resource: compare `resource` or `scope` in `token.params`.'],
  [70011, 'The scope is not valid: with this grant it is the resource followed by /.default.'],
  [1002012, 'The scope is not valid: with this grant it is the resource followed by /.default.'],
]);

function entraHint(codes: readonly number[]): string | undefined {
  return codes.map((code) => ENTRA_HINTS.get(code)).find((hint) => hint !== undefined);
}
