import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessTokens } from '../oauth/access-tokens.ts';
import { readClientRequest } from '../oauth/client-request.ts';
import { TokenProvider } from '../oauth/token-provider.ts';

const daySeconds = 86_400;
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/**
 * An authorization server that speaks like Auth0: one machine-to-machine application, which may ask for tokens of one
 * API. The audience is a must, and a wrong secret is called `access_denied`. Real: client authentication, grant,
 * audience and signing, by oidc-provider, to which the audience is a resource (RFC 8707).
 */
export class Auth0Tenant {
  readonly clientId = randomBytes(24).toString('base64url');
  readonly clientSecret = randomBytes(48).toString('base64url');
  readonly tokens: AccessTokens;
  readonly #provider: TokenProvider;

  private constructor(tokens: AccessTokens, url: () => string, audience: () => string) {
    this.tokens = tokens;
    const { clientId } = this;
    this.#provider = new TokenProvider({
      clientId,
      clientSecret: this.clientSecret,
      lifeSeconds: daySeconds,
      signingKey: tokens.signingKey,
      resource: audience,
      tokenType: 'JWT',
      claims: ({ aud, iat, exp, jti }) => ({
        iss: issuerOf(url),
        sub: `${clientId}@clients`,
        aud,
        iat,
        exp,
        jti,
        azp: clientId,
        client_id: clientId,
        gty: 'client-credentials',
      }),
    });
  }

  /**
   * @param url of the tenant
   * @param audience the identifier of the one API
   */
  static async create(url: () => string, audience: () => string): Promise<Auth0Tenant> {
    const tokens = await AccessTokens.create({ issuer: () => issuerOf(url), lifeSeconds: daySeconds });
    return new Auth0Tenant(tokens, url, audience);
  }

  close(): Promise<void> {
    return this.#provider.close();
  }

  async token(exchange: Exchange): Promise<Answer> {
    if (exchange.method !== 'POST') {
      return { status: 404, body: 'Not Found' };
    }
    const request = await readClientRequest(exchange);
    const { grantType = '', audience } = request;
    if (grantType !== 'client_credentials') {
      return refusal(403, 'unauthorized_client', `Grant type '${grantType}' not allowed for the client.`);
    }
    const { status, body } = await this.#provider.token(request, audience);
    if (status !== 200) {
      return body['error'] === 'invalid_target'
        ? withoutGrant(audience)
        : refusal(401, 'access_denied', 'Unauthorized');
    }
    if (audience === undefined) {
      const text = 'No audience parameter was provided, and no default audience has been configured';
      return refusal(403, 'access_denied', text);
    }
    const accessToken = String(body['access_token']);
    this.tokens.remember(accessToken);
    const answer = { access_token: accessToken, expires_in: body['expires_in'], token_type: 'Bearer' };
    return jsonAnswer(200, answer, noStore);
  }
}

function issuerOf(url: () => string): string {
  return `${url()}/`;
}

function withoutGrant(audience = ''): Answer {
  const text =
    `Client is not authorized to access "${audience}". You need to create a "client-grant" associated to this API. ` +
    'See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants';
  return refusal(403, 'access_denied', text);
}

function refusal(status: number, error: string, text: string): Answer {
  return jsonAnswer(status, { error, error_description: text }, noStore);
}
