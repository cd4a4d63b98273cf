import { resolve } from 'node:path';
import type { Binding } from './binding.ts';
import type { ConfigFile } from './config-file.ts';
import type { Environment } from './environment-variables.ts';
import { serviceSchema, type ServiceEntry } from './file-schema.ts';
import { findBindings, takeBinding } from './find-binding.ts';
import type { Findings } from './findings.ts';
import type { JsonObject } from './json-object.ts';
import { keyFromBinding, keyFromFile, type KeySource } from './key-source.ts';
import { bindingOffers, environmentOffers, kindOfLabel, type ServiceOffer } from './service-offers.ts';
import { settingName } from './setting-name.ts';
import { parseSection } from './settings-issues.ts';
import type { ReadFile } from './text-files.ts';

/** A service that shall exist: its name, what the file says of it, and the key that fills what is open. */
export interface ServicePlan {
  readonly name: string;
  readonly entry: ServiceEntry;
  readonly keySource: KeySource | undefined;
  /** Where the service came from, for people. */
  readonly from: string;
}

export interface PlanSources {
  readonly env: Environment;
  readonly file: ConfigFile;
  readonly bindings: readonly Binding[];
  readonly readFile: ReadFile;
  readonly cwd: string;
}

const SERVICE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Decides which services there are. An entry of the file comes first; what it leaves open is filled by a service key of
 * the environment, or else by a binding. Keys and bindings that no entry uses become services of their own.
 */
export function planServices(sources: PlanSources, findings: Findings): readonly ServicePlan[] {
  const { file, bindings } = sources;
  const claimed = [...file.services.values()].flatMap(({ binding }) => findBindings(bindings, binding));
  const offers = [...environmentOffers(sources, findings), ...bindingOffers(bindings, claimed, findings)];
  const entries = [...file.services].flatMap(([name, raw]) => planEntry(name, raw, offers, sources, findings) ?? []);
  const used = new Set(entries.map(({ offer }) => offer));
  const plans: ServicePlan[] = [...entries];
  for (const offer of offers.filter((offer) => !used.has(offer))) {
    const taken = plans.find(({ name }) => name === offer.name);
    if (taken === undefined && !file.services.has(offer.name)) plans.push(planOffer(offer));
    else refuseOffer(offer, file.services.has(offer.name) ? undefined : taken, findings);
  }
  return plans;
}

function planOffer({ name, kind, source }: ServiceOffer): ServicePlan {
  return { name, entry: { kind }, keySource: source, from: source.setting };
}

/**
 * The name of an offer is taken. That is fine where the file or the environment comes first; between two bindings
 * nothing says which one is meant.
 */
function refuseOffer(offer: ServiceOffer, rival: ServicePlan | undefined, findings: Findings): void {
  const { setting } = offer.source;
  if (rival?.from.startsWith('binding ') !== true) {
    findings.notice(`${setting} is not used: the service ${offer.name} is complete without it.`);
    return;
  }
  findings.problem(setting, {
    problem: `would give a second service named ${offer.name}, beside ${rival.from}`,
    cure: 'Name the services with entries of the file that have a "binding", or rename a service instance.',
  });
}

type PlannedEntry = ServicePlan & {
  /** The offer whose key was taken, if one was. */
  readonly offer: ServiceOffer | undefined;
};

function planEntry(
  name: string,
  raw: JsonObject,
  offers: readonly ServiceOffer[],
  sources: PlanSources,
  findings: Findings,
): PlannedEntry | undefined {
  const setting = settingName(['services', name]);
  if (!SERVICE_NAME.test(name)) {
    findings.problem(setting, {
      problem: 'is not a usable name for a service',
      cure: 'Use up to 63 lower-case letters, digits and "-", and begin with a letter or digit.',
    });
  }
  const offer = offers.find((offer) => offer.name === name) ?? offers.find(({ binding }) => binding?.name === name);
  const kind = raw['kind'] ?? boundKind(sources.bindings, raw['binding']) ?? offer?.kind;
  const withKind = kind === undefined ? raw : { ...raw, kind };
  const entry = parseSection(serviceSchema, withKind, ['services', name], findings);
  if (entry === undefined) return undefined;
  const keySource = ownKey(entry, setting, sources, findings);
  if (isBare(entry) && offer === undefined && !findings.isWrong(setting)) {
    reportBare(entry, setting, sources.bindings, findings);
  }
  if (isComplete(entry) || offer === undefined) {
    const from = entry.binding === undefined ? sources.file.label : `binding ${entry.binding}`;
    return { name, entry, keySource, from, offer: undefined };
  }
  return { name, entry, keySource: offer.source, from: offer.source.setting, offer };
}

/** Whether the entry leaves nothing open: it names its key, or spells out address and client. */
function isComplete(entry: ServiceEntry): boolean {
  const { binding, key, url, token } = entry;
  const hasClient = token?.clientId !== undefined || ('accessToken' in entry && entry.accessToken !== undefined);
  return binding !== undefined || key !== undefined || (url !== undefined && hasClient);
}

/** Whether the entry leaves its client and address to a key or binding altogether. */
function isBare({ binding, key, url, token }: ServiceEntry): boolean {
  return binding === undefined && key === undefined && url === undefined && token === undefined;
}

function reportBare(entry: ServiceEntry, setting: string, bindings: readonly Binding[], findings: Findings): void {
  const fitting = bindings.filter(({ label }) => kindOfLabel(label) === entry.kind).map(({ name }) => name);
  const cure =
    fitting.length === 0
      ? 'Give it a "binding", the "key" of a service, or "url" and "token".'
      : `Name one of the bound services in "binding": ${fitting.join(', ')}.`;
  findings.problem(setting, { problem: 'says nothing of where the service is', cure });
}

function boundKind(bindings: readonly Binding[], name: unknown): ServiceEntry['kind'] | undefined {
  const [binding] = findBindings(bindings, name);
  return binding && kindOfLabel(binding.label);
}

/** The key that the entry itself names: of its binding, or in its file. */
function ownKey(entry: ServiceEntry, setting: string, sources: PlanSources, findings: Findings): KeySource | undefined {
  if (entry.binding !== undefined && entry.key !== undefined) {
    findings.problem(setting, { problem: 'has both a binding and a key', cure: 'Leave out one of them.' });
    return undefined;
  }
  if (entry.binding !== undefined) {
    const binding = takeBinding(entry.binding, `${setting}.binding`, sources.bindings, findings);
    return binding && keyFromBinding(binding);
  }
  if (entry.key === undefined) return undefined;
  return keyFromFile(resolve(sources.file.folder, entry.key), `${setting}.key`, sources.readFile, findings);
}
