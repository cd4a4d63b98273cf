import type { Binding } from './binding.ts';
import type { Findings } from './findings.ts';
import { parseServiceKey, readServiceKey, type ServiceKey } from './service-key.ts';
import { readTextFile, type ReadFile } from './text-files.ts';

/** A service key and where it was found. */
export interface KeySource {
  /** For problems and for people: `WORKFLOW_SERVICE_KEY`, `binding my-workflow`, `services.bpa.key`. */
  readonly setting: string;
  /** `undefined`: it could not be read, and the problem is noted. */
  readonly key: ServiceKey | undefined;
  /** The plan of the service instance, where the platform tells it. */
  readonly plan: string | undefined;
}

/** The service key in a file. */
export function keyFromFile(path: string, setting: string, readFile: ReadFile, findings: Findings): KeySource {
  const text = findings.take(setting, readTextFile(readFile, path));
  return text === undefined ? { setting, key: undefined, plan: undefined } : keyFromText(text, setting, findings);
}

/** The service key in a text. */
export function keyFromText(text: string, setting: string, findings: Findings): KeySource {
  const key = parseServiceKey(text);
  if (key === undefined) {
    findings.problem(setting, {
      problem: 'is not a service key: no valid JSON object',
      cure: 'Copy the whole key from the cockpit, from the first "{" to the last "}".',
    });
  }
  return { setting, key, plan: undefined };
}

/** The service key in a binding. */
export function keyFromBinding(binding: Binding): KeySource {
  return { setting: `binding ${binding.name}`, key: readServiceKey(binding.credentials), plan: binding.plan };
}
