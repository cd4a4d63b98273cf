import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { median } from './scenarios.ts';
import { startFlowgate, type Proxy } from './proxies.ts';
import { TokenServer } from './token-server.ts';
import { STARTED, type Upstream } from './upstream.ts';

export interface TokenPath {
  readonly burst: { readonly callers: number; readonly tokenRequests: number };
  readonly renewal: {
    readonly medianMs: number;
    readonly slowestMs: number;
    /** In as long a time without a renewal: what the slowest request is like anyway. */
    readonly slowestWithoutMs: number;
    readonly tokenRequests: number;
    readonly failed: number;
  };
  readonly revoked: { readonly requests: number; readonly failed: number; readonly tokenRequests: number };
}

/** What callers notice of tokens: nothing, if all is well. */
export async function measureTokenPath(upstream: Upstream): Promise<TokenPath> {
  return { burst: await coldBurst(upstream), renewal: await renewalUnderLoad(upstream), revoked: await revokedToken() };
}

async function coldBurst({ url }: Upstream): Promise<TokenPath['burst']> {
  const tokens = await TokenServer.start();
  const proxy = await startFlowgate({ target: url, tokenUrl: tokens.url });
  tokens.requests = 0;
  const again = await startFlowgate({ target: url, tokenUrl: tokens.url });
  await proxy.process.stop();
  // Starting asks for a list once, so the burst goes to the service that has not been asked yet.
  tokens.requests = 0;
  tokens.delayMs = 300;
  const callers = 1000;
  await Promise.all(Array.from({ length: callers }, () => send(again)));
  const tokenRequests = tokens.requests;
  await again.process.stop();
  tokens.stop();
  return { callers, tokenRequests };
}

/** Tokens of 10 s, an authorization server that takes 300 ms, and requests all along. */
async function renewalUnderLoad({ url }: Upstream): Promise<TokenPath['renewal']> {
  const tokens = await TokenServer.start();
  tokens.lifeSeconds = 10;
  tokens.delayMs = 300;
  const proxy = await startFlowgate({ target: url, tokenUrl: tokens.url });
  await loop(proxy, 1000);
  tokens.requests = 0;
  const taken = await loop(proxy, 12_000);
  const steady = await TokenServer.start();
  const other = await startFlowgate({ target: url, tokenUrl: steady.url });
  await loop(other, 1000);
  const without = await loop(other, 12_000);
  await other.process.stop();
  steady.stop();
  const result = {
    slowestWithoutMs: Math.max(...without.map(({ ms }) => ms)),
    medianMs: median(taken.map(({ ms }) => ms)),
    slowestMs: Math.max(...taken.map(({ ms }) => ms)),
    tokenRequests: tokens.requests,
    failed: taken.filter(({ status }) => status >= 400).length,
  };
  await proxy.process.stop();
  tokens.stop();
  return result;
}

/** An upstream that refuses every token but the newest. */
async function revokedToken(): Promise<TokenPath['revoked']> {
  const tokens = await TokenServer.start();
  const server = createServer((request, response) => {
    request.resume();
    const isNewest = request.headers.authorization === `Bearer token-${tokens.requests}`;
    response.writeHead(isNewest ? 201 : 401, {
      'content-type': 'application/json',
      'www-authenticate': 'Bearer error="invalid_token"',
    });
    response.end(isNewest ? STARTED : '{"error":"unauthorized"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startFlowgate({
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenUrl: tokens.url,
  });
  await loop(proxy, 6000);
  tokens.requests++; // the one that is used is the newest no longer
  const before = tokens.requests;
  const taken = await loop(proxy, 2000);
  await proxy.process.stop();
  server.close();
  server.closeAllConnections();
  const tokenRequests = tokens.requests - before;
  tokens.stop();
  return { requests: taken.length, failed: taken.filter(({ status }) => status >= 400).length, tokenRequests };
}

/** Eight callers, one request after the other. */
async function loop(proxy: Proxy, forMs: number): Promise<{ ms: number; status: number }[]> {
  const end = performance.now() + forMs;
  const taken: { ms: number; status: number }[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() < end) {
        const startMs = performance.now();
        const status = await send(proxy);
        taken.push({ ms: performance.now() - startMs, status });
      }
    }),
  );
  return taken;
}

async function send({ url, paths, headers }: Proxy): Promise<number> {
  const response = await fetch(`${url}${paths.start}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{}',
  });
  await response.arrayBuffer();
  return response.status;
}
