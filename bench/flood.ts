import { drive } from './load-generator.ts';
import { FLOOD_KEY, FLOOD_LIMIT, type Proxy } from './proxies.ts';
import { median } from './scenarios.ts';
import { CONTEXT } from './upstream.ts';

/** What the well-behaved caller sends, requests per second. */
const STEADY_RATE = 200;
/** The flood is so many times what its caller may send. */
export const FLOOD_FACTOR = 20;

export interface FloodResult {
  /** Milliseconds, of the well-behaved caller. */
  readonly aloneP99: number;
  readonly floodedP99: number;
  /** The median over the rounds of the ratio of the two. */
  readonly ratio: number;
  /** Requests of the well-behaved caller that failed during the flood. */
  readonly failed: number;
}

/** How much longer one caller waits while another sends far more than its rate limit allows. In turns. */
export async function measureFlood(proxy: Proxy, rounds: number, seconds: number): Promise<FloodResult> {
  await steady(proxy, seconds); // warms up
  const taken: { alone: number; flooded: number; failed: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const alone = await steady(proxy, seconds);
    const flood = drive({ ...start(proxy, FLOOD_KEY, 32), seconds: seconds + 2, rate: FLOOD_LIMIT * FLOOD_FACTOR });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const flooded = await steady(proxy, seconds);
    await flood;
    taken.push({ alone: alone.p99, flooded: flooded.p99, failed: flooded.errors });
  }
  return {
    aloneP99: median(taken.map(({ alone }) => alone)),
    floodedP99: median(taken.map(({ flooded }) => flooded)),
    ratio: median(taken.map(({ alone, flooded }) => flooded / alone)),
    failed: Math.max(...taken.map(({ failed }) => failed)),
  };
}

function steady(proxy: Proxy, seconds: number) {
  return drive({ ...start(proxy, proxy.headers['x-api-key'] ?? '', 4), seconds, rate: STEADY_RATE });
}

function start({ url, paths }: Proxy, key: string, connections: number) {
  return {
    url: `${url}${paths.start}`,
    method: 'POST' as const,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: CONTEXT,
    connections,
  };
}
