import { resolve } from 'node:path';
import { isApiPlan } from './api-plan.ts';
import type { Binding } from './binding.ts';
import { readVariable, type Environment } from './environment-variables.ts';
import type { ServiceEntry } from './file-schema.ts';
import type { Findings } from './findings.ts';
import { keyFromBinding, keyFromFile, keyFromText, type KeySource } from './key-source.ts';
import type { ReadFile } from './text-files.ts';

type ServiceKind = ServiceEntry['kind'];

/** A service that a key of the environment or a binding gives without any help of the file. */
export interface ServiceOffer {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly source: KeySource;
  /** The binding it comes from, if it comes from one. */
  readonly binding: Binding | undefined;
}

const KIND_OF_LABEL: Readonly<Record<string, ServiceKind>> = {
  workflow: 'sap-workflow',
  'process-automation-service': 'sap-workflow',
  'it-rt': 'sap-integration',
};

const NAME_OF_KIND = { 'sap-workflow': 'workflow', 'sap-integration': 'integration' } as const;

/** The kind of service that a binding with this label becomes; `undefined` for all other labels. */
export function kindOfLabel(label: string): ServiceKind | undefined {
  return Object.hasOwn(KIND_OF_LABEL, label) ? KIND_OF_LABEL[label] : undefined;
}

export interface KeyVariableSources {
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly cwd: string;
}

/** The services that `WORKFLOW_SERVICE_KEY` and `INTEGRATION_SERVICE_KEY` give. */
export function environmentOffers(sources: KeyVariableSources, findings: Findings): readonly ServiceOffer[] {
  const variables = [
    { setting: 'WORKFLOW_SERVICE_KEY', kind: 'sap-workflow' },
    { setting: 'INTEGRATION_SERVICE_KEY', kind: 'sap-integration' },
  ] as const;
  return variables.flatMap(({ setting, kind }) => {
    const value = readVariable(sources.env, setting);
    if (value === undefined) return [];
    // Env files and shells may leave their quotes around the JSON.
    const text = value.replace(/^'([\s\S]*)'$/, '$1').trim();
    const source = text.startsWith('{')
      ? keyFromText(text, setting, findings)
      : keyFromFile(resolve(sources.cwd, text), setting, sources.readFile, findings);
    return [{ name: NAME_OF_KIND[kind], kind, source, binding: undefined }];
  });
}

/**
 * The services that bindings give by their label: named `workflow` and `integration`, or, where several of a kind are
 * bound, after their bindings. Bindings that the file names (`claimed`) are counted but not offered again.
 */
export function bindingOffers(
  bindings: readonly Binding[],
  claimed: readonly Binding[],
  findings: Findings,
): readonly ServiceOffer[] {
  const usable = bindings.filter((binding) => isUsable(binding, findings));
  return (['sap-workflow', 'sap-integration'] as const).flatMap((kind) => {
    const ofKind = usable.filter(({ label }) => kindOfLabel(label) === kind);
    const free = ofKind.filter((binding) => !claimed.includes(binding));
    const offers = free.map((binding) => ({
      name: ofKind.length === 1 ? NAME_OF_KIND[kind] : serviceName(binding, findings),
      kind,
      source: keyFromBinding(binding),
      binding,
    }));
    if (ofKind.length > 1 && free.length > 0) {
      const names = offers.map(({ name }) => name).join(', ');
      findings.notice(`Several ${kind} services are bound, so each is named after its binding: ${names}.`);
    }
    return offers;
  });
}

function isUsable(binding: Binding, findings: Findings): boolean {
  const { name, label, plan } = binding;
  if (kindOfLabel(label) !== 'sap-integration') return true;
  const { key } = keyFromBinding(binding);
  if (isApiPlan({ plan, clientId: key?.clientId?.text, url: key?.serviceUrl?.text })) {
    findings.notice(`binding ${name} is not used: plan api reads monitoring data and cannot call flows.`);
    return false;
  }
  if (plan === undefined || plan === 'integration-flow') return true;
  findings.notice(`binding ${name} is not used: flows need a binding of plan integration-flow.`);
  return false;
}

/** The name of a binding in the form of a service's name. */
function serviceName(binding: Binding, findings: Findings): string {
  const name = binding.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 63);
  if (name === '') {
    findings.problem(`binding ${binding.name}`, {
      problem: 'has a name without a letter or digit, so no route can be named after it',
      cure: 'Give the service a name with an entry of the file that has this "binding".',
    });
  } else if (name !== binding.name) {
    findings.notice(
      `binding ${binding.name} gives the service ${name}: only lower-case letters, digits and "-" are taken.`,
    );
  }
  return name;
}
