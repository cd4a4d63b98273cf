import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/config.ts';
import { SCHEMA_FILE } from '../support/config-json-schema.ts';
import { load, ONE_CALLER } from '../support/config-sources.ts';
import { codesIn, tableOf } from '../support/markdown-tables.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly const?: string;
}

/** Made from what the configuration is checked with; another test compares. */
const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as Schema;
const services = schema.properties?.['services']?.additionalProperties?.anyOf ?? [];

function serviceOf(kind: string): Schema | undefined {
  return services.find(({ properties }) => properties?.['kind']?.const === kind);
}

/** The settings of a part of the file. */
function settingsOf(part: Schema | undefined): string[] {
  return Object.keys(part?.properties ?? {}).toSorted();
}

/** The settings that a table names, each once. */
function documented(path: string, heading: string, column = 'setting'): string[] {
  return tableOf(path, heading, column)
    .rows.flatMap(([name]) => codesIn(name))
    .toSorted();
}

const GUIDE = 'docs/configuration.md';
const workflow = serviceOf('sap-workflow')?.properties;
const flow = serviceOf('sap-integration')?.properties?.['flows']?.additionalProperties;
const caller = schema.properties?.['callers']?.additionalProperties;

describe('the tables of settings', () => {
  it('have each setting of a service, with the kinds that take it', () => {
    const kinds = services.map(({ properties }) => properties?.['kind']?.const ?? '');
    const named = new Map(kinds.map((kind) => [kind, [] as string[]]));
    for (const [names, of = ''] of tableOf(GUIDE, 'Services', 'setting').rows)
      for (const kind of of === 'all' ? kinds : codesIn(of)) named.get(kind)?.push(...codesIn(names));
    for (const [kind, names] of named) expect([kind, names.toSorted()]).toEqual([kind, settingsOf(serviceOf(kind))]);
  });

  it('have each setting of a token, a flow, a caller and the limits, and no other', () => {
    expect(documented(GUIDE, '`token`')).toEqual(settingsOf(workflow?.['token']));
    expect(documented(GUIDE, 'Flows')).toEqual(settingsOf(flow));
    expect(documented(GUIDE, 'Callers')).toEqual(settingsOf(caller));
    expect(documented(GUIDE, 'Limits')).toEqual(settingsOf(schema.properties?.['limits']));
  });

  it('have each setting of a JWT, and each way to say who acts', () => {
    expect(documented('docs/callers.md', 'Tokens')).toEqual(settingsOf(caller?.properties?.['jwt']));
    const ways = documented('docs/callers.md', 'Who acts upstream', '`identity`').join(' ');
    for (const name of settingsOf(serviceOf('workflow-server')?.properties?.['identity'])) expect(ways).toContain(name);
  });

  it.each([
    ['workflow-server', 'docs/workflow-server.md', 'Configuration'],
    ['workflowgen', 'docs/workflowgen.md', 'Configuration'],
    ['http', 'docs/http-services.md', 'Any other API'],
  ])('have each setting of %s on its own page', (kind, path, heading) => {
    const names = new Set(documented(path, heading).map((name) => name.split('.')[0] ?? ''));
    expect([...names, 'kind'].toSorted()).toEqual(settingsOf(serviceOf(kind)));
  });

  it('have each setting of a GraphQL document', () => {
    const names = documented('docs/workflowgen.md', 'Configuration').filter((name) => name.startsWith('operations.'));
    const operation = serviceOf('workflowgen')?.properties?.['operations']?.additionalProperties;
    expect(names.map((name) => name.replace('operations.<name>.', ''))).toEqual(settingsOf(operation));
  });
});

describe('the defaults in the tables of settings', () => {
  const files = { '/app/one.graphql': 'mutation ($file: Upload!) { attach(file: $file) { number } }' };
  const client = 'clientId: id, clientSecret: secret-of-the-tests';
  const token = `{ url: https://idp.example.com/oauth/token, ${client} }`;

  /** Settings as they are written, as lines of a group. */
  function lines(path: string, heading: string, group?: string): string[] {
    const column = (cells: readonly string[]): string => codesIn(cells[0])[0] ?? '';
    return tableOf(path, heading, 'setting')
      .rows.filter((cells) => group === undefined || column(cells).startsWith(group))
      .flatMap((cells) => {
        const value = codesIn(cells[1])[0] ?? (/^\d+$/.test(cells[1] ?? '') ? cells[1] : undefined);
        const isWritten = value !== undefined && /^[^a-z]*`|^\d+$/.test(cells[1] ?? '');
        return isWritten ? [`${column(cells).replace(group ?? '', '')}: ${value}`] : [];
      });
  }

  function configOf(written: {
    readonly [part in 'token' | 'flow' | 'http' | 'operation' | 'limits']?: string[];
  }): Config {
    const more = (settings: string[] = []): string => settings.map((line) => `, ${line}`).join('');
    const own = (settings: string[] = []): string => settings.map((line) => `\n    ${line}`).join('');
    const limits = (written.limits ?? []).map((line) => `\n  ${line}`).join('');
    return load({
      env: ONE_CALLER,
      files,
      file: `services:
  integration:
    kind: sap-integration
    url: https://runtime.example.com
    token: { url: https://uaa.example.com, ${client}${more(written.token)} }
    flows: { one: { address: /http/one${more(written.flow)} } }
  requests:
    kind: workflowgen
    url: https://wfgen.example.com/wfgen/graphql
    token: ${token}
    operations: { one: { document: ./one.graphql${more(written.operation)} } }
  catalogue:
    kind: http
    url: https://api.example.com
    token: ${token}
    routes: [GET /products -> /v2/products]${own(written.http)}
${limits === '' ? '' : `limits:${limits}\n`}`,
    });
  }

  it.each([
    // The encoding belongs to another way of authenticating; its default is tested there.
    ['token', lines(GUIDE, '`token`').filter((line) => !line.startsWith('basicEncoding')), 1],
    ['flow', lines(GUIDE, 'Flows'), 6],
    ['limits', lines(GUIDE, 'Limits'), 4],
    ['http', lines('docs/http-services.md', 'Any other API'), 1],
    ['operation', lines('docs/workflowgen.md', 'Configuration', 'operations.<name>.'), 1],
  ] as const)('of %s change nothing when they are written: %j', (part, written, count) => {
    expect(written).toHaveLength(count);
    expect(JSON.stringify(configOf({ [part]: [...written] }))).toBe(JSON.stringify(configOf({})));
  });
});
