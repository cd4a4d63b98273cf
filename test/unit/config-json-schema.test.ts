import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema, SCHEMA_FILE } from '../support/config-json-schema.ts';
import { everyKindYaml } from '../support/every-kind.ts';

const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0];

function accepts(yaml: string): boolean {
  return z.fromJSONSchema(schema).safeParse(parse(yaml)).success;
}

describe('the JSON Schema of flowgate.yaml', () => {
  it('is made from what the configuration is checked with', () => {
    expect(schema).toEqual(configJsonSchema());
  });

  it('takes every kind of service and caller', () => {
    expect(accepts(everyKindYaml)).toBe(true);
  });

  it('takes the examples of the documentation', () => {
    const blocks = readFileSync('docs/configuration.md', 'utf8').matchAll(/```yaml\n(.*?)```/gs);
    const files = [...blocks].map(([, yaml = '']) => yaml).filter((yaml) => yaml.includes('callers:'));
    expect(files.length).toBeGreaterThan(2);
    for (const yaml of files) expect([yaml, accepts(yaml)]).toEqual([yaml, true]);
  });

  it('takes an entry that a binding of its name gives the kind', () => {
    expect(accepts('services: { integration: { flows: { orders: { address: /http/orders } } } }')).toBe(true);
  });

  it.each([
    ['a misspelt section', 'service: {}'],
    ['a misspelt setting', 'services: { workflow: { kind: sap-workflow, binding: b, restpath: /x } }'],
    ['an unknown kind', 'services: { workflow: { kind: sap }}'],
    [
      'a method that flows do not take',
      'services: { i: { kind: sap-integration, flows: { o: { address: /http/o, methods: [HEAD] } } } }',
    ],
    ['a caller without allow', 'callers: { portal: { apiKeys: ["0123456789abcdef"] } }'],
  ])('refuses %s', (_what, yaml) => {
    expect(accepts(yaml)).toBe(false);
  });
});
