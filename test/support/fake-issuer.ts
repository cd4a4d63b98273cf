import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export interface TokenChanges {
  readonly claims?: JWTPayload;
  /** Claims that are left out. */
  readonly without?: readonly string[];
  readonly header?: Readonly<Record<string, unknown>>;
  readonly alg?: string;
  /** Seconds from now; a negative one is in the past. */
  readonly expiresIn?: number;
}

/** Who issues tokens with an audience `flowgate`: discovery, a key set, and keys that can be rolled. */
export class FakeIssuer {
  /** How often each path was asked for. */
  readonly requests = new Map<string, number>();
  /** Replaces answers by path; `undefined` again: the normal one. */
  readonly answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  readonly #server: Server;
  #keys: SigningKey[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(algorithms: readonly string[] = ['RS256']): Promise<FakeIssuer> {
    const server = createServer();
    const issuer = new FakeIssuer(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => issuer.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (const algorithm of algorithms) issuer.#keys.push(await makeKey(algorithm));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get jwksRequests(): number {
    return this.requests.get('/jwks') ?? 0;
  }

  /** The public keys, as they are published. */
  get publicKeys(): readonly JWK[] {
    return this.#keys.map(({ jwk }) => jwk);
  }

  /** From now on signs with a new key; the old ones are not published any more. */
  async rollKeys(): Promise<void> {
    this.#keys = [await makeKey('RS256')];
  }

  async token({
    claims = {},
    without = [],
    header = {},
    alg = 'RS256',
    expiresIn = 300,
  }: TokenChanges = {}): Promise<string> {
    const key = this.#keys.find(({ jwk }) => jwk.alg === alg);
    if (key === undefined) throw new Error(`the issuer has no key for ${alg}`);
    const now = Math.floor(Date.now() / 1000);
    const all: JWTPayload = { iss: this.url, aud: 'flowgate', sub: 'ada', iat: now, exp: now + expiresIn, ...claims };
    const payload = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
    return new SignJWT(payload)
      .setProtectedHeader({ alg, kid: key.jwk.kid ?? '', typ: 'JWT', ...header })
      .sign(key.privateKey, { crit: { x: true } });
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.requests.set(path, (this.requests.get(path) ?? 0) + 1);
    const answer = this.answers.get(path);
    if (answer) answer(request, response);
    else if (path === '/jwks' || path === '/token_keys') sendJson(response, { keys: this.publicKeys });
    else if (path === '/.well-known/openid-configuration')
      sendJson(response, { issuer: this.url, jwks_uri: `${this.url}/jwks` });
    else response.writeHead(404).end();
  }
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

let keyCount = 0;

async function makeKey(algorithm: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: algorithm, kid: `key-${++keyCount}`, use: 'sig' };
  return { privateKey, jwk };
}
