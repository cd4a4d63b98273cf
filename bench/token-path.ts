import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { median, sendEvenly } from './scenarios.ts';
import { startFlowgate, type Proxy } from './proxies.ts';
import { TokenServer } from './token-server.ts';
import { STARTED, type Upstream } from './upstream.ts';

export interface TokenPath {
  readonly burst: { readonly callers: number; readonly tokenRequests: number; readonly failed: number };
  readonly renewal: {
    readonly medianMs: number;
    /** The slowest request that was under way during a renewal; the median over all renewals. */
    readonly slowestMs: number;
    /** The same in as many times of the same length without a renewal. */
    readonly slowestWithoutMs: number;
    readonly renewals: number;
    readonly failed: number;
  };
  readonly revoked: { readonly requests: number; readonly failed: number; readonly tokenRequests: number };
}

/** What one caller sends while tokens are renewed, requests per second: enough to see, too few to wait for each other. */
const STEADY_RATE = 200;

/** What callers notice of tokens: nothing, if all is well. */
export async function measureTokenPath(upstream: Upstream): Promise<TokenPath> {
  return { burst: await coldBurst(upstream), renewal: await renewalUnderLoad(upstream), revoked: await revokedToken() };
}

/** The very first requests of an instance that has no token yet. */
async function coldBurst({ url }: Upstream): Promise<TokenPath['burst']> {
  const tokens = await TokenServer.start();
  tokens.delayMs = 300;
  const proxy = await startFlowgate({ target: url, tokenUrl: tokens.url, upWhen: '/health' });
  const callers = 1000;
  const statuses = await Promise.all(Array.from({ length: callers }, () => send(proxy)));
  await proxy.process.stop();
  tokens.stop();
  return { callers, tokenRequests: tokens.requests, failed: statuses.filter((status) => status >= 400).length };
}

/** Tokens of 5 s, an authorization server that takes 300 ms, and requests all along. */
async function renewalUnderLoad({ url }: Upstream): Promise<TokenPath['renewal']> {
  const tokens = await TokenServer.start();
  tokens.lifeSeconds = 5;
  tokens.delayMs = 300;
  const proxy = await startFlowgate({ target: url, tokenUrl: tokens.url });
  await loop(proxy, 3000); // until it is compiled
  const { taken, failed, p50 } = await sendEvenly(proxy, { rate: STEADY_RATE, seconds: 17 });
  await proxy.process.stop();
  tokens.stop();
  const [first = 0] = taken[0] ?? [];
  const [last = 0] = taken.at(-1) ?? [];
  const renewals = tokens.busy.filter(([from, to]) => from > first + 1000 && to < last);
  const slowest = (shiftMs: number): number =>
    median(
      renewals.map(([from, to]) =>
        Math.max(
          ...taken.filter(([sent, ms]) => sent + ms > from + shiftMs && sent < to + shiftMs + 50).map(([, ms]) => ms),
        ),
      ),
    );
  return { medianMs: p50, slowestMs: slowest(0), slowestWithoutMs: slowest(-1000), renewals: renewals.length, failed };
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
