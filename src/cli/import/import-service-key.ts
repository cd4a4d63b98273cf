import { isApiPlan } from '../../config/api-plan.ts';
import type { JsonObject } from '../../config/json-object.ts';
import { readServiceKey, type ServiceKey } from '../../config/service-key.ts';
import { certificateTokenEndpoint } from '../../config/urls.ts';
import { kindOfAddress, withoutUserInfo, type AddressKind } from './address.ts';
import type { Draft } from './draft.ts';

const NAMES: Readonly<Record<AddressKind, string>> = {
  'sap-workflow': 'workflow',
  'sap-integration': 'integration',
  http: 'api',
};

/** Reads a service key of any kind: it becomes a service with everything spelled out, its secrets as variables. */
export function importServiceKey(document: JsonObject, file: string, draft: Draft): void {
  const key = readServiceKey(document);
  if (key.clientId === undefined || key.tokenUrl === undefined) {
    draft.note(file, 'it is no service key: it has no client or no token address');
    return;
  }
  const kind = kindOf(key);
  if (
    kind === 'sap-integration' &&
    isApiPlan({ plan: undefined, clientId: key.clientId.text, url: key.serviceUrl?.text })
  ) {
    draft.note(
      file,
      'it is of plan api, which reads monitoring data and cannot call flows: take a key of plan integration-flow',
    );
    return;
  }
  if (key.serviceUrl === undefined) {
    draft.note(
      file,
      'it names no service: it is the key of an authorization server alone. Write an entry with "url", "token" and "routes"',
    );
    return;
  }
  const name = draft.nameFor(NAMES[kind]);
  draft.addService(name, {
    kind,
    url: withoutUserInfo(key.serviceUrl.text),
    ...(key.environmentId ? { environmentId: key.environmentId.text } : {}),
    ...(key.apiKey ? { apiKey: draft.variable(name, 'API_KEY', `${key.apiKey.name} of ${file}`) } : {}),
    token: tokenOf(key, name, file, draft),
    ...(kind === 'http' ? { routes: [] } : {}),
    ...(kind === 'sap-integration' ? { flows: {} } : {}),
  });
  draft.allow.add(`* /api/${name}/**`);
  draft.note(name, `"allow" grants all of its routes for now: narrow it`);
  if (kind === 'sap-integration')
    draft.note(
      name,
      'it has no flows yet: add them as "name: { address: /http/… }", with the path shown under Endpoints',
    );
  if (kind === 'http') draft.note(name, 'it has no routes yet: add them as "GET /products/:id -> /v2/products/:id"');
}

function kindOf(key: ServiceKey): AddressKind {
  if (key.shape === 'workflow' || key.shape === 'process-automation') return 'sap-workflow';
  if (key.shape === 'integration') return 'sap-integration';
  const url = URL.parse(key.serviceUrl?.text ?? '');
  return url === null ? 'http' : kindOfAddress(url);
}

function tokenOf(key: ServiceKey, name: string, file: string, draft: Draft): Record<string, unknown> {
  const clientId = key.clientId?.text;
  const tokenUrl = withoutUserInfo(key.tokenUrl?.text ?? '');
  if (key.clientSecret !== undefined || key.certificate === undefined) {
    const clientSecret = draft.variable(
      name,
      'CLIENT_SECRET',
      `${key.clientSecret?.name ?? 'clientsecret'} of ${file}`,
    );
    return { url: tokenUrl, clientId, clientSecret };
  }
  return {
    url: key.certificateUrl?.text ?? certificateTokenEndpoint(tokenUrl),
    clientId,
    auth: 'tls_client_auth',
    certificate: key.certificate.text.replaceAll('\\n', '\n'),
    key: draft.variable(name, 'PRIVATE_KEY', `${key.privateKey?.name ?? 'key'} of ${file}, as PEM`),
  };
}
