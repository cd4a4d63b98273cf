import { isJsonObject, type JsonObject } from '../../config/json-object.ts';
import { kindOfLabel } from '../../config/service-offers.ts';
import type { Draft } from './draft.ts';
import { importServiceKey } from './import-service-key.ts';

/** The bindings in a document: `VCAP_SERVICES` itself, or what holds it, such as `default-env.json`. */
export function bindingsIn(document: JsonObject): JsonObject | undefined {
  const inner = document['VCAP_SERVICES'];
  if (isJsonObject(inner)) return inner;
  const lists = Object.values(document);
  return lists.length > 0 && lists.every(isBindingList) ? document : undefined;
}

function isBindingList(value: unknown): value is readonly JsonObject[] {
  return Array.isArray(value) && value.every((entry) => isJsonObject(entry) && isJsonObject(entry['credentials']));
}

/** Reads each binding as the service key that it is. On the platform itself bindings need no entry. */
export function importBindings(document: JsonObject, services: JsonObject, file: string, draft: Draft): void {
  const others = document === services ? [] : Object.keys(document).filter((name) => name !== 'VCAP_SERVICES');
  if (others.length > 0)
    draft.note(file, `not carried over: ${others.join(', ')}; destinations in it are read with --destinations`);
  for (const [label, list] of Object.entries(services)) {
    if (!isBindingList(list)) {
      draft.note(`${label} of ${file}`, 'it is not a list of bindings');
      continue;
    }
    for (const binding of list) importBinding(label, binding, file, draft);
  }
  draft.note(file, 'where a service is bound, Flowgate takes it from the platform: an entry is needed elsewhere only');
}

function importBinding(label: string, binding: JsonObject, file: string, draft: Draft): void {
  const { name, plan, credentials } = binding;
  const about = `binding ${typeof name === 'string' ? name : 'without a name'} of ${file}`;
  if (!isJsonObject(credentials)) return;
  if (kindOfLabel(label) === undefined && label !== 'user-provided') {
    draft.note(about, `${label} is no service that is called: see the bindings in docs/configuration.md`);
    return;
  }
  const wanted = label === 'user-provided' && typeof name === 'string' ? name : undefined;
  importServiceKey(credentials, about, draft, { wanted, plan: typeof plan === 'string' ? plan : undefined });
}
