import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { callerSchema } from '../../src/config/caller-schema.ts';
import { limitsSchema, serviceSchema } from '../../src/config/file-schema.ts';
import { settingDescriptions } from './setting-descriptions.ts';

export const SCHEMA_FILE = 'schema/flowgate.schema.json';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | false;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  required?: string[];
  description?: string;
  const?: unknown;
}

/** Settings whose value is a group with descriptions of its own. */
const GROUPS: Readonly<Record<string, string>> = {
  services: 'service',
  callers: 'caller',
  limits: 'limits',
  token: 'token',
  flows: 'flow',
  operations: 'operation',
  identity: 'identity',
  jwt: 'jwt',
};

/** The JSON Schema of `flowgate.yaml`, for editors: what the configuration is checked with, and what each setting means. */
export function configJsonSchema(): object {
  const file = z.object({
    services: z.record(z.string(), serviceSchema).optional(),
    callers: z.record(z.string(), callerSchema).optional(),
    limits: limitsSchema.optional(),
  });
  // Editors know draft 7 best. What our own parsers check is not in it.
  const schema = z.toJSONSchema(file, { io: 'input', unrepresentable: 'any', target: 'draft-7' }) as JsonSchema;
  describeGroup(schema, 'file');
  return { $id: 'flowgate.schema.json', title: 'flowgate.yaml', ...schema };
}

function describeGroup(schema: JsonSchema, group: string): void {
  for (const one of schema.oneOf ?? []) describeGroup(one, group);
  if (schema.oneOf) {
    // Without its kind an entry is any of them; the rest of it tells.
    schema.anyOf = schema.oneOf.map((one) => ({
      ...one,
      required: (one.required ?? []).filter((name) => name !== 'kind'),
    }));
    delete schema.oneOf;
  }
  if (schema.properties === undefined) return;
  schema.additionalProperties = false;
  for (const [name, setting] of Object.entries(schema.properties)) {
    const description = settingDescriptions[`${group}.${name}`];
    if (description === undefined) throw new Error(`the setting ${group}.${name} has no description`);
    setting.description = description;
    const inner = GROUPS[name];
    if (inner === undefined) continue;
    const isMap = setting.properties === undefined && typeof setting.additionalProperties === 'object';
    describeGroup(isMap ? (setting.additionalProperties as JsonSchema) : setting, inner);
  }
}

// Run by itself, it writes the file: node test/support/config-json-schema.ts, then npm run format.
if (import.meta.main) writeFileSync(SCHEMA_FILE, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
