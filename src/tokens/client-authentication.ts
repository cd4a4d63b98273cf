import type { ClientAuthentication, TokenClient } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { unusableConfiguration } from './unusable-configuration.ts';

/** What the way of authenticating adds to a token request. Holds secrets: never log it. */
export interface AuthenticatedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The client certificate and its key, PEM, for mutual TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

type Fields = Readonly<Record<string, string>>;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The fields that authenticate. A configured parameter of such a name would be a second credential. */
const OWN_FIELDS = new Set(['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type']);

const methods: Readonly<Record<ClientAuthentication, (client: TokenClient, fields: Fields) => AuthenticatedRequest>> = {
  /** RFC 6749, section 2.3.1, second form. The default: every server reads a form in the same way. */
  client_secret_post: (client, fields) => ({
    headers: FORM,
    body: form({ ...fields, client_id: client.clientId, client_secret: secretOf(client) }),
  }),

  /** RFC 6749, section 2.3.1, first form: id and secret are form-encoded before they are joined. */
  client_secret_basic: (client, fields) => ({
    headers: {
      ...FORM,
      authorization: `Basic ${basicCredentials(client.clientId, secretOf(client))}`,
      // Tells UAA that the two are encoded, which it cannot know otherwise.
      'x-cf-encoded-credentials': 'true',
    },
    body: form(fields),
  }),

  /** Auth0's own form: the same fields as JSON. */
  client_secret_json: (client, fields) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...fields, client_id: client.clientId, client_secret: secretOf(client) }),
  }),

  /** RFC 8705, section 2: the certificate is the credential; the id tells whose it is. */
  tls_client_auth: (client, fields) => ({
    headers: FORM,
    body: form({ ...fields, client_id: client.clientId }),
    tls: {
      certificate: needed(client.certificate, 'certificate').reveal(),
      key: needed(client.key, 'key').reveal(),
    },
  }),

  private_key_jwt: () => {
    throw unusableConfiguration(
      'not-supported',
      'This version cannot sign client assertions (private_key_jwt).',
      'Choose another way to authenticate by `token.auth` and restart.',
    );
  },
};

/**
 * The headers and the body of a token request for `client` (RFC 6749, section 4.4.2), authenticated in its way.
 * @throws {Problem} `credentials-rejected` when the configured credential cannot be used.
 */
export function authenticate(client: TokenClient): AuthenticatedRequest {
  const params = Object.entries(client.params).filter(([name]) => !OWN_FIELDS.has(name));
  return methods[client.auth](client, { grant_type: 'client_credentials', ...Object.fromEntries(params) });
}

function form(fields: Fields): string {
  return new URLSearchParams(fields).toString();
}

/**
 * The value of a Basic header (RFC 6749, section 2.3.1). Everything but letters and digits is percent-encoded: more
 * than the form encoding asks for, decoded alike by every server, and right for those that compare encoded forms.
 */
export function basicCredentials(clientId: string, secret: string): string {
  return Buffer.from(`${strictFormEncode(clientId)}:${strictFormEncode(secret)}`).toString('base64');
}

function strictFormEncode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[-_.!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function secretOf(client: TokenClient): string {
  return needed(client.clientSecret, 'clientSecret').reveal();
}

function needed(secret: Secret | undefined, setting: string): Secret {
  if (secret !== undefined) return secret;
  throw unusableConfiguration(
    'missing',
    `The OAuth client has no \`${setting}\`, which its way of authenticating needs.`,
    `Set \`token.${setting}\`, or choose another way by \`token.auth\`, and restart.`,
  );
}
