import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessTokens } from '../oauth/access-tokens.ts';
import { readClientRequest } from '../oauth/client-request.ts';

const lifeSeconds = 300;
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** The audience of the one API. */
export const apiAudience = 'catalogue-api';

/** An authorization server that speaks like Keycloak: one realm with one client that has a service account. */
export class KeycloakRealm {
  readonly clientId = 'flowgate';
  readonly clientSecret = randomBytes(24).toString('base64url');
  readonly tokens: AccessTokens;

  private constructor(tokens: AccessTokens) {
    this.tokens = tokens;
  }

  /** @param url of the server that the realm lives on */
  static async create(url: () => string): Promise<KeycloakRealm> {
    return new KeycloakRealm(await AccessTokens.create({ issuer: () => `${url()}/realms/sandbox`, lifeSeconds }));
  }

  async token(exchange: Exchange): Promise<Answer> {
    if (exchange.method !== 'POST') {
      return jsonAnswer(405, { error: 'HTTP 405 Method Not Allowed' });
    }
    const { grantType, clientId, clientSecret } = await readClientRequest(exchange);
    if (clientId !== this.clientId || clientSecret !== this.clientSecret) {
      const text = 'Invalid client or Invalid client credentials';
      return jsonAnswer(401, { error: 'unauthorized_client', error_description: text }, noStore);
    }
    if (grantType !== 'client_credentials') {
      const text = 'Unsupported grant_type';
      return jsonAnswer(400, { error: 'unsupported_grant_type', error_description: text }, noStore);
    }
    const scope = 'orders catalogue';
    const claims = { aud: [apiAudience, 'account'], azp: clientId, client_id: clientId, typ: 'Bearer', scope };
    const answer = {
      access_token: await this.tokens.sign(claims),
      expires_in: lifeSeconds,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      'not-before-policy': 0,
      scope,
    };
    return jsonAnswer(200, answer, noStore);
  }
}
