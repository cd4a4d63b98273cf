/**
 * @typedef {{ name: string, labels: Record<string, string>, value: number }} Sample
 */

/**
 * Reads the text format of Prometheus.
 *
 * @param {string} text
 * @returns {Sample[]}
 */
export function metricSamples(text) {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([, label = '', text = '']) => [label, text]),
    ),
    value: Number(value),
  }));
}

/**
 * The sum of a metric, by the value of one label.
 *
 * @param {Sample[]} samples
 * @param {string} metric
 * @param {(labels: Record<string, string>) => string | undefined} key `undefined`: the sample does not count
 * @returns {Map<string, number>}
 */
export function sumBy(samples, metric, key) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { name, labels, value } of samples) {
    const of = name === metric ? key(labels) : undefined;
    if (of !== undefined) sums.set(of, (sums.get(of) ?? 0) + value);
  }
  return sums;
}

/**
 * A quantile out of the buckets of a histogram, as far as they tell: linear within a bucket.
 *
 * @param {Map<string, number>} buckets how many took at most so long, by the upper bound
 * @param {number} share such as 0.95
 * @returns {number | undefined} `undefined`: nothing was measured
 */
export function quantile(buckets, share) {
  const sorted = [...buckets].map(([bound, count]) => ({ bound: Number(bound.replace('+Inf', 'Infinity')), count }));
  sorted.sort((one, other) => one.bound - other.bound);
  const wanted = (sorted.at(-1)?.count ?? 0) * share;
  if (wanted === 0) return undefined;
  let below = { bound: 0, count: 0 };
  for (const bucket of sorted) {
    if (bucket.count >= wanted) {
      if (bucket.bound === Infinity) return below.bound;
      return below.bound + ((bucket.bound - below.bound) * (wanted - below.count)) / (bucket.count - below.count);
    }
    below = bucket;
  }
  return below.bound;
}
