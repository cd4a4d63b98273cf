import { Counter, type Registry } from 'prom-client';

/** One series of a counter: counting is an addition. */
export interface Tally {
  count: number;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly tally: Tally;
  readonly fromZero: boolean;
}

/**
 * A counter for the way of a request. The library's own hashes the labels each time; here each series is a number that
 * whoever counts holds in his hand, and the series are handed over when somebody asks for metrics.
 */
export class Tallies {
  readonly #series: Series[] = [];

  constructor(registry: Registry, { name, help, labels }: { name: string; help: string; labels: string[] }) {
    const counter = new Counter({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const { labels, tally, fromZero } of this.#series)
          if (fromZero || tally.count > 0) counter.inc(labels, tally.count);
      },
    });
  }

  /**
   * Makes a series, to be kept by whoever counts in it: two with the same labels would add up.
   *
   * @param fromZero shown before anything is counted: an alert on growth would miss the first of each otherwise
   */
  series(labels: Readonly<Record<string, string>>, { fromZero = false } = {}): Tally {
    const tally = { count: 0 };
    this.#series.push({ labels, tally, fromZero });
    return tally;
  }
}
