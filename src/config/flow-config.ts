import type { FlowConfig } from './config.ts';
import { commaSeparated } from './environment-variables.ts';
import { parseFlowName, type FlowEntry } from './file-schema.ts';
import type { Findings } from './findings.ts';
import { parseFlowAddress } from './flow-address.ts';
import { shownName } from './setting-name.ts';

/** Of flows and of plain APIs. */
export const DEFAULT_MAX_BODY_BYTES = 40 * 1024 ** 2;

/** The name and the address of one flow as `INTEGRATION_FLOWS` has them. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

/** A flow with the defaults of the contract; `undefined` after a problem with its address was noted. */
export function buildFlow(
  flow: { readonly name: string; readonly entry: FlowEntry },
  from: { readonly setting: string; readonly field: string | undefined; readonly runtime: string | undefined },
  defaultTimeoutMs: number,
  findings: Findings,
): FlowConfig | undefined {
  const { name, entry } = flow;
  const address = findings.take(from.setting, parseFlowAddress(entry.address, from.runtime), from.field);
  if (address === undefined) return undefined;
  return {
    name,
    address,
    methods: unique(entry.methods ?? ['POST']),
    subpaths: entry.subpaths ?? false,
    csrf: entry.csrf ?? 'auto',
    timeoutMs: entry.timeout ?? defaultTimeoutMs,
    maxBodyBytes: entry.maxBody ?? DEFAULT_MAX_BODY_BYTES,
    idempotent: entry.idempotent ?? false,
    passErrors: entry.passErrors ?? false,
    headers: unique(entry.headers ?? []),
    responseHeaders: unique(entry.responseHeaders ?? []),
  };
}

/** The pairs of `INTEGRATION_FLOWS`. A faulty entry is named by its number, because its text may be anything. */
export function parseIntegrationFlows(value: string | undefined, findings: Findings): readonly NamedAddress[] {
  const setting = 'INTEGRATION_FLOWS';
  const seen = new Set<string>();
  return commaSeparated(value).flatMap((pair, index) => {
    const field = `entry ${index + 1}`;
    const separator = pair.indexOf('=');
    if (separator < 1) {
      const cure = 'Write name=address pairs, comma separated: product-details=/http/products.';
      findings.problem(setting, { problem: `${field} is not a name, "=" and an address`, cure });
      return [];
    }
    const name = findings.take(setting, parseFlowName(pair.slice(0, separator).trim()), `${field}: its name`);
    if (name === undefined) return [];
    if (seen.has(name)) {
      findings.problem(setting, {
        problem: `names ${shownName(name)} twice`,
        cure: 'Give each flow a name of its own.',
      });
      return [];
    }
    seen.add(name);
    return [{ name, address: pair.slice(separator + 1).trim() }];
  });
}

function unique<T>(list: readonly T[]): readonly T[] {
  return [...new Set(list)];
}
