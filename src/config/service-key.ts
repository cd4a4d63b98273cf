import { isJsonObject, parseJsonObject, type JsonObject } from './json-object.ts';

/** A text in a service key and the name under which it stands there, for problems. */
export interface KeyField {
  readonly name: string;
  readonly text: string;
}

/** Which service a key is for, as far as its shape tells. */
type ServiceKeyShape = 'workflow' | 'process-automation' | 'integration' | 'unknown';

/** What a service key or a binding's credentials say, in one shape. Nothing is checked yet. */
export interface ServiceKey {
  readonly shape: ServiceKeyShape;
  readonly clientId: KeyField | undefined;
  readonly clientSecret: KeyField | undefined;
  readonly certificate: KeyField | undefined;
  readonly privateKey: KeyField | undefined;
  /** The token endpoint, or the authorization server's address without its path. */
  readonly tokenUrl: KeyField | undefined;
  /** Like `tokenUrl`, for clients that show a certificate. */
  readonly certificateUrl: KeyField | undefined;
  /** The address of the API or of the integration runtime. */
  readonly serviceUrl: KeyField | undefined;
  /** Extras that people put into a user-provided service. */
  readonly apiKey: KeyField | undefined;
  readonly environmentId: KeyField | undefined;
}

/** A service key as text: the credentials alone, or inside `{"credentials": {…}}` as newer cf clients print it. */
export function parseServiceKey(text: string): ServiceKey | undefined {
  const key = parseJsonObject(text.trim());
  return key === undefined ? undefined : readServiceKey(key);
}

/**
 * Reads credentials of any known shape: `uaa` with `endpoints` (Workflow, process automation), `oauth` (Process
 * Integration Runtime), flat with a token address, or flat as XSUAA has it, where `url` is the authorization server.
 */
export function readServiceKey(credentials: JsonObject): ServiceKey {
  const inner = credentials['credentials'];
  const all = isJsonObject(inner) ? inner : credentials;
  const uaa = groupIn(all, 'uaa');
  const oauth = groupIn(all, 'oauth');
  const client = uaa ?? oauth ?? { path: '', fields: all };
  const find = (...names: string[]) => fieldIn(client, names) ?? fieldIn({ path: '', fields: all }, names);
  const ownTokenUrl = find('tokenurl', 'tokenserviceurl');
  return {
    ...serviceOf(all, client, ownTokenUrl !== undefined),
    clientId: find('clientid'),
    clientSecret: find('clientsecret'),
    certificate: find('certificate'),
    privateKey: find('key'),
    tokenUrl: ownTokenUrl ?? fieldIn(client, ['url']),
    certificateUrl: find('certurl'),
    apiKey: find('apikey', 'irpaapikey'),
    environmentId: find('environmentid'),
  };
}

function serviceOf(
  all: JsonObject,
  client: Group,
  hasTokenUrl: boolean,
): { shape: ServiceKeyShape; serviceUrl: KeyField | undefined } {
  const endpoints = groupIn(all, 'endpoints');
  const workflow = endpoints && fieldIn(endpoints, ['workflowresturl']);
  if (workflow) return { shape: 'workflow', serviceUrl: workflow };
  const processAutomation = endpoints && fieldIn(endpoints, ['api']);
  if (processAutomation) return { shape: 'process-automation', serviceUrl: processAutomation };
  if (client.path === 'uaa')
    return { shape: 'unknown', serviceUrl: fieldIn({ path: '', fields: all }, ['url', 'uri']) };
  // "url" is the service only where the token address has a name of its own.
  const serviceUrl = fieldIn(client, [hasTokenUrl ? 'url' : 'uri']);
  return { shape: client.path === 'oauth' ? 'integration' : 'unknown', serviceUrl };
}

interface Group {
  readonly path: string;
  readonly fields: JsonObject;
}

function groupIn(fields: JsonObject, name: string): Group | undefined {
  const inner = fields[name];
  return isJsonObject(inner) ? { path: name, fields: inner } : undefined;
}

/** The first text under one of the names; `clientid`, `clientId` and `client_id` are the same name. */
function fieldIn({ path, fields }: Group, names: readonly string[]): KeyField | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const folded = name.toLowerCase().replaceAll(/[_-]/g, '');
    if (typeof value === 'string' && value !== '' && names.includes(folded)) {
      return { name: path === '' ? name : `${path}.${name}`, text: value };
    }
  }
  return undefined;
}
