import { isApiPlan } from '../../config/api-plan.ts';
import { isJsonObject, type JsonObject } from '../../config/json-object.ts';
import { readServiceKey, type ServiceKey } from '../../config/service-key.ts';
import { certificateTokenEndpoint } from '../../config/urls.ts';
import { kindOfService, writableAddress, type ServiceKind } from './address.ts';
import type { Draft, ServiceDraft } from './draft.ts';

const NAMES: Readonly<Record<ServiceKind, string>> = {
  'sap-workflow': 'workflow',
  'sap-integration': 'integration',
  'workflow-server': 'workflow-server',
  workflowgen: 'workflowgen',
  http: 'api',
};

/** What is known of a key beside what stands in it. */
export interface KeyFacts {
  /** The name that its service should have. */
  readonly wanted: string | undefined;
  /** The plan of the service instance. */
  readonly plan: string | undefined;
}

/**
 * Reads a service key of any kind: it becomes a service with everything spelled out, its secrets as variables.
 *
 * @param about how notes call the key
 */
export function importServiceKey(
  document: JsonObject,
  about: string,
  draft: Draft,
  { wanted, plan }: KeyFacts = { wanted: undefined, plan: undefined },
): void {
  const key = readServiceKey(document);
  const kind = kindOf(key);
  const reason = whyUseless(key, kind, plan);
  if (reason !== undefined) {
    draft.note(about, reason);
    return;
  }
  const name = draft.nameFor(wanted ?? NAMES[kind]);
  draft.addService(name, {
    kind,
    url: writableAddress(key.serviceUrl?.text ?? '', about, draft),
    ...extrasOf(key, kind, { name, about }, draft),
    token: { ...tokenOf(key, { name, about }, draft), ...paramsOf(document) },
    ...(kind === 'http' ? { routes: [] } : {}),
    ...(kind === 'sap-integration' ? { flows: {} } : {}),
  });
  openRoutes(name, kind, draft);
  if (key.shape === 'unknown') noteUnknown(document, about, draft);
}

/** A service that is being made of a key: its name, and how notes call the key. */
interface Made {
  readonly name: string;
  readonly about: string;
}

/** Why no service can be made of a key; `undefined`: one can. */
function whyUseless(key: ServiceKey, kind: ServiceKind, plan: string | undefined): string | undefined {
  // WorkflowServer tells its token address itself, by OpenID discovery.
  if (key.clientId === undefined || (key.tokenUrl === undefined && kind !== 'workflow-server'))
    return 'it is no service key: it has no client or no token address';
  if (kind === 'sap-integration' && isApiPlan({ plan, clientId: key.clientId.text, url: key.serviceUrl?.text }))
    return 'it is of plan api, which reads monitoring data and cannot call flows: take a key of plan integration-flow';
  if (key.serviceUrl === undefined)
    return 'it names no service: it is the key of an authorization server alone. Write an entry with "url", "token" and "routes"';
  return undefined;
}

function kindOf(key: ServiceKey): ServiceKind {
  if (key.shape === 'workflow' || key.shape === 'process-automation') return 'sap-workflow';
  if (key.shape === 'integration') return 'sap-integration';
  const url = URL.parse(key.serviceUrl?.text ?? '');
  return url === null ? 'http' : kindOfService(url, key.clientId?.text);
}

/** What people add to keys, where the kind of service takes it. */
function extrasOf(
  { environmentId, apiKey }: ServiceKey,
  kind: ServiceKind,
  { name, about }: Made,
  draft: Draft,
): Partial<ServiceDraft> {
  const takesApiKey = kind === 'sap-workflow' || kind === 'workflowgen';
  if (apiKey && !takesApiKey)
    draft.note(about, `${apiKey.name}: not carried over, as a service of kind ${kind} has none`);
  if (environmentId && kind !== 'sap-workflow')
    draft.note(about, `${environmentId.name}: not carried over, as a service of kind ${kind} has none`);
  return {
    ...(environmentId && kind === 'sap-workflow' ? { environmentId: environmentId.text } : {}),
    ...(apiKey && takesApiKey ? { apiKey: draft.variable(name, 'API_KEY', `${apiKey.name} of ${about}`) } : {}),
  };
}

function tokenOf(key: ServiceKey, { name, about }: Made, draft: Draft): Record<string, unknown> {
  const clientId = key.clientId?.text;
  const tokenUrl = key.tokenUrl && writableAddress(key.tokenUrl.text, about, draft);
  if (key.clientSecret !== undefined || key.certificate === undefined) {
    const meaning = `${key.clientSecret?.name ?? 'clientsecret'} of ${about}`;
    const clientSecret = draft.variable(name, 'CLIENT_SECRET', meaning);
    return { ...(tokenUrl === undefined ? {} : { url: tokenUrl }), clientId, clientSecret };
  }
  return {
    url: key.certificateUrl?.text ?? certificateTokenEndpoint(tokenUrl ?? ''),
    clientId,
    auth: 'tls_client_auth',
    certificate: key.certificate.text.replaceAll('\\n', '\n'),
    key: draft.variable(name, 'PRIVATE_KEY', `${key.privateKey?.name ?? 'key'} of ${about}, as PEM`),
  };
}

/** What providers want in the token request; they stand in keys that people wrote. */
const PARAMS = ['audience', 'resource', 'scope'];

function paramsOf(document: JsonObject): { params?: Record<string, string> } {
  const pairs = Object.entries(credentialsOf(document)).filter(
    (pair): pair is [string, string] => PARAMS.includes(pair[0]) && typeof pair[1] === 'string' && pair[1] !== '',
  );
  return pairs.length === 0 ? {} : { params: Object.fromEntries(pairs) };
}

/** What a key may hold that was read, by its folded names. */
const READ = new Set([
  ...PARAMS,
  'url',
  'uri',
  'uaa',
  'oauth',
  'endpoints',
  'clientid',
  'clientsecret',
  'tokenurl',
  'tokenserviceurl',
  'certificate',
  'certurl',
  'key',
  'apikey',
  'irpaapikey',
  'environmentid',
]);

/** Of keys in a shape that is not SAP's: whoever wrote them meant something by each name. */
function noteUnknown(document: JsonObject, about: string, draft: Draft): void {
  const names = Object.keys(credentialsOf(document));
  const lost = names.filter((name) => !READ.has(name.toLowerCase().replaceAll(/[_-]/g, '')));
  if (lost.length > 0) draft.note(about, `not carried over: ${lost.join(', ')}`);
}

function credentialsOf(document: JsonObject): JsonObject {
  const inner = document['credentials'];
  return isJsonObject(inner) ? inner : document;
}

/** Grants what there is to be called, and says what has to be added. */
function openRoutes(name: string, kind: ServiceKind, draft: Draft): void {
  if (kind === 'http') {
    draft.note(
      name,
      'it has no routes yet: add them as "GET /products/:id -> /v2/products/:id", and grant them in "allow"',
    );
    return;
  }
  draft.allow.add(`* /api/${name}/**`);
  draft.note(name, `"allow" grants all of its routes for now: narrow it`);
  if (kind === 'sap-integration')
    draft.note(
      name,
      'it has no flows yet: add them as "name: { address: /http/… }", with the path shown under Endpoints',
    );
}
