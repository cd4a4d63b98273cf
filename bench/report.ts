import type { Sample } from './scenarios.ts';

export interface Row {
  readonly name: string;
  readonly sample: Sample;
}

export interface Report {
  readonly upstream: string;
  readonly node: string;
  readonly tables: { readonly title: string; readonly rows: readonly Row[] }[];
  readonly streams: {
    readonly name: string;
    readonly direction: 'up' | 'down';
    readonly speed: number;
    readonly gained: number;
  }[];
  readonly notes: string[];
}

/** The report as Markdown: ratios first, because absolute figures belong to one machine. */
export function markdown({ upstream, node, tables, streams, notes }: Report): string {
  return [
    `Node ${node}, upstream ${upstream}; the proxy on one core, load generator and upstream on another. Medians of turns.`,
    ...tables.map(({ title, rows }) => `### ${title}\n\n${table(rows)}`),
    ...(streams.length === 0 ? [] : [`### One gigabyte\n\n${streamTable(streams)}`]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
  ].join('\n\n');
}

function table(rows: readonly Row[]): string {
  const own = rows.find(({ name }) => name === 'flowgate')?.sample.requestsPerSecond ?? Number.NaN;
  const lines = rows
    .toSorted((a, b) => b.sample.requestsPerSecond - a.sample.requestsPerSecond)
    .map(({ name, sample }) => {
      const ratio = name === 'flowgate' ? '1' : (own / sample.requestsPerSecond).toFixed(2);
      return `| ${name} | ${Math.round(sample.requestsPerSecond)} | ${ratio} | ${sample.p50.toFixed(1)} | ${sample.p99.toFixed(1)} | ${Math.round(sample.cpuMicros)} | ${Math.round(sample.residentMegabytes)} | ${sample.errors} |`;
    });
  return [
    '| proxy | requests/s | flowgate is … times as fast | p50 ms | p99 ms | CPU µs/request | memory MB | errors |',
    '| --- | --: | --: | --: | --: | --: | --: | --: |',
    ...lines,
  ].join('\n');
}

function streamTable(streams: Report['streams']): string {
  const lines = streams.map(
    ({ name, direction, speed, gained }) => `| ${name} | ${direction} | ${Math.round(speed)} | ${Math.round(gained)} |`,
  );
  return ['| proxy | direction | MB/s | memory gained MB |', '| --- | --- | --: | --: |', ...lines].join('\n');
}

const WIDTH = 720;
const BAR = 26;
const LEFT = 190;

/** A bar per proxy: requests per second of the first table. */
export function chart({ tables }: Report): string {
  const [first] = tables;
  if (!first) return '';
  const rows = first.rows.toSorted((a, b) => b.sample.requestsPerSecond - a.sample.requestsPerSecond);
  const longest = Math.max(...rows.map(({ sample }) => sample.requestsPerSecond));
  const bars = rows.map(({ name, sample }, at) => {
    const y = 44 + at * (BAR + 8);
    const width = Math.round((sample.requestsPerSecond / longest) * (WIDTH - LEFT - 90));
    const colour = name === 'flowgate' ? '#0a6ed1' : '#8696a9';
    return `<text x="${LEFT - 8}" y="${y + 18}" text-anchor="end">${name}</text><rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" fill="${colour}"/><text x="${LEFT + width + 6}" y="${y + 18}">${Math.round(sample.requestsPerSecond)}</text>`;
  });
  const height = 56 + rows.length * (BAR + 8);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="14" role="img" aria-label="Requests per second, starting an instance">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="8" y="24" font-weight="bold">Requests per second on one core: start of an instance</text>
${bars.join('\n')}
</svg>
`;
}
