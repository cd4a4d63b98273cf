import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessTokens } from '../oauth/access-tokens.ts';
import { readClientRequest } from '../oauth/client-request.ts';

const daySeconds = 86_400;
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/**
 * An authorization server that speaks like Auth0: one machine-to-machine application, which may ask for tokens of one
 * API. The audience is a must, and a wrong secret is called `access_denied`.
 */
export class Auth0Tenant {
  readonly clientId = randomBytes(24).toString('base64url');
  readonly clientSecret = randomBytes(48).toString('base64url');
  readonly tokens: AccessTokens;
  readonly #audience: () => string;

  private constructor(tokens: AccessTokens, audience: () => string) {
    this.tokens = tokens;
    this.#audience = audience;
  }

  /**
   * @param url of the tenant
   * @param audience the identifier of the one API
   */
  static async create(url: () => string, audience: () => string): Promise<Auth0Tenant> {
    const tokens = await AccessTokens.create({ issuer: () => `${url()}/`, lifeSeconds: daySeconds });
    return new Auth0Tenant(tokens, audience);
  }

  async token(exchange: Exchange): Promise<Answer> {
    if (exchange.method !== 'POST') {
      return { status: 404, body: 'Not Found' };
    }
    const { grantType, clientId, clientSecret, audience } = await readClientRequest(exchange);
    if (grantType !== 'client_credentials') {
      return refusal(403, 'unauthorized_client', `Grant type '${grantType ?? ''}' not allowed for the client.`);
    }
    if (clientId !== this.clientId || clientSecret !== this.clientSecret) {
      return refusal(401, 'access_denied', 'Unauthorized');
    }
    if (audience === undefined) {
      const text = 'No audience parameter was provided, and no default audience has been configured';
      return refusal(403, 'access_denied', text);
    }
    if (audience !== this.#audience()) {
      const text =
        `Client is not authorized to access "${audience}". You need to create a "client-grant" associated to this API. ` +
        'See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants';
      return refusal(403, 'access_denied', text);
    }
    const claims = {
      sub: `${clientId}@clients`,
      aud: audience,
      azp: clientId,
      client_id: clientId,
      gty: 'client-credentials',
    };
    const answer = { access_token: await this.tokens.sign(claims), expires_in: daySeconds, token_type: 'Bearer' };
    return jsonAnswer(200, answer, noStore);
  }
}

function refusal(status: number, error: string, text: string): Answer {
  return jsonAnswer(status, { error, error_description: text }, noStore);
}
