import type { Findings } from './findings.ts';
import type { KeyField } from './service-key.ts';
import type { ServicePlan } from './service-plans.ts';
import { settingName } from './setting-name.ts';
import type { ReadFile } from './text-files.ts';
import type { AddressPolicy } from './upstream-address.ts';

/** What the building of one service leans on. */
export interface ServiceContext {
  readonly plan: ServicePlan;
  readonly policy: AddressPolicy;
  /** What paths in the file are relative to. */
  readonly folder: string;
  readonly readFile: ReadFile;
  readonly findings: Findings;
}

/** A text and the place where it was written, so that a problem can name it. */
export interface Located {
  readonly text: string;
  readonly setting: string;
  /** The field of the service key; `undefined` where the setting is the text itself. */
  readonly field: string | undefined;
}

/** The name of a setting of this service in the file. */
export function entrySetting({ plan }: ServiceContext, ...path: readonly string[]): string {
  return settingName(['services', plan.name, ...path]);
}

/** What the file says, else what the service key says. */
export function locate(
  context: ServiceContext,
  inFile: { readonly text: string | undefined; readonly path: readonly string[] },
  inKey: KeyField | undefined,
): Located | undefined {
  if (inFile.text !== undefined) {
    return { text: inFile.text, setting: entrySetting(context, ...inFile.path), field: undefined };
  }
  const source = context.plan.keySource;
  return source && inKey && { text: inKey.text, setting: source.setting, field: inKey.name };
}

/** Where the address of the service is written; `undefined` after it was noted as missing. */
export function locateServiceUrl(context: ServiceContext, keyField: string): Located | undefined {
  const { entry, keySource } = context.plan;
  const found = locate(context, { text: entry.url, path: ['url'] }, keySource?.key?.serviceUrl);
  if (found === undefined) {
    const cure = 'Give a binding, a service key that has the address of the service, or "url" in the file.';
    reportMissing(context, { path: ['url'], keyField, cure });
  }
  return found;
}

/** Notes that neither the file nor the service key has something, unless what could have held it is wrong already. */
export function reportMissing(
  context: ServiceContext,
  missing: { readonly path: readonly string[]; readonly keyField: string; readonly cure: string },
): void {
  const { plan, findings } = context;
  const inFile = entrySetting(context, ...missing.path);
  const holders = [inFile, entrySetting(context, 'key'), entrySetting(context, 'binding')];
  const source = plan.keySource;
  if (source === undefined) {
    findings.missing(inFile, { problem: 'is missing', cure: missing.cure }, holders);
  } else {
    const fault = { problem: `has no ${missing.keyField}`, cure: missing.cure };
    findings.missing(source.setting, fault, [...holders, source.setting]);
  }
}
