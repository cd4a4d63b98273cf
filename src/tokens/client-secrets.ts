import type { TokenClient } from '../config/config.ts';
import { Problem } from '../problems/problem.ts';
import type { AccessToken } from './access-token.ts';
import { TokenFailure } from './token-failure.ts';

/** What servers answer to a wrong secret: UAA, Keycloak and Auth0 each have a word of their own for it. */
const REFUSED_SECRET = new Set(['invalid_client', 'unauthorized', 'unauthorized_client', 'access_denied']);

/** A part of the time must be left for the second request, milliseconds. */
const LEAST_MS = 1;

type SecretName = 'clientSecret' | 'nextClientSecret';

export interface ClientSecretsOptions {
  readonly monotonicMs: () => number;
  /** Told when another secret is in use from now on. */
  readonly onChange: (inUse: SecretName) => void;
}

/**
 * The two secrets of a client while one replaces the other. The one that brought a token last is sent first; when the
 * server refuses it, the other is tried once. So the change may come at any moment, from either side.
 */
export class ClientSecrets {
  readonly #client: TokenClient;
  readonly #options: ClientSecretsOptions;
  #inUse: SecretName = 'clientSecret';

  constructor(client: TokenClient, options: ClientSecretsOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Asks for a token, within `timeoutMs` in all.
   *
   * @param send asks once, with the client as it is given
   * @throws {Problem} of the last request
   */
  async request(
    send: (client: TokenClient, timeoutMs: number) => Promise<AccessToken>,
    timeoutMs: number,
  ): Promise<AccessToken> {
    const { monotonicMs, onChange } = this.#options;
    const startMs = monotonicMs();
    const first = this.#inUse;
    try {
      return await send(this.#clientWith(first), timeoutMs);
    } catch (error) {
      if (this.#client.nextClientSecret === undefined || !isRefusedSecret(error)) throw error;
    }
    const second = first === 'clientSecret' ? 'nextClientSecret' : 'clientSecret';
    const remainingMs = Math.max(LEAST_MS, timeoutMs - (monotonicMs() - startMs));
    try {
      const token = await send(this.#clientWith(second), remainingMs);
      this.#inUse = second;
      onChange(second);
      return token;
    } catch (error) {
      throw isRefusedSecret(error) ? bothRefused(error) : error;
    }
  }

  #clientWith(name: SecretName): TokenClient {
    return name === 'clientSecret' ? this.#client : { ...this.#client, clientSecret: this.#client[name] };
  }
}

function isRefusedSecret(error: unknown): error is Problem {
  if (!(error instanceof Problem) || !(error.cause instanceof TokenFailure)) return false;
  return error.code === 'credentials-rejected' && REFUSED_SECRET.has(error.cause.code);
}

function bothRefused({ code, details }: Problem): Problem {
  const detail = `${details.detail} This is so for \`clientSecret\` and for \`nextClientSecret\`.`;
  return new Problem(code, { ...details, detail });
}
