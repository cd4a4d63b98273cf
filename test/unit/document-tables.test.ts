import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { statusesOf } from '../../src/pages/openapi/problem-responses.ts';
import { ownRoutes } from '../../src/pages/own-routes.ts';
import { problemTable, type ProblemCode } from '../../src/problems/problem-table.ts';
import { sampleFlows } from '../../sandbox/integration/sample-flows.ts';
import { codesIn, tableOf, tablesOf } from '../support/markdown-tables.ts';

const documents = globSync(['*.md', 'docs/*.md', 'sandbox/*.md']).toSorted();

/** Where each table is compared with what it mirrors: the first cell of its header, its document and the test. */
const COMPARED: readonly (readonly [document: string, column: string, test: string])[] = [
  ['ARCHITECTURE.md', '#', 'test/unit/document-tables.test.ts'],
  ['CONTRIBUTING.md', 'command', 'test/unit/document-tables.test.ts'],
  ['README.md', 'route', 'test/docs.test.ts'],
  ['docs/callers.md', 'setting', 'test/unit/settings-docs.test.ts'],
  ['docs/callers.md', '`identity`', 'test/unit/settings-docs.test.ts'],
  ['docs/callers.md', 'field', 'test/unit/callers-docs.test.ts'],
  ['docs/cli.md', 'command', 'test/unit/cli-docs.test.ts'],
  ['docs/cli.md', 'exit status', 'test/unit/cli-docs.test.ts'],
  ['docs/cli.md', 'look', 'test/unit/cli-docs.test.ts'],
  ['docs/clients.md', 'where', 'test/unit/document-tables.test.ts'],
  ['docs/configuration.md', 'variable', 'test/unit/config-docs.test.ts'],
  ['docs/configuration.md', 'label', 'test/unit/bindings-docs.test.ts'],
  ['docs/configuration.md', 'setting', 'test/unit/settings-docs.test.ts'],
  ['docs/configuration.md', 'key of', 'test/unit/bindings-docs.test.ts'],
  ['docs/http-services.md', 'setting', 'test/unit/settings-docs.test.ts'],
  ['docs/http-services.md', 'the API answers', 'test/unit/document-tables.test.ts'],
  ['docs/kubernetes.md', 'probe', 'test/unit/document-tables.test.ts'],
  ['docs/observability.md', 'field', 'test/integration/log-fields.test.ts'],
  ['docs/observability.md', 'metric', 'test/unit/observability-docs.test.ts'],
  ['docs/observability.md', 'span', 'test/integration/traces.test.ts'],
  ['docs/operations.md', 'what happened', 'test/unit/limits-docs.test.ts'],
  ['docs/operations.md', 'what', 'test/unit/limits-docs.test.ts'],
  ['docs/operations.md', 'the same key again, and the first request …', 'test/unit/document-tables.test.ts'],
  ['docs/performance.md', 'proxy', 'test/unit/performance-docs.test.ts'],
  ['docs/security.md', 'what', 'test/unit/limits-docs.test.ts'],
  ['docs/security.md', 'case', 'test/attacks/coverage.test.ts'],
  ['docs/tokens.md', '`auth`', 'test/unit/token-docs.test.ts'],
  ['docs/tokens.md', 'answer of the authorization server', 'test/unit/limits-docs.test.ts'],
  ['docs/troubleshooting.md', '#', 'test/unit/troubleshooting-docs.test.ts'],
  ['docs/workflow-server.md', 'setting', 'test/unit/settings-docs.test.ts'],
  ['docs/workflow-server.md', 'WorkflowServer', 'test/unit/document-tables.test.ts'],
  ['docs/workflowgen.md', 'setting', 'test/unit/settings-docs.test.ts'],
  ['docs/workflowgen.md', 'JSON', 'test/unit/workflowgen-start.test.ts'],
  ['docs/workflowgen.md', 'WorkflowGen', 'test/unit/document-tables.test.ts'],
  ['sandbox/README.md', 'address', 'test/unit/document-tables.test.ts'],
  ['sandbox/README.md', 'command', 'test/integration/sandbox-control.test.ts'],
];

/** Tables that mirror no code of ours. */
const OF_THE_WORLD: readonly (readonly [document: string, column: string, why: string])[] = [
  ['SECURITY.md', 'version', 'a promise'],
  ['docs/operations.md', 'shared', 'words; what they say is tested in redis-store and redis-tokens'],
  ['docs/performance.md', 'goal', 'figures of the same run, against what was aimed at'],
  ['docs/performance.md', 'part', 'a profile'],
  ['docs/performance.md', 'answered …', 'an experiment'],
  ['docs/performance.md', 'what', 'experiments'],
  ['docs/security.md', 'who', 'assumptions'],
  ['docs/tokens.md', 'provider', 'other servers; that none is missing is tested in token-docs'],
  ['docs/workflowgen.md', 'provider', 'other servers'],
  ['sandbox/README.md', 'upstream', 'what is emulated; each is started by a test of its own'],
];

describe('the tables of the documents', () => {
  it('are compared with what they mirror, each and every one, or mirror no code', () => {
    const found = documents.flatMap((path) => tablesOf(path).map(({ header }) => `${path}: ${header[0]}`));
    const known = [...COMPARED, ...OF_THE_WORLD].map(([path, column]) => `${path}: ${column}`);
    expect(found.length).toBeGreaterThan(50);
    expect([...new Set(found)].toSorted()).toEqual(known.toSorted());
  });

  it.each(COMPARED)('%s, "%s": %s is there, and reads it', (path, _column, test) => {
    const source = readFileSync(test, 'utf8');
    const isRead = source.includes(path) || source.includes('withRoutes') || source.includes('withCoverage');
    expect(isRead).toBe(true);
  });

  it.each(documents)('of %s give every problem a status that it can have', (path) => {
    const cells = tablesOf(path).flatMap(({ rows }) => rows.flat());
    const claims = cells.flatMap((cell) => [...cell.matchAll(/((?:\d{3}(?:,| or) )*\d{3}) `([a-z-]+)`/g)]);
    for (const [claim, statuses = '', code = ''] of claims) {
      expect([claim, Object.keys(problemTable)]).toEqual([claim, expect.arrayContaining([code])]);
      const possible = statusesOf(code as ProblemCode);
      for (const status of statuses.match(/\d{3}/g) ?? [])
        expect([claim, possible]).toEqual([claim, expect.arrayContaining([Number(status)])]);
    }
  });
});

describe('the way of a request in ARCHITECTURE.md', () => {
  const { rows } = tableOf('ARCHITECTURE.md', 'The way of a request', '#');

  it('names files that there are', () => {
    const named = rows.flatMap(([, , where]) => codesIn(where));
    expect(named.filter((name) => globSync(`src/${name}`).length === 0)).toEqual([]);
  });

  it('names statuses that problems have', () => {
    const codes = Object.keys(problemTable) as ProblemCode[];
    const possible = new Set(codes.flatMap(statusesOf));
    const named = rows.flatMap(([, , , failure = '']) => failure.match(/\d{3}/g) ?? []).map(Number);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((status) => !possible.has(status))).toEqual([]);
  });
});

describe('the commands of CONTRIBUTING.md', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

  it.each(tableOf('CONTRIBUTING.md', 'Set up', 'command').rows.map(([command]) => codesIn(command)[0] ?? ''))(
    '%s is one',
    (command) => {
      const [, script] = /^npm (?:run )?(\S+)/.exec(command) ?? [];
      if (script === undefined) expect(existsSync(command)).toBe(true);
      else expect(Object.keys(scripts)).toContain(script);
    },
  );
});

describe('what there is to call in docs/clients.md', () => {
  it.each(tableOf('docs/clients.md', 'What there is to call', 'where').rows)(
    '%s (%s) needs a credential: %s',
    (where, _what, credential) => {
      const path = codesIn(where)[0]?.replace('…', ':code');
      const route = ownRoutes.find((one) => one.path === path);
      expect([path, route?.needs]).toEqual([path, credential === 'yes' ? 'credential' : 'nothing']);
    },
  );
});

describe('the probes in docs/kubernetes.md', () => {
  const deployment = parse(readFileSync('deploy/kubernetes/deployment.yaml', 'utf8')) as {
    spec: { template: { spec: { containers: Record<string, { httpGet?: { path: string } } | undefined>[] } } };
  };
  const [container] = deployment.spec.template.spec.containers;

  it('are those of the deployment', () => {
    const probes = Object.entries(container ?? {}).flatMap(([name, value]) =>
      name.endsWith('Probe') ? [[name.replace('Probe', ''), value?.httpGet?.path]] : [],
    );
    const { rows } = tableOf('docs/kubernetes.md', 'Probes, resources, several instances', 'probe');
    expect(rows.map(([name, asks]) => [name, codesIn(asks)[0]])).toEqual(probes);
  });
});

describe('the flows in sandbox/README.md', () => {
  it('are those of the sandbox', () => {
    const { rows } = tableOf('sandbox/README.md', 'What is there', 'address');
    const named = rows.flatMap(([address]) => codesIn(address));
    expect(named.toSorted()).toEqual(sampleFlows.map(({ address }) => address).toSorted());
  });
});
