import { createHash, randomUUID } from 'node:crypto';
import { jsonAnswer, sendAnswer } from '../http/answer.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Upstream } from '../http/upstream.ts';
import { apiAudience, KeycloakRealm } from './keycloak-realm.ts';

const tokenPath = '/realms/sandbox/protocol/openid-connect/token';

const products = [
  { id: 'HT-2000', name: '7" Widescreen Portable DVD Player w MP3', price: 249.99 },
  { id: 'HT 2001/A', name: 'Camera', price: 100 },
];

/** A plain API of products, orders and files, and the Keycloak that gives the tokens for it, behind one listener. */
export class HttpApiServer {
  readonly upstream: Upstream;
  readonly #orders = new Map<string, unknown>();
  #realm: KeycloakRealm | undefined;

  private constructor() {
    this.upstream = new Upstream({
      routeOf: (method, path) => `${method} ${path}`,
      isStreamed: (path) => path.startsWith('/v2/files/'),
      handle: async (exchange) => sendAnswer(exchange.response, await this.#answer(exchange)),
    });
  }

  static async create(): Promise<HttpApiServer> {
    const server = new HttpApiServer();
    server.#realm = await KeycloakRealm.create(() => server.upstream.url);
    return server;
  }

  get realm(): KeycloakRealm {
    if (this.#realm === undefined) {
      throw new Error('the server is made by create()');
    }
    return this.#realm;
  }

  get tokenUrl(): string {
    return `${this.upstream.url}${tokenPath}`;
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    if (exchange.path === tokenPath) {
      return this.realm.token(exchange);
    }
    const verdict = await this.realm.tokens.judge(exchange.header('authorization'), apiAudience);
    if (verdict.kind !== 'valid') {
      exchange.request.resume();
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };
    }
    const [, version, collection = '', ...rest] = exchange.path.split('/');
    if (version !== 'v2') {
      return notFound;
    }
    return this.#route(exchange, collection, rest);
  }

  #route(exchange: Exchange, collection: string, rest: readonly string[]): Answer | Promise<Answer> {
    const id = decodeURIComponent(rest[0] ?? '');
    switch (collection) {
      case 'products':
        return readProducts(exchange, id);
      case 'orders':
        return this.#useOrders(exchange, id);
      case 'files':
        return describeFile(exchange);
      case 'secrets':
        return jsonAnswer(403, { message: 'The role secrets.read is missing.' });
      default:
        return notFound;
    }
  }

  async #useOrders(exchange: Exchange, id: string): Promise<Answer> {
    const text = (await exchange.body()).toString('utf8');
    if (exchange.method === 'POST') {
      const order = parseOrder(text);
      if (order === undefined) {
        return jsonAnswer(422, { message: 'An order needs a product.' });
      }
      const created = randomUUID();
      this.#orders.set(created, order);
      const location = { Location: `${this.upstream.url}/v2/orders/${created}` };
      return jsonAnswer(
        201,
        { id: created, order },
        { ...location, 'Set-Cookie': 'session=1', 'X-Powered-By': 'sandbox' },
      );
    }
    if (!this.#orders.has(id)) {
      return notFound;
    }
    if (exchange.method === 'DELETE') {
      this.#orders.delete(id);
      return { status: 204 };
    }
    if (exchange.method === 'PUT' || exchange.method === 'PATCH') {
      this.#orders.set(id, parseOrder(text) ?? {});
    }
    return jsonAnswer(200, { id, order: this.#orders.get(id) });
  }
}

const notFound: Answer = jsonAnswer(404, { message: 'There is nothing here.' });

function readProducts({ query }: Exchange, id: string): Answer {
  if (id === '') {
    const found = products.filter(({ name }) => name.includes(query.get('contains') ?? ''));
    return jsonAnswer(200, { query: [...query], products: found }, { 'X-Total-Count': String(found.length) });
  }
  const product = products.find((one) => one.id === id);
  return product === undefined ? notFound : jsonAnswer(200, product, { ETag: '"1"' });
}

/** What arrived, without holding it: path, size, SHA-256 and headers; the token stays here. */
async function describeFile({ request, path, headers, seen }: Exchange): Promise<Answer> {
  const hash = createHash('sha256');
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    seen.bodyBytes += chunk.length;
  }
  const shown = { ...headers, authorization: headers.authorization?.replace(/ .*/, ' [token]') };
  return jsonAnswer(200, { path, bytes: seen.bodyBytes, sha256: hash.digest('hex'), headers: shown });
}

function parseOrder(text: string): unknown {
  try {
    const order = JSON.parse(text) as { product?: unknown };
    return order.product === undefined ? undefined : order;
  } catch {
    return undefined;
  }
}
