import { FLOOD_KEY, FLOOD_LIMIT, type Proxy } from './proxies.ts';
import { median, sendEvenly, type Latencies } from './scenarios.ts';

/** What the well-behaved caller sends, requests per second. */
const STEADY_RATE = 200;
/** The flood is so many times what its caller may send. */
export const FLOOD_FACTOR = 20;

export interface FloodResult {
  /** The median over the rounds of the ratio of the well-behaved caller's p99, in the flood to alone. */
  readonly ratio: number;
  /** Milliseconds, of the well-behaved caller. */
  readonly aloneP99: number;
  readonly floodedP99: number;
  /** Requests of the well-behaved caller that failed during the flood. */
  readonly failed: number;
}

/**
 * How much longer one caller waits while another sends far more than its rate limit allows. In turns: the same flood
 * goes to the upstream itself in between, so that the core of the load is as busy then, and Flowgate alone makes the
 * difference.
 *
 * @param upstream answers starts, too
 */
export async function measureFlood(
  proxy: Proxy,
  upstream: Proxy,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<FloodResult> {
  const steadyBeside = async (flooded: Proxy): Promise<Latencies> => {
    const flood = sendEvenly(flooded, { key: FLOOD_KEY, rate: FLOOD_LIMIT * FLOOD_FACTOR, seconds: seconds + 2 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const steady = await sendEvenly(proxy, { rate: STEADY_RATE, seconds });
    await flood;
    return steady;
  };
  await sendEvenly(proxy, { key: FLOOD_KEY, rate: FLOOD_LIMIT * FLOOD_FACTOR, seconds }); // warms up
  const taken: { alone: Latencies; flooded: Latencies }[] = [];
  for (let round = 0; round < rounds; round++)
    taken.push({ alone: await steadyBeside(upstream), flooded: await steadyBeside(proxy) });
  return {
    ratio: median(taken.map(({ alone, flooded }) => flooded.p99 / alone.p99)),
    aloneP99: median(taken.map(({ alone }) => alone.p99)),
    floodedP99: median(taken.map(({ flooded }) => flooded.p99)),
    failed: Math.max(...taken.map(({ flooded }) => flooded.failed)),
  };
}
