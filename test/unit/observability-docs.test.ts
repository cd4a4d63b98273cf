import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { problemTable } from '../../src/problems/problem-table.ts';
import { load } from '../support/config-sources.ts';
import { everyMetric } from '../support/every-metric.ts';
import type { PrometheusText } from '../support/prometheus-text.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const NAMES = /\b(?:flowgate|process|nodejs)_[a-z_]+\b/g;
/** A metric and what is between its braces. */
const SELECTORS = /\b((?:flowgate|process|nodejs)_[a-z_]+)\{([^}]*)\}/g;
const MATCHERS = /([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
/** Labels that Prometheus adds to what it scrapes, and the one of histograms. */
const ADDED_LABELS = new Set(['job', 'instance', 'le']);

const dashboard = JSON.parse(read('docs/grafana-dashboard.json')) as {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const alerts = parse(read('docs/alerts.yaml')) as {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboardQueries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const queries = [...dashboardQueries, ...rules.map(({ expr }) => expr)];

let known: PrometheusText;
beforeAll(async () => {
  known = await everyMetric();
});

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The family of a sample: that of `x_seconds_bucket` is `x_seconds`. */
function familyOf(name: string): string {
  const family = name.replace(/_(?:bucket|sum|count)$/, '');
  return known.types.get(family) === 'histogram' ? family : name;
}

function labelsOf(family: string): Set<string> {
  const samples = known.samples.filter(({ name }) => familyOf(name) === family);
  return new Set(samples.flatMap(({ labels }) => Object.keys(labels)));
}

describe('every query of the dashboard and of the alerts', () => {
  it('asks for metrics that there are', () => {
    expect(queries.length).toBeGreaterThan(30);
    const asked = new Set(queries.flatMap((query) => query.match(NAMES) ?? []));
    const unknown = [...asked].filter((name) => !known.samples.some((sample) => sample.name === name));
    expect(unknown).toEqual([]);
  });

  it('asks for labels that they have', () => {
    for (const query of queries)
      for (const [, name = '', matchers = ''] of query.matchAll(SELECTORS))
        for (const [, label = ''] of matchers.matchAll(MATCHERS))
          if (!ADDED_LABELS.has(label)) expect([...labelsOf(familyOf(name))]).toContain(label);
  });

  it('asks for problems that there are', () => {
    const codes = queries.flatMap((query) =>
      [...query.matchAll(MATCHERS)].flatMap(([, label, , value = '']) => (label === 'code' ? value.split('|') : [])),
    );
    expect(codes.length).toBeGreaterThan(5);
    for (const code of codes) expect(Object.keys(problemTable)).toContain(code);
  });

  it('has as many brackets open as closed', () => {
    for (const query of queries)
      for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split('')))
        expect(query.split(open ?? '').length).toBe(query.split(close ?? '').length);
  });
});

describe('the dashboard', () => {
  it('has one id for each panel, and a query in each that is no row', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, title, targets = [] } of dashboard.panels) {
      expect(title).not.toBe('');
      if (type !== 'row') expect(targets.length).toBeGreaterThan(0);
    }
  });

  it('lays no panel over another, and none over the edge', () => {
    const places = dashboard.panels.map(({ gridPos }) => gridPos);
    for (const { x, w } of places) expect(x + w).toBeLessThanOrEqual(24);
    const overlaps = places.flatMap((one, at) =>
      places
        .slice(at + 1)
        .filter(
          (other) =>
            one.x < other.x + other.w &&
            other.x < one.x + one.w &&
            one.y < other.y + other.h &&
            other.y < one.y + one.h,
        ),
    );
    expect(overlaps).toEqual([]);
  });

  it('uses only variables that it defines', () => {
    const defined = new Set(dashboard.templating.list.map(({ name }) => name));
    const used = new Set(JSON.stringify(dashboard).match(/\$\{?[a-z]+\b/g));
    for (const name of used) expect([...defined]).toContain(name.replace(/^\$\{?/, ''));
  });

  it('shows every metric', () => {
    const shown = new Set(dashboardQueries.flatMap((query) => query.match(NAMES) ?? []).map(familyOf));
    const unused = [...known.types.keys()].filter((family) => !shown.has(family));
    expect(unused).toEqual([]);
  });
});

describe('the alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s is whole', (name, rule) => {
    expect(name).toMatch(/^Flowgate[A-Z]\w+$/);
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
    expect(rule.annotations.summary).toMatch(/^\S/);
    expect(rule.annotations.description).toMatch(/\.$/);
  });

  it('have different names', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('point to pages of problems that there are', () => {
    for (const [, code = ''] of read('docs/alerts.yaml').matchAll(/\/problems\/([a-z-]+)/g))
      expect(Object.keys(problemTable)).toContain(code);
  });
});

describe('docs/observability.md', () => {
  const guide = read('docs/observability.md');

  it('lists every metric with its kind and its labels', () => {
    const rows = [...guide.matchAll(/^\| `([a-z_]+)`\s*\| (counter|gauge|histogram)\s*\| ([a-z, ]*)\|/gm)].map(
      ([, name = '', kind = '', labels = '']) => ({
        name,
        kind,
        labels: labels.split(',').map((label) => label.trim()),
      }),
    );
    expect(rows.map(({ name, kind }) => [name, kind]).toSorted()).toEqual([...known.types].toSorted());
    for (const { name, labels } of rows)
      expect(labels.filter((label) => label !== '').toSorted()).toEqual(
        [...labelsOf(name)].filter((label) => label !== 'le').toSorted(),
      );
  });

  it('grants the metrics in a way that loads', () => {
    const [, file = ''] = /```yaml\n(services:[\s\S]*?)```/.exec(guide) ?? [];
    const key =
      '{"endpoints":{"workflow_rest_url":"https://api.example.com/workflow-service/rest"},"uaa":{"url":"https://acme.authentication.eu10.hana.ondemand.com","clientid":"a","clientsecret":"b"}}';
    const config = load({
      file,
      env: { PROMETHEUS_KEY: 'prometheus-key-0123456789' },
      files: { '/app/keys/workflow.json': key },
    });
    expect(config.callers).toMatchObject([{ name: 'prometheus', allow: ['GET /metrics'] }]);
  });
});
