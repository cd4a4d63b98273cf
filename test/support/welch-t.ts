/** How much of the slowest measurements is left out: they tell of the machine, not of what is measured. */
const LEFT_OUT = 0.1;

/**
 * Measures two things in turn, and compares their means by Welch's t: beyond ±4.5 a difference is taken for real (the
 * threshold of ISO/IEC 17825).
 */
export function welchT(one: () => number, other: () => number, times: number): number {
  const ones: number[] = [];
  const others: number[] = [];
  for (let at = 0; at < times; at++) {
    // Which of the two comes first is left to chance: the second may find a warmer cache.
    const isFirst = Math.random() < 0.5;
    if (isFirst) ones.push(one());
    others.push(other());
    if (!isFirst) ones.push(one());
  }
  const [a, b] = [describe(ones), describe(others)];
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

function describe(values: number[]): { mean: number; variance: number; count: number } {
  const kept = values.sort((a, b) => a - b).slice(0, Math.floor(values.length * (1 - LEFT_OUT)));
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1);
  return { mean, variance, count: kept.length };
}
