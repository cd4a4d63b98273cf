import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import tls, { type TLSSocket } from 'node:tls';
import Provider, { type ClientMetadata } from 'oidc-provider';
import { makeCertificate, type TestCertificate } from './test-certificate.ts';

/** What a client is registered with. Id and secret hold every kind of sign that those of real providers have. */
export const CLIENT_ID = 'sb-clone-1!b2|workflow!b3';
export const SECRET = 'a1b2$+%/= ~*()\'"&';

export type Registered =
  'client_secret_post' | 'client_secret_basic' | 'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth';

/** Where the clients would publish their keys; what is fetched there comes from this process. */
const KEYS_OF_CLIENT = 'https://client.example/keys';

/**
 * A certified authorization server behind HTTPS that asks for client certificates. It has one client for each way of
 * authenticating, `CLIENT_ID` with the name of the way behind it, and takes JSON, as Auth0 does.
 */
export class OidcTokenServer {
  /** The certificate and key that the clients with keys are registered with. */
  readonly pair = makeCertificate();
  readonly #serverPair = makeCertificate();
  readonly #trustedBefore = tls.getCACertificates('default');
  readonly #server: Server;

  private constructor() {
    const { cert, key } = this.#serverPair;
    const clientAuthority = this.pair.cert;
    this.#server = createServer({ cert, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: false });
  }

  static async start(): Promise<OidcTokenServer> {
    const started = new OidcTokenServer();
    started.#server.listen(0, '127.0.0.1');
    await once(started.#server, 'listening');
    const answer = makeProvider(started.issuer, started.pair).callback();
    started.#server.on('request', (request, response) => {
      void readJson(request).then(() => answer(request, response));
    });
    tls.setDefaultCACertificates([...started.#trustedBefore, started.#serverPair.cert]);
    return started;
  }

  get issuer(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Address of the token endpoint. */
  get url(): string {
    return `${this.issuer}/token`;
  }

  async stop(): Promise<void> {
    tls.setDefaultCACertificates(this.#trustedBefore);
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** Gives the provider, which reads forms alone, the fields of a JSON body. */
async function readJson(request: IncomingMessage & { body?: unknown }): Promise<void> {
  if (request.headers['content-type'] !== 'application/json') return;
  request.body = await json(request);
  request.headers['content-type'] = 'application/x-www-form-urlencoded';
}

function makeProvider(issuer: string, pair: TestCertificate): Provider {
  return new Provider(issuer, {
    clients: [
      client('client_secret_post', { client_secret: SECRET }),
      client('client_secret_basic', { client_secret: SECRET }),
      client('private_key_jwt', { jwks_uri: KEYS_OF_CLIENT }),
      client('tls_client_auth', { tls_client_auth_subject_dn: new X509Certificate(pair.cert).subject }),
      client('self_signed_tls_client_auth', { jwks_uri: KEYS_OF_CLIENT }),
    ],
    clientAuthMethods: [
      'client_secret_post',
      'client_secret_basic',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: true,
        getCertificate: ({ req }) => (req.socket as TLSSocket).getPeerX509Certificate()?.toString(),
        certificateAuthorized: ({ req }) => (req.socket as TLSSocket).authorized,
        certificateSubjectMatches: ({ req }, _property, expected) =>
          (req.socket as TLSSocket).getPeerX509Certificate()?.subject === expected,
      },
    },
    fetch: () => Promise.resolve(Response.json(publicKeys(pair))),
    scopes: ['flows', 'administration'],
    ttl: { ClientCredentials: 300 },
  });
}

function client(method: Registered, credentials: Partial<ClientMetadata>): ClientMetadata {
  return {
    client_id: `${CLIENT_ID}-${method}`,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'flows',
    ...credentials,
  };
}

/** The public key of a certificate as a key set, with the certificate. */
function publicKeys({ cert }: TestCertificate): object {
  const { raw } = new X509Certificate(cert);
  const key = createPublicKey(cert).export({ format: 'jwk' });
  return { keys: [{ ...key, x5c: [raw.toString('base64')], use: 'sig' }] };
}
