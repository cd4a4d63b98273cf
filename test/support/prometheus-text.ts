/** One line of the text format: a name, its labels, a number. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$/;
const SUFFIX = /_(?:bucket|sum|count)$/;

/** An answer in the text format of Prometheus, version 0.0.4, read strictly. */
export class PrometheusText {
  readonly samples: readonly Sample[];
  /** By family. */
  readonly types = new Map<string, string>();

  /** @throws where a line is neither a comment of the format nor a sample of a family that was announced */
  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the text does not end with a line feed');
    const lines = text.split('\n').filter((line) => line !== '');
    for (const line of lines) {
      const [, family = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (type !== '') this.types.set(family, type);
      else if (line.startsWith('#') && !/^# HELP \S+ \S/.test(line))
        throw new Error(`no comment of the format: ${line}`);
    }
    this.samples = lines.filter((line) => !line.startsWith('#')).map((line) => this.#sample(line));
  }

  /** The sum of all samples of a name that have these labels; `undefined`: there are none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** All values of a label, over all samples. */
  valuesOf(label: string): Set<string> {
    return new Set(this.samples.flatMap(({ labels }) => labels[label] ?? []));
  }

  #sample(line: string): Sample {
    const match = SAMPLE.exec(line);
    const [, name = '', labels = '', value = ''] = match ?? [];
    const isNumber = /^(?:[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|Inf)|NaN)$/i.test(value);
    if (!match || !isNumber) throw new Error(`no sample: ${line}`);
    if (!this.types.has(name) && this.types.get(name.replace(SUFFIX, '')) !== 'histogram')
      throw new Error(`a sample of no family: ${line}`);
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
    return {
      name,
      labels: Object.fromEntries(pairs.map(([, label, text]) => [label ?? '', text ?? ''])),
      value: Number(value.replace('Inf', 'Infinity')),
    };
  }
}
