import type { ClientAuthentication, TokenClient } from '../config/config.ts';
import { clientAssertion } from './client-assertion.ts';
import { clientKeyPair } from './client-key-pair.ts';
import { missingCredential } from './unusable-configuration.ts';

/** What the way of authenticating adds to a token request. Holds secrets: never log it. */
export interface AuthenticatedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The client certificate and its key, PEM, for mutual TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

type Fields = Readonly<Record<string, string>>;
type Method = (
  client: TokenClient,
  fields: Fields,
  nowMs: number,
) => AuthenticatedRequest | Promise<AuthenticatedRequest>;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** RFC 7523, section 2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The fields that authenticate. A configured parameter of such a name would be a second credential. */
const OWN_FIELDS = new Set(['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type']);

const methods: Readonly<Record<ClientAuthentication, Method>> = {
  /** RFC 6749, section 2.3.1, second form. The default: every server reads a form in the same way. */
  client_secret_post: (client, fields) => ({
    headers: FORM,
    body: form({ ...fields, client_id: client.clientId, client_secret: secretOf(client) }),
  }),

  /** RFC 6749, section 2.3.1, first form. */
  client_secret_basic: (client, fields) => ({ headers: { ...FORM, ...basicHeaders(client) }, body: form(fields) }),

  /** Auth0's own form: the same fields as JSON. */
  client_secret_json: (client, fields) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...fields, client_id: client.clientId, client_secret: secretOf(client) }),
  }),

  /** RFC 8705, section 2: the certificate is the credential; the id tells whose it is. */
  tls_client_auth: (client, fields) => {
    const { certificatePem, keyPem } = clientKeyPair(client);
    if (certificatePem === undefined) throw missingCredential('certificate');
    return {
      headers: FORM,
      body: form({ ...fields, client_id: client.clientId }),
      tls: { certificate: certificatePem, key: keyPem },
    };
  },

  /** RFC 7523, section 2.2: a JWT signed by the client is the credential. Entra wants the id beside it. */
  private_key_jwt: async (client, fields, nowMs) => ({
    headers: FORM,
    body: form({
      ...fields,
      client_id: client.clientId,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await clientAssertion(client, nowMs),
    }),
  }),
};

/**
 * The headers and the body of a token request for `client` (RFC 6749, section 4.4.2), authenticated in its way.
 *
 * @param nowMs wall clock
 * @throws {Problem} `credentials-rejected` when the configured credential cannot be used.
 */
export async function authenticate(client: TokenClient, nowMs: number): Promise<AuthenticatedRequest> {
  const params = Object.entries(client.params).filter(([name]) => !OWN_FIELDS.has(name));
  const fields = { grant_type: 'client_credentials', ...Object.fromEntries(params) };
  return methods[client.auth](client, fields, nowMs);
}

function form(fields: Fields): string {
  return new URLSearchParams(fields).toString();
}

/** Servers read Basic in two ways: RFC 6749 has id and secret form-encoded before they are joined, RFC 7617 has not. */
function basicHeaders(client: TokenClient): Record<string, string> {
  const secret = secretOf(client);
  if (client.basicEncoding === 'raw') {
    return { authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString('base64')}` };
  }
  return {
    authorization: `Basic ${basicCredentials(client.clientId, secret)}`,
    // Tells UAA that the two are encoded, which it cannot know otherwise.
    'x-cf-encoded-credentials': 'true',
  };
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
  if (client.clientSecret === undefined) throw missingCredential('clientSecret');
  return client.clientSecret.reveal();
}
